"""References of images: which registry they name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_mlws.domain.environment import check_image
from jupyter_mlws.errors import InvalidInput

__all__ = ["HUB", "Prefix", "host_of", "parse_prefix", "split_tag"]

# Where an image comes from whose name has no host.
HUB = "docker.io"
_SCHEME = re.compile(r"https?://", re.ASCII)


@dataclass(frozen=True)
class Prefix:
    """A place in a registry: ``host[:port][/path]``."""

    text: str

    @property
    def host(self) -> str:
        """The registry, with its port."""
        return self.text.partition("/")[0]


def host_of(reference: str) -> str:
    """The registry of an image, with its port; `HUB` where the name has none."""
    first, mark, _ = reference.partition("/")
    if mark and ("." in first or ":" in first or first == "localhost"):
        return HUB if first in ("index.docker.io", "registry-1.docker.io") else first
    return HUB


def split_tag(reference: str) -> tuple[str, str]:
    """A name and its tag or digest; ``latest`` where there is none, since otherwise all of them would be meant."""
    name, mark, digest = reference.partition("@")
    if mark:
        return _untagged(name)[0], digest
    name, tag = _untagged(name)
    return name, tag or "latest"


def _untagged(name: str) -> tuple[str, str]:
    before, mark, tag = name.rpartition(":")
    return (name, "") if not mark or "/" in tag else (before, tag)


def parse_prefix(text: str, where: str) -> Prefix:
    """``host[:port][/path]``, with or without a scheme; `where` says who wrote it.

    Raises
    ------
    InvalidInput
        It is no address of a registry, or holds a password.
    """
    bare = _SCHEME.sub("", text, count=1).rstrip("/")
    if "@" in bare:
        raise InvalidInput(
            f"{where} holds credentials, which would be seen by everybody.",
            hint="Leave them out, and store them: mlws secrets set registry.HOST (as user:password).",
        )
    try:
        check_image(f"{bare}/image")
    except InvalidInput:
        bare = ""
    # A lone word would be taken for a folder of the hub's.
    if not bare or (host_of(f"{bare}/image") == HUB and not bare.startswith(f"{HUB}/")):
        raise InvalidInput(
            f"{where} is no registry of images: {text[:80]!r}.", hint="Write own, or such as registry.example.org/team."
        )
    return Prefix(bare)

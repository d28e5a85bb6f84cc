"""Images of environments that lie in the Docker engine: those that this user has made or used, and nobody else's."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_mlws.containers import engine
from jupyter_mlws.environments import using
from jupyter_mlws.environments.building import root
from jupyter_mlws.environments.image import uses
from jupyter_mlws.environments.sharing import LABEL, REPOSITORY
from jupyter_mlws.errors import TargetAway, Unavailable

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["BuiltImage", "built", "remove", "used_at"]

_TAG = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class BuiltImage:
    """An image that is there to be used.

    Attributes
    ----------
    digest : str
        Its tag, which names what it is made of.
    names : tuple of str
        All that the engine and registries call it.
    size_bytes : int
        With its base.
    """

    digest: str
    id: str
    names: tuple[str, ...]
    size_bytes: int
    built_at: float
    used_at: float


def built() -> list[BuiltImage]:
    """The images of this user, the latest used first; none where no engine answers."""
    known = _known()
    if not known:
        return []  # an engine is not asked for nothing
    try:
        with _client() as client:
            listed: list[dict[str, Any]] = client.images(filters={"label": LABEL})
    except (TargetAway, Unavailable):
        return []
    found = [image for facts in listed for image in _ours(facts, known)]
    return sorted(found, key=lambda each: -each.used_at)


@contextmanager
def _client() -> Iterator[APIClient]:
    """The engine, for one question: whoever lists or prunes has no more to ask it for a long time."""
    with engine.answers(), closing(engine.connect()) as client:
        yield client


def _known() -> dict[str, float]:
    """Tags of the images that this user has made or used, with the time of it."""
    try:
        entries = list(os.scandir(root()))
    except FileNotFoundError:
        return {}
    found = {}
    for entry in entries:
        tag = entry.name.removeprefix(".image-").removesuffix(".uses")
        if entry.name.endswith(".uses") and _TAG.fullmatch(tag):
            found[tag] = entry.stat().st_mtime
    return found


def used_at(digest: str) -> float:
    """When this user has made or used the image of this tag; 0 where never."""
    return _known().get(digest, 0.0)


def _ours(facts: Mapping[str, Any], known: Mapping[str, float]) -> list[BuiltImage]:
    tag = str((facts.get("Labels") or {}).get(LABEL, ""))
    names = tuple(str(name) for name in facts.get("RepoTags") or () if _is_of_environments(str(name)))
    if tag not in known or not names:
        return []
    made = float(facts.get("Created") or 0)
    return [
        BuiltImage(
            digest=tag,
            id=str(facts["Id"]),
            names=names,
            size_bytes=int(facts.get("Size") or 0),
            built_at=made,
            used_at=max(made, known[tag]),
        )
    ]


def _is_of_environments(name: str) -> bool:
    repository, _, tag = name.rpartition(":")
    return repository.rpartition("/")[2] == REPOSITORY and _TAG.fullmatch(tag) is not None


def remove(image: BuiltImage, *, dry_run: bool = False) -> bool:
    """Take away an image, unless somebody makes it, or a run or a container uses it; whether it went."""
    handle = os.open(root() / f".image-{image.digest}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if using.users(uses(image.digest)) or _has_containers(image):
            return False
        return dry_run or _remove(image)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)


def _has_containers(image: BuiltImage) -> bool:
    with _client() as client:
        return bool(client.containers(all=True, filters={"ancestor": image.id}))


def _remove(image: BuiltImage) -> bool:
    import docker.errors

    for name in image.names:
        try:
            with _client() as client:
                client.remove_image(name)
        except TargetAway:
            raise
        except Unavailable as error:
            if not isinstance(error.__cause__, docker.errors.ImageNotFound):
                return False  # a container has it by now
    using.forget(uses(image.digest))
    return True

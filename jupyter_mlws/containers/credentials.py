"""Who we are to a registry of images: by what the workspace keeps, else by ``docker login``."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from jupyter_mlws.containers.references import HUB

__all__ = ["Credentials", "Keys", "all_headers", "header", "no_keys", "parse"]

# By what name ``docker login`` keeps the hub.
_HUB_AS_KEPT = "https://index.docker.io/v1/"


@dataclass(frozen=True)
class Credentials:
    """A user and the password, which no text of this object shows."""

    user: str
    password: str = field(repr=False)


Keys = Callable[[str], "Credentials | None"]


def no_keys(host: str) -> Credentials | None:
    """Of a workspace that keeps none."""
    del host
    return None


def parse(text: str) -> Credentials | None:
    """``user:password``; None where it is not that."""
    user, mark, password = text.strip("\r\n").partition(":")
    return Credentials(user, password) if mark and user and password else None


def header(host: str, keys: Keys) -> dict[str, str]:
    """The header that the engine passes on to this registry."""
    return {"X-Registry-Auth": _encode(_one(host, keys))}


def all_headers(hosts: tuple[str, ...], keys: Keys) -> dict[str, str]:
    """The header for a build whose steps may ask each of these registries."""
    found = {(_HUB_AS_KEPT if host == HUB else host): _one(host, keys) for host in hosts}
    return {"X-Registry-Config": _encode({host: words for host, words in found.items() if words})}


def _one(host: str, keys: Keys) -> dict[str, str]:
    found = keys(host)
    return _kept(host) if found is None else _words(found, host)


def _words(found: Credentials, host: str) -> dict[str, str]:
    return {"username": found.user, "password": found.password, "serveraddress": host}


def _kept(host: str) -> dict[str, str]:
    """What ``docker login`` has stored, read each time: somebody may just have logged in."""
    import docker.auth
    import docker.errors

    try:
        found = docker.auth.load_config().resolve_authconfig(None if host == HUB else host)
    except (docker.errors.DockerException, OSError):  # a helper that is not installed: as good as none
        return {}
    said = {name.lower(): str(value) for name, value in (found or {}).items() if value}
    return {name: said[name] for name in ("username", "password", "serveraddress", "identitytoken") if name in said}


def _encode(words: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(words).encode()).decode()

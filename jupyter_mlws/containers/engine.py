"""The Docker engine of this machine: where it is, and its errors as ours.

The one file that opens a connection to it. The client library is imported when an engine is first spoken to.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlws.errors import MlwsError, StorageFull, TargetAway, Unavailable

if TYPE_CHECKING:
    from docker import APIClient

__all__ = [
    "ABSENT_HINT",
    "address",
    "answers",
    "away",
    "connect",
    "full",
    "is_full",
    "is_remapped",
    "is_rootless",
    "problem",
    "refusal",
]

_TIMEOUT_S = 60.0
_SYSTEM_SOCKET = "/var/run/docker.sock"
ABSENT_HINT = "Install and start Docker, or set DOCKER_HOST to the socket of an engine on this machine."
# What an engine says that is just going down, or whose lower half has gone.
_GOING = re.compile(r"context canceled|transport is closing|shutting down|containerd\S*: connection refused|dial unix")
_DISK = "no space left on device"
_own = threading.local()


def address() -> str:
    """Where the engine is: ``DOCKER_HOST``, else the socket of the system, else one of this user; '' for none.

    Raises
    ------
    Unavailable
        It is on another machine, which has no view of the run folders here.
    """
    told = os.environ.get("DOCKER_HOST", "")
    if told:
        if not told.startswith(("unix://", "http+unix://")):
            raise Unavailable(
                f"The Docker engine at {told[:100]} is not reached by a socket of this machine, and cannot see the "
                "folders of runs.",
                hint="Set DOCKER_HOST to unix:// and a path, or submit from that machine.",
            )
        return told
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    places = [_SYSTEM_SOCKET, runtime and f"{runtime}/docker.sock", os.path.expanduser("~/.docker/run/docker.sock")]
    return next((f"unix://{place}" for place in places if place and Path(place).exists()), "")


def connect() -> APIClient:
    """A client of the engine, one for each thread; it connects when it is first used.

    Raises
    ------
    TargetAway
        There is no engine here.
    """
    where = address()
    if not where:
        raise TargetAway("There is no Docker engine on this machine.", hint=ABSENT_HINT)
    _knock(where)
    kept: _Kept | None = getattr(_own, "kept", None)
    if kept is None or kept.where != where:
        kept = _own.kept = _Kept(where)
    return kept.client


class _Kept:
    """A client, closed when its thread ends or the process does."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.client = _new_client(where)
        weakref.finalize(self, self.client.close)


def _knock(where: str) -> None:
    """See whether somebody listens there; a client that nobody answers forgets to close what it has opened."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking, answers():
        knocking.settimeout(_TIMEOUT_S)
        try:
            knocking.connect(where.partition("://")[2])
        except OSError as error:
            raise ConnectionError(str(error)) from error


def _new_client(where: str) -> APIClient:
    from docker import APIClient

    with answers():
        # 'auto' asks the engine; an old one is spoken to in its own version.
        return APIClient(base_url=where, version="auto", timeout=int(_TIMEOUT_S))


def problem() -> MlwsError | None:
    """Why no container can be started here; None when the engine answers."""
    try:
        with answers():
            connect().ping()
    except MlwsError as error:
        return error
    return None


def is_rootless(where: str) -> bool:
    """Whether the engine belongs to a user without rights, who is root inside its containers."""
    return any("name=rootless" in option for option in _options(where))


def is_remapped(where: str) -> bool:
    """Whether numbers of users mean others inside than outside, unless a container asks for the machine's own."""
    return any("name=userns" in option for option in _options(where))


@lru_cache(maxsize=8)
def _options(where: str) -> tuple[str, ...]:
    del where  # what it is asked of
    with answers():
        return tuple(map(str, connect().info().get("SecurityOptions") or ()))


def away() -> TargetAway:
    """That the engine does not answer."""
    return TargetAway("The Docker engine does not answer.", hint=ABSENT_HINT)


def is_full(said: str) -> bool:
    """Whether the engine's words are of a full disk."""
    return _DISK in said


def full() -> StorageFull:
    """That the engine's disk is full."""
    return StorageFull(
        "The disk of the Docker engine is full.", hint="Make room: mlws env prune, or docker system prune"
    )


def refusal(status: int, said: str) -> MlwsError:
    """What the engine's answer to a request means, other than that it is done."""
    if is_full(said):
        return full()
    if status >= 500 and _GOING.search(said):
        return away()
    return Unavailable(f"The Docker engine refused: {said}")


@contextmanager
def answers() -> Iterator[None]:
    """Turn what the engine refuses, and its silence, into our errors.

    Raises
    ------
    StorageFull
        Its disk is full.
    TargetAway
        It does not answer, or is just going down.
    Unavailable
        It refuses, or we may not use it.
    """
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.APIError as error:
        raise refusal(error.status_code or 0, str(error.explanation or error)[:1_000]) from error
    except (
        docker.errors.DockerException,
        requests.exceptions.RequestException,
        ConnectionError,
        TimeoutError,
    ) as error:
        if "Permission denied" in str(error):
            raise Unavailable(
                "You may not use the Docker engine of this machine.",
                hint="Ask for membership in the group docker, or use a rootless engine.",
            ) from error
        raise away() from error

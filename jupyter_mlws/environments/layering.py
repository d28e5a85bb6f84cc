"""An image of a base and an environment of this machine: one layer upon the base, and no step that runs anything.

The files go into a container that is never started, and what it has then is the image. A Dockerfile would have the
engine write and read them three times over.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING

from jupyter_mlws.containers import engine
from jupyter_mlws.containers.pulling import Way
from jupyter_mlws.containers.removing import HOLDER, remove, remove_later
from jupyter_mlws.containers.streams import Refused, listen
from jupyter_mlws.environments.building import root
from jupyter_mlws.environments.packing import ENV, Packing
from jupyter_mlws.environments.sharing import LABEL, Image

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["add"]

_EVERY_S = 1.0
# Of a program in an image that says nothing of it.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def add(client: APIClient, way: Way, base: Image, name: str, files: Packing) -> None:
    """Make an image, which has its name once it is whole.

    Parameters
    ----------
    client : APIClient
    way : Way
        Its `check` is asked all the time; what that raises ends the work.
    base : Image
    name : str
        Repository and tag. The caller is the only one of this user's that makes it.
    files : Packing

    Raises
    ------
    StorageFull
        The engine's disk is full.
    Unavailable
        The engine refuses.
    """
    holder = HOLDER + hashlib.sha256(f"{root()}\n{name}".encode()).hexdigest()[:32]
    remove(holder)  # of one who died over it
    made = client.create_container(
        base.id,
        None if base.has_program else ["python3"],
        name=holder,
        host_config=client.create_host_config(network_mode="none"),
    )["Id"]
    try:
        _send(way, made, files)
        _keep(way, made, base, name)
    finally:
        remove_later(made)


def _send(way: Way, container: str, files: Packing) -> None:
    told = time.monotonic()

    def check() -> None:
        nonlocal told
        way.check()
        if time.monotonic() - told > _EVERY_S:
            told = time.monotonic()
            way.say(f"Copying the packages: {files.sent_bytes / 1e6:,.0f} MB")

    _ask(Way(way.keys, way.say, check), "PUT", f"/containers/{container}/archive", {"path": "/"}, files)


def _keep(way: Way, container: str, base: Image, name: str) -> None:
    way.say("Writing the image.")
    repository, _, tag = name.rpartition(":")
    # What is said here stands above what the base says of itself; the rest of that stays.
    said = {
        "Env": [f"VIRTUAL_ENV={ENV}", f"PATH={ENV}/bin:{base.path or _PATH}"],
        "Labels": {LABEL: tag},
    }
    query = {"container": container, "repo": repository, "tag": tag}
    body = io.BytesIO(json.dumps(said).encode())
    _ask(way, "POST", "/commit", query, body, {"Content-Type": "application/json"})


def _ask(
    way: Way,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: IO[bytes] | Iterable[bytes],
    headers: Mapping[str, str] | None = None,
) -> None:
    try:
        for _ in listen(method, path, query, headers=headers, body=body, check=way.check):
            pass
    except Refused as error:
        raise engine.refusal(error.status, str(error)) from error

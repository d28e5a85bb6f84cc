"""From an environment to an image: found, else fetched, else built once; never used half-made."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

from jupyter_mlws import faults
from jupyter_mlws.containers import engine
from jupyter_mlws.containers.credentials import all_headers
from jupyter_mlws.containers.pulling import Way, pull
from jupyter_mlws.containers.references import Prefix, host_of
from jupyter_mlws.containers.streams import Refused, listen
from jupyter_mlws.domain.environment import check_image
from jupyter_mlws.domain.locks import of_conda
from jupyter_mlws.environments import compiling, layering, sharing, using
from jupyter_mlws.environments.building import Built, alone, root
from jupyter_mlws.environments.hearing import Hearing
from jupyter_mlws.environments.locking import Lock
from jupyter_mlws.environments.packing import Packing
from jupyter_mlws.environments.probing import check_fit, probe
from jupyter_mlws.environments.sharing import LABEL, REPOSITORY, Image, inspect
from jupyter_mlws.errors import InvalidInput, MlwsError, TargetAway, Unavailable
from jupyter_mlws.runfolder import places

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["LABEL", "Image", "Making", "base_of", "default_base", "made_of", "of_packages"]

# Changes with what is made of the same environment.
_FORMAT = "4"
_FROM = re.compile(r"^\s*(?:FROM\s+(?:--\S+\s+)*|COPY\s.*?--from=)(\S+)", re.IGNORECASE | re.MULTILINE)
_FORGET_S = 20.0
_TRIES_S = (1.0, 3.0)


@dataclass(frozen=True, kw_only=True)
class Making:
    """What images are made with, for one run.

    Attributes
    ----------
    way : Way
        How images come and go; what its `check` raises ends the work.
    registry : callable
        Where built images are kept, None for nowhere; asked when it is first needed.
    wanted : callable
        Whether to go on.
    user : Path, optional
        A file that is locked as long as the image is used.
    """

    client: APIClient
    way: Way
    registry: Callable[[], Prefix | None]
    wanted: Callable[[], bool]
    user: Path | None = None


def default_base(python: str) -> str:
    """The image below environments that name none: ``MLWS_DOCKER_BASE``, else the official one of that Python."""
    told = os.environ.get("MLWS_DOCKER_BASE", "")
    return check_image(told) if told else f"python:{'.'.join(python.split('.')[:2])}-slim"


def base_of(making: Making, reference: str) -> Image:
    """An image by its name, pulled where the engine has it not.

    Raises
    ------
    NotFound, InvalidInput
        The registry has no such image, or does not give it to us.
    Unavailable
        The registry cannot be reached.
    """
    found = inspect(making.client, check_image(reference))
    if found is None:
        _pull_patiently(making, reference)
        found = inspect(making.client, reference)
    if found is None:
        raise Unavailable(f"The image {reference} was removed while it was pulled.", hint="Submit again.")
    return found


def _pull_patiently(making: Making, reference: str) -> None:
    """Pull; a registry that cannot be reached is tried again, since that may be the network's."""
    for pause in (*_TRIES_S, None):
        try:
            pull(reference, making.way)
            return
        except TargetAway:
            raise
        except Unavailable as error:
            if pause is None:
                raise
            making.way.say(f"{error.message.rstrip('.')}. Trying again in {pause:g} s.")
            until = time.monotonic() + pause
            while time.monotonic() < until:
                making.way.check()
                time.sleep(0.1)


def of_packages(making: Making, base: Image, lock: Lock, built: Callable[[], Built]) -> Image:
    """The image of an environment with packages upon a base.

    Parameters
    ----------
    making : Making
    base : Image
    lock : Lock
        With the base, it names the image.
    built : callable
        The environment on this machine, built where the image has to be.

    Raises
    ------
    InvalidInput
        The base image has another Python, or another kind of system.
    StorageFull
        A disk is full.
    Stopped
        It is not wanted any more.
    """

    def make(name: str) -> Image:
        platform = probe(making.client, base.id)
        # Packages of conda bring a Python of their own.
        check_fit(platform, "" if of_conda(lock.text) else lock.python)
        packages = built()
        began = time.time()
        making.way.say("Building the image.")
        compiling.compile_all(packages, making.wanted)
        faults.point("environments.image")
        layering.add(making.client, making.way, base, name, Packing(packages, platform))
        found = _made(making, name)
        making.way.say(f"Image built in {time.time() - began:.1f} s.")
        return found

    return _found_or_made(making, f"{base.id}\n{lock.digest}", make)


def made_of(making: Making, dockerfile: str) -> Image:
    """The image of somebody's own Dockerfile, built once; it has no files beside it.

    Raises
    ------
    InvalidInput
        It cannot be built.
    StorageFull
        A disk is full.
    Stopped
        It is not wanted any more.
    """
    hosts = tuple(dict.fromkeys(host_of(name) for name in _FROM.findall(dockerfile)))

    def make(name: str) -> Image:
        with tempfile.TemporaryFile(dir=root()) as context:
            with tarfile.open(fileobj=context, mode="w", format=tarfile.PAX_FORMAT) as tar:
                entry, text = tarfile.TarInfo("Dockerfile"), dockerfile.encode()
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text))
            return _from_context(making, context, name, all_headers(hosts, making.way.keys))

    return _found_or_made(making, f"dockerfile\n{dockerfile}", make)


def _found_or_made(making: Making, what: str, make: Callable[[str], Image]) -> Image:
    """The image of this name: here, else in the registry, else made; one makes it, and others wait."""
    digest = hashlib.sha256(f"{_FORMAT}\n{what}".encode()).hexdigest()[:32]
    name = f"{REPOSITORY}:{digest}"
    places.make_trusted(root())
    if making.user is not None:
        using.note(uses(digest), making.user)
    found = inspect(making.client, name)
    registry = making.registry()
    if found is not None and sharing.is_shared(found, registry):
        return found
    with alone(f"image-{digest}", making.way.say, making.wanted), engine.answers():
        found = inspect(making.client, name)
        if found is None and registry is not None:
            found = sharing.fetch(making.client, registry, name, making.way)
        if found is None:
            found = make(name)
        if registry is not None and not sharing.is_shared(found, registry):
            sharing.share(making.client, registry, name, found, making.way)
    return found


def uses(digest: str) -> Path:
    """Where it is noted who uses an image."""
    return root() / f".image-{digest}.uses"


def _from_context(making: Making, context: IO[bytes], name: str, headers: Mapping[str, str]) -> Image:
    context.seek(0)
    faults.point("environments.image")
    query = {
        "t": name,  # given once all is done: half of an image has no name
        "rm": "1",
        "forcerm": "1",
        "networkmode": "bridge",
        "labels": json.dumps({LABEL: name.partition(":")[2]}),
    }
    layers: list[str] = []
    hearing = Hearing(making.way.say, layers)
    try:
        for line in listen("POST", "/build", query, headers=headers, body=context, check=making.way.check):
            hearing.hear(line)
        hearing.finish()
    except BaseException as error:
        _forget(layers)
        if isinstance(error, Refused):
            raise InvalidInput(
                f"The image cannot be built: {str(error)[:1_000]}", hint="Look at the Dockerfile."
            ) from error
        raise
    return _made(making, name)


def _made(making: Making, name: str) -> Image:
    found = inspect(making.client, name)
    if found is None:
        raise Unavailable("The image was removed while it was built.", hint="Submit again.")
    return found


def _forget(layers: list[str]) -> None:
    """Remove what the steps of a build have left that came to nothing: the first is its base, and some were others'.

    The engine still ends the last step; nobody waits for that.
    """
    made = [each for before, each in pairwise(layers) if before and each]

    def work() -> None:
        until = time.monotonic() + _FORGET_S
        while made and time.monotonic() < until:
            for layer in reversed(made):
                if _is_removed(layer):
                    made.remove(layer)
            time.sleep(0.1)

    if made:
        threading.Thread(target=work, name="removal of layers", daemon=True).start()


def _is_removed(layer: str) -> bool:
    """Whether a layer is gone; not yet where something else stands upon it."""
    import docker.errors

    try:
        with engine.answers():
            engine.connect().remove_image(layer)
    except MlwsError as error:
        return isinstance(error.__cause__, docker.errors.NotFound)
    return True

"""From a built environment to an image: rendered by one function, built once, and never used half-made.

The packages are installed on this machine, by the lock and from the index that is configured here, and copied into the
image. So neither addresses nor credentials of an index come near it, its building needs no network, and an environment
that runs here already is not downloaded again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from jupyter_mlws import faults
from jupyter_mlws.domain.environment import check_image
from jupyter_mlws.environments.building import Built, root
from jupyter_mlws.environments.uv import Stopped
from jupyter_mlws.errors import InvalidInput, StorageFull, Unavailable

if TYPE_CHECKING:
    from docker import APIClient

__all__ = [
    "ENV",
    "LABEL",
    "Image",
    "Platform",
    "base_of",
    "build",
    "default_base",
    "inspect",
    "made_of",
    "probe",
    "pull",
]

# Where the environment lies in the image.
ENV = "/opt/mlws/env"
LABEL = "org.jupyter.mlws.environment"
_REPOSITORY = "mlws-environment"
# Changes with what `_render` and `_pack` make of the same environment.
_FORMAT = "1"
_SHEBANG = re.compile(rb"#![^\n]*python[^\n]*\n")
_RELOCATABLE = re.compile(rb"#!/bin/sh\n'''exec'[^\n]*\n' '''\n")
# Of a folder of programs what belongs to the shell of the machine it was made on.
_NOT_TAKEN = re.compile(r"python[0-9.]*|activate.*|deactivate.*|pydoc.*", re.ASCII)
_PROBE = (
    "import json,os,platform,sys;print(json.dumps(dict(version=list(sys.version_info[:3]),libc=platform.libc_ver()[0],"
    "machine=platform.machine(),executable=os.path.realpath(sys.executable))))"
)
_WAIT_S = 0.1
_DISK = "no space left on device"
_probed: dict[str, Platform] = {}


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The Python of an image.

    Attributes
    ----------
    executable : str
        Its real path inside.
    libc : str
        'glibc', else packages of this machine do not run there.
    """

    version: tuple[int, ...]
    libc: str
    machine: str
    executable: str


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that is there to be used: its id, and the variables that it sets."""

    id: str
    variables: Mapping[str, str]


def default_base(python: str) -> str:
    """The image below environments that name none: ``MLWS_DOCKER_BASE``, else the official one of that Python."""
    told = os.environ.get("MLWS_DOCKER_BASE", "")
    return check_image(told) if told else f"python:{'.'.join(python.split('.')[:2])}-slim"


def inspect(client: APIClient, reference: str) -> Image | None:
    """An image that the engine has; None if it has none of this name."""
    import docker.errors

    try:
        facts: dict[str, Any] = client.inspect_image(reference)  # type: ignore[no-untyped-call]
    except docker.errors.ImageNotFound:
        return None
    said = (facts.get("Config") or {}).get("Env") or []
    return Image(id=facts["Id"], variables=dict(text.partition("=")[::2] for text in said))


def base_of(client: APIClient, reference: str, say: Callable[[str], None], wanted: Callable[[], bool]) -> Image:
    """An image by its name, pulled where the engine has it not."""
    found = inspect(client, check_image(reference))
    if found is None:
        pull(client, reference, say, wanted)
        found = inspect(client, reference)
    if found is None:
        raise Unavailable(f"The image {reference} was removed while it was pulled.", hint="Submit again.")
    return found


def pull(client: APIClient, reference: str, say: Callable[[str], None], wanted: Callable[[], bool]) -> None:
    """Have the engine fetch an image.

    Raises
    ------
    InvalidInput
        The registry has no such image, or does not give it to us.
    Unavailable
        The registry cannot be reached.
    Stopped
        It is not wanted any more.
    """
    import docker.errors

    say(f"Pulling the image {reference}.")
    # Without a tag all of them would come.
    whole = reference if "@" in reference or ":" in reference.rpartition("/")[2] else f"{reference}:latest"
    try:
        for line in _lines(client.pull(whole, stream=True, decode=True), wanted):
            if "error" in line:
                raise _not_pulled(reference, str(line["error"]))
            status = str(line.get("status", ""))
            if line.get("id") and not line.get("progress"):
                status = f"{line['id']}: {status}"
            if status and not line.get("progress"):
                say(status)
    except docker.errors.APIError as error:
        raise _not_pulled(reference, str(error.explanation or error)) from error


def _not_pulled(reference: str, said: str) -> InvalidInput | Unavailable | StorageFull:
    words = said[:500]
    if _DISK in said:
        return StorageFull("The disk of the Docker engine is full.", hint="Make room: docker system prune")
    if re.search(r"not found|denied|unauthorized|manifest unknown|no basic auth|does not exist", said):
        return InvalidInput(
            f"The image {reference} cannot be had: {words}", hint="Look at its name, or log in: docker login"
        )
    return Unavailable(
        f"The registry of the image {reference} cannot be reached: {words}",
        hint="Try again, or set MLWS_DOCKER_BASE to an image that the engine has.",
    )


def _lines(stream: Iterator[dict[str, Any]], wanted: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """The engine's progress; it stops its work when we stop listening."""
    try:
        for line in stream:
            if not wanted():
                raise Stopped
            yield line
    finally:
        close = getattr(stream, "close", None)
        if close is not None:
            close()


def probe(client: APIClient, image: Image) -> Platform:
    """The Python of an image, asked once.

    Raises
    ------
    InvalidInput
        It has none with which the agent could run.
    """
    found = _probed.get(image.id)
    if found is None:
        found = _probed[image.id] = _ask(client, image)
    if found.version < (3, 10):
        version = ".".join(map(str, found.version))
        raise InvalidInput(f"The image has Python {version}, and the agent needs 3.10.", hint="Choose a later image.")
    return found


def _ask(client: APIClient, image: Image) -> Platform:
    import docker.errors

    made = client.create_container(
        image.id,
        ["-I", "-S", "-c", _PROBE],
        entrypoint=["python3"],
        labels={"org.jupyter.mlws.workspace": "", LABEL: "probe"},
        host_config=client.create_host_config(network_mode="none", cap_drop=["ALL"]),
    )["Id"]
    try:
        client.start(made)
        client.wait(made, timeout=60)
        facts = json.loads(client.logs(made, stdout=True, stderr=False))
        return Platform(
            version=tuple(facts["version"]),
            libc=str(facts["libc"]),
            machine=str(facts["machine"]),
            executable=str(facts["executable"]),
        )
    except (docker.errors.APIError, ValueError, KeyError) as error:
        if isinstance(error, docker.errors.APIError) and "executable file not found" not in str(error):
            raise
        raise InvalidInput(
            "The image has no python3, with which the agent runs.", hint="Choose an image with Python 3.10 or later."
        ) from error
    finally:
        client.remove_container(made, force=True, v=True)


def build(
    client: APIClient, base: Image, built: Built, say: Callable[[str], None], wanted: Callable[[], bool]
) -> Image:
    """The image of an environment: the one that is there, else a new one.

    Parameters
    ----------
    client : docker.APIClient
    base : Image
    built : Built
        The environment on this machine.
    say : callable
        Given each line of progress.
    wanted : callable
        Asked while it lasts.

    Raises
    ------
    InvalidInput
        The base image has another Python, or another kind of system.
    StorageFull
        A disk is full.
    Stopped
        It is not wanted any more.
    """
    digest = hashlib.sha256(f"{_FORMAT}\n{base.id}\n{built.digest}".encode()).hexdigest()
    name = f"{_REPOSITORY}:{digest[:32]}"
    found = inspect(client, name)
    if found is None:
        with _alone(digest, say, wanted):
            found = inspect(client, name) or _build(client, base, built, name, say, wanted)
    return found


@contextmanager
def _alone(digest: str, say: Callable[[str], None], wanted: Callable[[], bool]) -> Iterator[None]:
    """Be the only one of this user who builds an image; others wait, and find it done."""
    root().mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(root() / f".image-{digest}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    say("Waiting for another run that builds the same image.")
                    told = True
                if not wanted():
                    raise Stopped from None
                time.sleep(_WAIT_S)
        yield
    finally:
        os.close(handle)


def made_of(client: APIClient, dockerfile: str, say: Callable[[str], None], wanted: Callable[[], bool]) -> Image:
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
    digest = hashlib.sha256(f"{_FORMAT}\ndockerfile\n{dockerfile}".encode()).hexdigest()
    name = f"{_REPOSITORY}:{digest[:32]}"
    found = inspect(client, name)
    if found is not None:
        return found
    with _alone(digest, say, wanted):
        found = inspect(client, name)
        if found is None:
            with tempfile.TemporaryFile(dir=root()) as context:
                with tarfile.open(fileobj=context, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    _add(tar, "Dockerfile", dockerfile.encode())
                found = _from_context(client, context, name, "bridge", say, wanted)
    return found


def _build(
    client: APIClient, base: Image, built: Built, name: str, say: Callable[[str], None], wanted: Callable[[], bool]
) -> Image:
    platform = probe(client, base)
    _check_fit(platform, built)
    began = time.time()
    say("Building the image.")
    with tempfile.TemporaryFile(dir=root()) as context:
        _pack(context, base, built, platform, wanted)
        found = _from_context(client, context, name, "none", say, wanted)
    say(f"Image built in {time.time() - began:.1f} s.")
    return found


def _from_context(
    client: APIClient,
    context: IO[bytes],
    name: str,
    network: str,
    say: Callable[[str], None],
    wanted: Callable[[], bool],
) -> Image:
    context.seek(0)
    faults.point("environments.image")
    stream = client.build(
        fileobj=context,
        custom_context=True,
        tag=name,  # given once all is done: half of an image has no name
        rm=True,
        forcerm=True,
        network_mode=network,
        labels={LABEL: "1"},
        decode=True,
    )
    for line in _lines(stream, wanted):
        _hear(line, say)
    found = inspect(client, name)
    if found is None:
        raise Unavailable("The image was removed while it was built.", hint="Submit again.")
    return found


def _hear(line: dict[str, Any], say: Callable[[str], None]) -> None:
    error = str(line.get("error", ""))
    if _DISK in error:
        raise StorageFull("The disk of the Docker engine is full.", hint="Make room: docker system prune")
    if error:
        raise InvalidInput(f"The image cannot be built: {error[:1_000]}", hint="Look at logs/environment.log.")
    text = str(line.get("stream", "")).strip()
    if text:
        say(text)


def _check_fit(platform: Platform, built: Built) -> None:
    has, needs = ".".join(map(str, platform.version[:2])), ".".join(built.python.split(".")[:2])
    if has != needs:
        raise InvalidInput(
            f"The base image has Python {has}, and the environment is locked for {needs}.",
            hint=f"Give the environment python={has!r}, or a base image with Python {needs}.",
        )
    if platform.libc != "glibc" or platform.machine != os.uname().machine:
        what = platform.libc or "no glibc"
        raise InvalidInput(
            f"The base image is another kind of system ({platform.machine}, {what}), where these packages do not run.",
            hint="Choose a base image of a usual Linux, such as python:…-slim.",
        )


# -- the one renderer


def _render(base: Image) -> str:
    """The Dockerfile. Nothing in it comes from a person's text: the base is named by its digest."""
    compile_all = ["-c", f"import compileall; compileall.compile_dir('{ENV}/lib', quiet=2)"]
    lines = [
        f"FROM {base.id.removeprefix('sha256:')}",
        f"COPY env {ENV}",
        # Whoever runs in it may not write there, and would compile again and again.
        f"RUN {json.dumps([f'{ENV}/bin/python', *compile_all])}",
        f"ENV VIRTUAL_ENV={ENV} PATH={ENV}/bin:$PATH",
    ]
    return "\n".join(lines) + "\n"


def _pack(context: IO[bytes], base: Image, built: Built, platform: Platform, wanted: Callable[[], bool]) -> None:
    """The Dockerfile, and the environment as it is in the image."""
    with tarfile.open(fileobj=context, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, "Dockerfile", _render(base).encode())
        version = ".".join(map(str, platform.version))
        home = os.path.dirname(platform.executable)
        settings = f"home = {home}\ninclude-system-site-packages = false\nversion = {version}\n"
        _add(tar, "env/pyvenv.cfg", settings.encode())
        for name in ("python", "python3"):
            _link(tar, f"env/bin/{name}", platform.executable)
        for path, name in _files(built.folder):
            if not wanted():
                raise Stopped
            if path.is_symlink():
                _link(tar, f"env/{name}", os.readlink(path))
            elif name.startswith("bin/"):
                _add(tar, f"env/{name}", _script(path.read_bytes()), 0o755)
            else:
                facts = path.stat()
                entry = _entry(f"env/{name}", facts.st_size, 0o755 if facts.st_mode & 0o100 else 0o644)
                entry.mtime = int(facts.st_mtime)
                with path.open("rb") as file:
                    tar.addfile(entry, file)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for base, folders, names in os.walk(folder):
        here = Path(base)
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        links = [name for name in folders if (here / name).is_symlink()]
        for name in sorted([*names, *links]):
            path = here / name
            relative = path.relative_to(folder).as_posix()
            if here == folder and not path.is_symlink():
                continue  # notes about the folder itself
            if here == folder / "bin" and _NOT_TAKEN.fullmatch(name):
                continue
            yield path, relative


def _script(data: bytes) -> bytes:
    """A program of the environment, led to the interpreter in the image."""
    ours = f"#!{ENV}/bin/python\n".encode()
    for pattern in (_RELOCATABLE, _SHEBANG):
        found = pattern.match(data)
        if found is not None:
            return ours + data[found.end() :]
    return data


def _entry(name: str, size: int, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, mode
    return entry


def _add(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    import io

    tar.addfile(_entry(name, len(data), mode), io.BytesIO(data))


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = _entry(name, 0, 0o777)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)

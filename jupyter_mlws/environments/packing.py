"""From a built environment to its files in an image.

The packages are installed on this machine, by the lock and from the index that is configured here, and copied into the
image. So neither addresses nor credentials of an index come near it, its building needs no network, and an environment
that runs here already is not downloaded again.
"""

from __future__ import annotations

import errno
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlws.environments.building import MARK, Built
from jupyter_mlws.environments.probing import Platform
from jupyter_mlws.environments.relocating import Relocation
from jupyter_mlws.errors import Unavailable

__all__ = ["ENV", "Packing"]

# Where the environment lies in the image.
ENV = "/opt/mlws/env"
_INSIDE = ENV.removeprefix("/")
_PIECE = 1 << 20
_SHEBANG = re.compile(rb"#![^\n]*python[^\n]*\n")
_RELOCATABLE = re.compile(rb"#!/bin/sh\n'''exec'[^\n]*\n' '''\n")
# Of a folder of programs what belongs to the shell of the machine it was made on.
_NOT_TAKEN = re.compile(r"python[0-9.]*|activate.*|deactivate.*|pydoc.*", re.ASCII)


class Packing:
    """The environment as it is in an image: a stream of a tar archive, read from the disk as it is sent.

    Attributes
    ----------
    sent_bytes : int
        So far.
    """

    def __init__(self, built: Built, platform: Platform) -> None:
        self._built = built
        self._platform = platform
        self.sent_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        """Pieces of some size.

        Raises
        ------
        Unavailable
            A file of the environment cannot be read.
        """
        kept = bytearray()
        try:
            for piece in self._pieces():
                kept += piece
                if len(kept) >= _PIECE:
                    yield self._given(kept)
                    kept = bytearray()
        except OSError as error:
            raise Unavailable(f"The environment cannot be read ({error.strerror}).", hint="Submit again.") from error
        yield self._given(kept)

    def _given(self, kept: bytearray) -> bytes:
        self.sent_bytes += len(kept)
        return bytes(kept)

    def _pieces(self) -> Iterator[bytes]:
        conda = Relocation(self._built.folder, ENV)
        if not conda.any:
            yield from self._python()
        for path, name in _files(self._built.folder):
            if _is_left(path, name, conda.any):
                continue
            if path.is_symlink():
                yield _header(_link(name, os.readlink(path)))
            elif name.startswith("bin/"):
                data = conda.moved(name, path.read_bytes())
                # A program of conda may be one of the system's interpreters, and is left to it.
                ours = not conda.any or str(self._built.folder).encode() in data
                yield from _small(name, _script(data) if ours else data, 0o755)
            elif conda.concerns(name):
                mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
                yield from _small(name, conda.moved(name, path.read_bytes()), mode)
            else:
                yield from _file(name, path)
        yield bytes(2 * tarfile.BLOCKSIZE)

    def _python(self) -> Iterator[bytes]:
        """What leads to the Python of the image; packages of conda bring their own."""
        executable = self._platform.executable
        version = ".".join(map(str, self._platform.version))
        settings = f"home = {os.path.dirname(executable)}\ninclude-system-site-packages = false\nversion = {version}\n"
        yield from _small("pyvenv.cfg", settings.encode())
        for name in ("python", "python3"):
            yield _header(_link(f"bin/{name}", executable))


def _small(name: str, data: bytes, mode: int = 0o644) -> Iterator[bytes]:
    yield _header(_entry(f"{_INSIDE}/{name}", len(data), mode))
    yield data
    yield _filling(len(data))


def _file(name: str, path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        facts = os.fstat(file.fileno())
        entry = _entry(f"{_INSIDE}/{name}", facts.st_size, 0o755 if facts.st_mode & 0o100 else 0o644)
        entry.mtime = int(facts.st_mtime)  # by which Python knows that what it compiled is of this file
        yield _header(entry)
        left = facts.st_size
        while left > 0:
            data = file.read(min(left, _PIECE))
            if not data:
                raise OSError(errno.EIO, "it was changed meanwhile")
            left -= len(data)
            yield data
    yield _filling(facts.st_size)


def _header(entry: tarfile.TarInfo) -> bytes:
    return entry.tobuf(tarfile.PAX_FORMAT)


def _filling(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for base, folders, names in os.walk(folder):
        here = Path(base)
        folders.sort()
        links = [name for name in folders if (here / name).is_symlink()]
        for name in sorted([*names, *links]):
            path = here / name
            yield path, path.relative_to(folder).as_posix()


def _is_left(path: Path, name: str, of_conda: bool) -> bool:
    """Whether a file belongs to this machine: notes about the folder itself, and what leads to its Python."""
    if of_conda:
        # What conda notes tells addresses and paths of this machine.
        return name == MARK or name.startswith("conda-meta/")
    folder, _, last = name.rpartition("/")
    if not folder:
        return not path.is_symlink()
    return folder == "bin" and _NOT_TAKEN.fullmatch(last) is not None


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


def _link(name: str, target: str) -> tarfile.TarInfo:
    entry = _entry(f"{_INSIDE}/{name}", 0, 0o777)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry

"""From a built environment to what the engine builds an image of: the one renderer of a Dockerfile, and its files.

The packages are installed on this machine, by the lock and from the index that is configured here, and copied into the
image. So neither addresses nor credentials of an index come near it, its building needs no network, and an environment
that runs here already is not downloaded again.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from jupyter_mlws.environments.building import Built
from jupyter_mlws.environments.probing import Platform

__all__ = ["ENV", "add", "pack", "render"]

# Where the environment lies in the image.
ENV = "/opt/mlws/env"
_SHEBANG = re.compile(rb"#![^\n]*python[^\n]*\n")
_RELOCATABLE = re.compile(rb"#!/bin/sh\n'''exec'[^\n]*\n' '''\n")
# Of a folder of programs what belongs to the shell of the machine it was made on.
_NOT_TAKEN = re.compile(r"python[0-9.]*|activate.*|deactivate.*|pydoc.*", re.ASCII)


def render(base: str) -> str:
    """The Dockerfile. Nothing in it comes from a person's text: the base is named by its digest."""
    # Tests of packages are a third of their code, and imported by nobody.
    skipped = "re.compile('/tests?/')"
    compile_all = [
        "-c",
        f"import compileall, re; compileall.compile_dir('{ENV}/lib', quiet=2, workers=0, rx={skipped})",
    ]
    lines = [
        f"FROM {base.removeprefix('sha256:')}",
        f"COPY env {ENV}",
        # Whoever runs in it may not write there, and would compile again and again.
        f"RUN {json.dumps([f'{ENV}/bin/python', *compile_all])}",
        f"ENV VIRTUAL_ENV={ENV} PATH={ENV}/bin:$PATH",
    ]
    return "\n".join(lines) + "\n"


def pack(context: IO[bytes], base: str, built: Built, platform: Platform, check: Callable[[], None]) -> None:
    """The Dockerfile, and the environment as it is in the image."""
    with tarfile.open(fileobj=context, mode="w", format=tarfile.PAX_FORMAT) as tar:
        add(tar, "Dockerfile", render(base).encode())
        version = ".".join(map(str, platform.version))
        home = os.path.dirname(platform.executable)
        settings = f"home = {home}\ninclude-system-site-packages = false\nversion = {version}\n"
        add(tar, "env/pyvenv.cfg", settings.encode())
        for name in ("python", "python3"):
            _link(tar, f"env/bin/{name}", platform.executable)
        for path, name in _files(built.folder):
            check()
            if path.is_symlink():
                _link(tar, f"env/{name}", os.readlink(path))
            elif name.startswith("bin/"):
                add(tar, f"env/{name}", _script(path.read_bytes()), 0o755)
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


def add(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    """Add a file to an archive."""
    tar.addfile(_entry(name, len(data), mode), io.BytesIO(data))


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = _entry(name, 0, 0o777)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)

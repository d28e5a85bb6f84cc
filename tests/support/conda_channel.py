"""A channel of conda in a folder: packages made by hand, well-behaved or not, and the table of them."""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import os
import sys
import sysconfig
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
_BASE = os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)
_SITE = f"lib/python{HERE}/site-packages"


# Runs this machine's Python as if it lay where this program lies.
_PYTHON = f"""#!{_BASE} -IS
import os, sys
os.execv({_BASE!r}, [os.path.abspath(__file__), *sys.argv[1:]])
"""
# Stands in files of packages where the folder of the environment is to stand.
PREFIX = "/placeholder/" + "p" * 200


class CondaChannel:
    """A folder that serves as channel; `python` is this machine's own, led to the folder that it is installed in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._packages: dict[str, dict[str, object]] = {}
        (folder / "noarch").mkdir(parents=True)
        self._write()

    def add_python(self, **record: object) -> None:
        """A Python that has its own folder of packages: the interpreter that runs the tests."""
        home = f"home = {Path(_BASE).parent}\nversion = {sysconfig.get_python_version()}\n"
        files = {"pyvenv.cfg": home, f"{_SITE}/README.txt": "packages\n", "bin/python": _PYTHON}
        told = [
            *(told_of(path, text.encode()) for path, text in files.items()),
            told_of("bin/python3", b"", "softlink"),
        ]
        version = ".".join(map(str, sys.version_info[:3]))
        links = {"bin/python3": "python"}
        self.add_raw("python", files, told, links=links, version=version, depends=(), record=record)

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, str],
        depends: Sequence[str] = (),
        links: Mapping[str, str] | None = None,
    ) -> Path:
        """A package with these files, and modules below ``site-packages/`` where that stands before a name."""
        files = {path.replace("site-packages/", f"{_SITE}/", 1) if path.startswith("site-") else path: text
                 for path, text in files.items()}  # fmt: skip
        told = [told_of(path, text.encode()) for path, text in files.items()]
        told += [told_of(path, b"", "softlink") for path in links or {}]
        return self.add_raw(name, files, told, links=links, version=version, depends=depends)

    def add_raw(
        self,
        name: str,
        files: Mapping[str, str],
        told: Sequence[Mapping[str, object]],
        *,
        links: Mapping[str, str] | None = None,
        version: str = "1.0",
        depends: Sequence[str] = ("python",),
        record: Mapping[str, object] | None = None,
        links_first: bool = False,
    ) -> Path:
        """A package with these files that tells of itself what it likes; `record` is what the channel tells of it."""
        index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": list(depends),
                 "subdir": "noarch", "timestamp": 1_700_000_000_000, **(record or {})}  # fmt: skip
        about = {
            "info/index.json": json.dumps(index),
            "info/paths.json": json.dumps({"paths": told, "paths_version": 1}),
        }
        packed = bz2.compress(_packed({**about, **files}, links or {}, links_first))
        file = self.folder / "noarch" / f"{name}-{version}-0.tar.bz2"
        file.write_bytes(packed)
        self._packages[file.name] = {"sha256": hashlib.sha256(packed).hexdigest(), "size": len(packed), **index}
        self._write()
        return file

    def _write(self) -> None:
        said = {"info": {"subdir": "noarch"}, "packages": self._packages, "packages.conda": {}, "repodata_version": 1}
        (self.folder / "noarch" / "repodata.json").write_text(json.dumps(said))


def told_of(path: str, data: bytes, kind: str = "hardlink") -> dict[str, object]:
    """What a package tells of a file."""
    told: dict[str, object] = {"_path": path, "path_type": kind, "size_in_bytes": len(data)}
    told["sha256"] = hashlib.sha256(data).hexdigest()
    if PREFIX.encode() in data:
        told |= {"prefix_placeholder": PREFIX, "file_mode": "binary" if b"\0" in data else "text"}
    return told


def _packed(files: Mapping[str, str], links: Mapping[str, str], links_first: bool) -> bytes:
    out = io.BytesIO()
    entries: list[tuple[tarfile.TarInfo, bytes | None]] = []
    for path, text in files.items():
        entry = tarfile.TarInfo(path)
        entry.size = len(text.encode())
        entry.mode = 0o755 if path.startswith("bin/") else 0o644
        entries.append((entry, text.encode()))
    for path, goal in links.items():
        entry = tarfile.TarInfo(path)
        entry.type, entry.linkname = tarfile.SYMTYPE, goal
        entries.append((entry, None))
    with tarfile.open(fileobj=out, mode="w") as archive:
        for entry, data in sorted(entries, key=lambda each: each[0].isreg()) if links_first else entries:
            archive.addfile(entry, None if data is None else io.BytesIO(data))
    return out.getvalue()

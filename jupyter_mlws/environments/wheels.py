"""Wheels by their digest: brought by an archive, or fetched to go into one. What is built takes from here first.

They lie in the user's data folder, each below its sha256 under its own name. A lock names the hashes of its files, so
whatever else lies here is never installed for it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from jupyter_mlws import faults
from jupyter_mlws.blobs.durable import sync_files
from jupyter_mlws.domain.locks import check_wheel_name, locked_files, locked_hashes
from jupyter_mlws.domain.names import check_digest
from jupyter_mlws.errors import CorruptData
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.files import remove_stale

__all__ = ["Drafts", "Kept", "find", "missing", "of_lock", "offered", "root"]

_STEP = 1 << 20


def root() -> Path:
    """Where this user's wheels lie."""
    return places.data_dir() / "wheels"


def find(digest: str) -> Path | None:
    """The wheel of this digest."""
    try:
        names = os.listdir(root() / check_digest(digest))
    except FileNotFoundError:
        return None
    return root() / digest / names[0] if len(names) == 1 else None


def of_lock(text: str) -> dict[str, Path]:
    """The wheels that are here of those that a lock names, by digest."""
    try:
        here = set(os.listdir(root()))
    except FileNotFoundError:
        return {}
    found = {digest: find(digest) for digest in sorted(here & locked_hashes(text))}
    return {digest: path for digest, path in found.items() if path is not None}


def missing(text: str) -> list[str]:
    """The packages of a lock of which no wheel is here."""
    here = of_lock(text)
    return [package for package, hashes in locked_files(text).items() if not hashes.intersection(here)]


@dataclass(frozen=True)
class Kept:
    """The wheels of a lock in a folder that uv can look into.

    Attributes
    ----------
    folder : str
        '' where there are none.
    is_complete : bool
        Whether each package has one; it may be for another machine.
    """

    folder: str = ""
    is_complete: bool = False


@contextmanager
def offered(text: str) -> Iterator[Kept]:
    """A folder with the wheels of a lock, as long as the block lasts."""
    here = of_lock(text)
    if not here:
        yield Kept()
        return
    with tempfile.TemporaryDirectory(prefix="mlws-wheels-") as folder:
        # A lock may allow two files of one name, built at two times: either will do.
        for name, path in {path.name: path for path in here.values()}.items():
            os.symlink(path, os.path.join(folder, name))
        yield Kept(folder, not missing(text))


class Drafts:
    """Wheels on their way here: all are looked at before the first one counts. A context manager.

    Raises
    ------
    CorruptData
        A file is not what its digest says.
    """

    def __init__(self) -> None:
        places.make_trusted(root())
        remove_stale(root(), prefix=".draft-", suffix="")
        self._folder = Path(tempfile.mkdtemp(prefix=f".draft-{os.getpid()}-", dir=root()))
        self._names: dict[str, str] = {}

    def __enter__(self) -> Drafts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, source: BinaryIO, name: str, digest: str) -> Path:
        """Copy a wheel here, compare it with its digest, and say where it waits."""
        folder = self._folder / check_digest(digest)
        folder.mkdir(mode=0o700)
        path = folder / check_wheel_name(name)
        found = sha256()
        with path.open("xb") as file:
            while piece := source.read(_STEP):
                found.update(piece)
                faults.point("wheels.write")
                file.write(piece)
        if found.hexdigest() != digest:
            raise CorruptData(f"The package {name[:80]} is not what its digest says.", hint="Get it anew.")
        self._names[digest] = name
        return path

    def publish(self) -> int:
        """Have them counted from now on, also after a power loss; how many are new."""
        folders = {digest: self._folder / digest for digest in self._names}
        if not folders:
            return 0
        sync_files([str(folders[digest] / name) for digest, name in self._names.items()], map(str, folders.values()))
        new = 0
        for digest, folder in folders.items():
            faults.point("wheels.rename")
            try:
                os.rename(folder, root() / digest)
                new += 1
            except OSError:
                if find(digest) is None:
                    raise
        sync_files([], [str(root())])
        return new

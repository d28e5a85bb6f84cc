"""Wheels by their digest: brought by an archive, or fetched to go into one. What is built takes from here first.

They lie in the user's data folder, each below its sha256 under its own name. A lock names the hashes of its files, so
whatever else lies here is never installed for it.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

__all__ = ["Drafts", "Kept", "find", "missing", "of_lock", "offered", "prune", "root"]

_STEP = 1 << 20
# Whoever looked for wheels so lately may be about to read them: to build of them, or to write an archive.
_SPARED_S = 3600.0
_DRAFT = ".draft-"
_DIGEST = re.compile(r"[0-9a-f]{64}")


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
    there = {digest: path for digest, path in found.items() if path is not None}
    for path in there.values():
        with suppress(OSError):
            os.utime(path.parent)  # used now
    return there


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


def prune(unused_for_s: float = 0.0, dry_run: bool = False) -> int:
    """Remove wheels that nobody has looked for in so many seconds, but at least in the last hour; returns their bytes.

    What an archive has brought is not had again where there is no network.
    """
    try:
        names = os.listdir(root())
    except FileNotFoundError:
        return 0
    if not dry_run:
        remove_stale(root(), prefix=_DRAFT, suffix="")
    before = time.time() - max(unused_for_s, _SPARED_S)
    freed = 0
    for digest in filter(_DIGEST.fullmatch, names):
        size = _size_of_old(root() / digest, before)
        if size is None or not (dry_run or _removed(digest, before)):
            continue
        freed += size
    return freed


def _size_of_old(folder: Path, before: float) -> int | None:
    """The bytes of a wheel; None where it was used since, or is gone."""
    try:
        if folder.stat().st_mtime > before:
            return None
        return sum(path.stat().st_blocks * 512 for path in folder.iterdir())
    except FileNotFoundError:
        return None


def _removed(digest: str, before: float) -> bool:
    """Take a wheel away, unless somebody has begun to use it at this moment.

    It loses its name first, so that it is either there or not: whoever brings the same one now has a free place for it.
    """
    taken = root() / f"{_DRAFT}{os.getpid()}-{digest}"
    try:
        faults.point("wheels.remove")
        os.rename(root() / digest, taken)
    except OSError:
        return False  # another process was quicker
    if _size_of_old(taken, before) is None:
        with suppress(OSError):  # it was brought anew meanwhile
            os.rename(taken, root() / digest)
            return False
    shutil.rmtree(taken, ignore_errors=True)
    return True


class Drafts:
    """Wheels on their way here: all are looked at before the first one counts. A context manager.

    Raises
    ------
    CorruptData
        A file is not what its digest says.
    """

    def __init__(self) -> None:
        places.make_trusted(root())
        remove_stale(root(), prefix=_DRAFT, suffix="")
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_DRAFT}{os.getpid()}-", dir=root()))
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
            new += _named(folder, digest)
        sync_files([], [str(root())])
        return new


def _named(folder: Path, digest: str) -> bool:
    """Give a draft its name; False where the same wheel is there already."""
    for last in (False, True):
        faults.point("wheels.rename")
        try:
            os.rename(folder, root() / digest)
            return True
        except OSError:
            if find(digest) is not None:
                return False
            if last:  # else it was there, and somebody has removed it meanwhile
                raise
    return False

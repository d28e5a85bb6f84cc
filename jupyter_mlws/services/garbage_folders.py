"""Folders that nothing refers to: of runs without a record, with files too large to store, and of failed imports."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.domain.names import check_id
from jupyter_mlws.errors import InvalidName
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.offline import PUT_AWAY
from jupyter_mlws.services.trees import remove_folder, size_of
from jupyter_mlws.store.references import known_runs

__all__ = ["Emptied", "foresee", "remove"]

# A folder may be made a moment before its run is recorded, however short the grace of stored bytes is set.
_LEAST_GRACE_S = 600.0
_MANY = 500


@dataclass
class Emptied:
    """Folders that were removed, or would be."""

    count: int = 0
    size_bytes: int = 0
    warnings: list[str] = field(default_factory=list)


def remove(context: Context, purged: Iterable[str], until: datetime) -> Emptied:
    """Remove the folders of runs that were purged, old ones that have no record, and imports that failed until then."""
    found = Emptied()
    for folder in _leaving(context, set(purged), until):
        size = size_of(folder)
        try:
            faults.point("garbage.folder")
            _remove(folder)
            faults.point("garbage.folder_removed")
        except OSError as error:
            place = folder.relative_to(context.folder)
            found.warnings.append(f"The folder {place} could not be removed ({error.strerror}).")
            size -= size_of(folder)
        else:
            found.count += 1
        found.size_bytes += size
    return found


def foresee(context: Context, leaving: Iterable[str], until: datetime) -> Emptied:
    """What `remove` would remove once these runs were purged."""
    sizes = [size_of(folder) for folder in _leaving(context, set(leaving), until)]
    return Emptied(count=len(sizes), size_bytes=sum(sizes))


def _leaving(context: Context, leaving: set[str], until: datetime) -> Iterator[Path]:
    yield from _failed_imports(context.folder, until.timestamp())
    old = time.time() - max(context.keeping().grace_s, _LEAST_GRACE_S)
    folders = list(_folders(context.folder / "runs"))
    names = [folder.name for folder in folders if folder.name not in leaving]
    known = leaving.copy()
    for at in range(0, len(names), _MANY):
        with context.store.read() as c:
            known |= known_runs(c, names[at : at + _MANY])
    for folder in folders:
        if folder.name in leaving or (folder.name not in known and _changed_at(folder) < old):
            yield folder


def _failed_imports(workspace: Path, until: float) -> Iterator[Path]:
    """Folders that dispatchers have put away until then; each machine has its own."""
    for folder in (workspace / "imports").glob(f"*/{PUT_AWAY}*"):
        try:
            put_away_at = folder.lstat().st_ctime  # when it got this name
        except OSError:
            continue
        if put_away_at <= until:
            yield folder


def _folders(runs: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(runs))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        try:
            yield runs / check_id(name)
        except InvalidName:
            continue  # nothing of ours


def _changed_at(folder: Path) -> float:
    try:
        return folder.stat(follow_symlinks=False).st_mtime
    except OSError:
        return time.time()  # gone meanwhile


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)  # put here by a script: what lies behind it is not ours
        return
    remove_folder(path)

"""What stays of a run folder when its run has ended."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.collecting import LEFT, Collector
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services.trees import remove_folder

__all__ = ["NOT_TAKEN_IN", "leave_as_it_is", "tidy"]

# The mark of a folder that holds what nobody has taken in, and nobody will: it goes with its run only.
NOT_TAKEN_IN = "not-taken-in"

_log = logging.getLogger(__name__)
# The story of the run, small; all else is stored by now.
_KEPT = {names.JOB, names.STATE, LEFT}


def _never() -> bool:
    return False


def leave_as_it_is(folder: RunFolder) -> None:
    """Have no dispatcher empty a folder whose run ends by a fault of ours: what was logged may be nowhere else."""
    if folder.path.is_symlink():
        return  # the script has put it here: what lies behind it is not ours
    # One that its script has closed, removed or replaced is not emptied either, and a link in it is not followed.
    with suppress(FileExistsError, FileNotFoundError, NotADirectoryError, PermissionError):
        os.close(os.open(folder.path / NOT_TAKEN_IN, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def tidy(
    folder: RunFolder,
    *,
    keep: bool = False,
    collectors: Sequence[Collector] = (),
    stopping: Callable[[], bool] = _never,
) -> None:
    """Remove what was stored: code, inputs, journals, outputs, logs. What was too large to store is kept.

    Once it is `stopping` the rest is left to the next dispatcher: thousands of children take their time.
    """
    if keep:
        return
    if folder.path.is_symlink():
        # The script has put a link here: what lies behind it is not ours.
        _remove(folder.path)
        return
    kept = [collector.keep_left() for collector in collectors]  # each tries, whatever becomes of the others
    if not all(kept):
        return  # the next dispatcher tries again
    try:
        entries = list(os.scandir(folder.path))
    except OSError:
        return
    for entry in entries:
        if entry.name in _KEPT:
            continue
        for path in _pieces(entry):
            if stopping():
                return
            _remove(path)


def _pieces(entry: os.DirEntry[str]) -> Iterator[Path]:
    """What is removed in one go: of the children's folder one after the other."""
    if entry.name == names.CHILDREN and entry.is_dir(follow_symlinks=False):
        yield from [Path(entry.path, name) for name in _names_in(entry.path)]
    yield Path(entry.path)


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # closed by the script: it is removed as a whole
        return []


def _remove(path: Path) -> None:
    try:
        faults.point("leaving.remove")
        if path.is_dir() and not path.is_symlink():
            remove_folder(path)
        else:
            path.unlink()
    except OSError as error:
        _log.warning("%s could not be removed: %s", path, error.strerror)

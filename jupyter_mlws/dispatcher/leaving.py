"""What stays of a run folder when its run has ended."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.collecting import LEFT, Collector
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["tidy"]

_log = logging.getLogger(__name__)
# The story of the run, small; all else is stored by now.
_KEPT = {names.JOB, names.STATE, LEFT}


def _never() -> bool:
    return False


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
        yield from [Path(child.path) for child in os.scandir(entry.path)]
    yield Path(entry.path)


def _remove(path: Path) -> None:
    try:
        faults.point("leaving.remove")
        if path.is_dir() and not path.is_symlink():
            _remove_folder(path)
        else:
            path.unlink()
    except OSError as error:
        _log.warning("%s could not be removed: %s", path, error.strerror)


def _remove_folder(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except PermissionError:
        _make_removable(path)
        shutil.rmtree(path)


def _make_removable(path: Path) -> None:
    """A folder that was made read-only (by a snapshot's mode, by a script) is ours all the same."""
    for here, _, _ in os.walk(path):
        if not os.access(here, os.W_OK | os.X_OK):
            os.chmod(here, 0o700)

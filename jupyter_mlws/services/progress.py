"""How far live runs are: read from the end of what they write, and for a notebook from what its runner says."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from jupyter_mlws.domain.names import sendable
from jupyter_mlws.domain.progress import Progress
from jupyter_mlws.domain.progress_bars import read_progress
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder.names import PROGRESS, STD_LOG
from jupyter_mlws.services.beneath import open_beneath

__all__ = ["tell_progress"]

_END_BYTES = 8_000
_MOST_BYTES = 4_000
_MOST_TEXT = 80
# Of a list with very many live runs the first are looked into.
_MOST_RUNS = 50


def tell_progress(folder: Path, runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs, those that are running with the progress bar at the end of their log, else with a notebook's cells.

    Parameters
    ----------
    folder : Path
        Of the workspace.
    runs : sequence of Run
    """
    # By number, which a run of a long list knows before its record has been taken apart.
    running = [run for run in runs if run.status is RunStatus.RUNNING and run.kind in ("script", "cell", "notebook")]
    found = {run.number: progress for run in running[:_MOST_RUNS] if (progress := _progress_of(folder, run))}
    return tuple(replace(run, progress=found[run.number]) if run.number in found else run for run in runs)


def _progress_of(folder: Path, run: Run) -> Progress | None:
    bar = _progress(folder, run.id)
    if run.kind != "notebook":
        return bar
    cells, drawn = _cells(folder, run.id)
    bar = drawn or bar
    if bar is None or cells is None or (bar.total is not None and bar.current >= bar.total):
        return cells or bar
    return replace(bar, text=f"{cells.text} of {cells.total:g} {bar.text}".rstrip()[:_MOST_TEXT])


def _cells(folder: Path, run_id: str) -> tuple[Progress | None, Progress | None]:
    """Which cell a notebook is at, and the bar that a widget of it draws, as its runner says.

    Nothing of what the job may have put there instead.
    """
    file = open_beneath(folder, f"runs/{run_id}/{PROGRESS}")
    if file is None:
        return None, None
    with closing(file):
        try:
            said = json.loads(file.read(_MOST_BYTES))
            now, total, text, drawn = said["current"], said["total"], said["text"], said.get("bar")
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None, None
    if not _are_numbers(now, total) or not now <= total < 1_000_000:
        return None, None
    shown = sendable(text[:_MOST_TEXT]) if isinstance(text, str) else ""
    cells = Progress(current=now, total=total, unit="cells", text=shown)
    if not isinstance(drawn, list) or len(drawn) != 2 or not _are_numbers(*drawn):
        return cells, None
    return cells, Progress(current=drawn[0], total=drawn[1])


def _are_numbers(now: object, total: object) -> bool:
    """Whether they can be how far something is: finite, and no less than nothing of something."""
    return _is_number(now) and _is_number(total) and 0 <= now < 1e300 and 0 < total < 1e300


def _is_number(value: object) -> TypeGuard[float]:
    return type(value) in (int, float)


def _progress(folder: Path, run_id: str) -> Progress | None:
    log = open_beneath(folder, f"runs/{run_id}/{STD_LOG}")
    if log is None:
        return None
    with closing(log):
        try:
            log.seek(max(log.seek(0, os.SEEK_END) - _END_BYTES, 0))
            data = log.read(_END_BYTES)
        except OSError:  # whoever reads the log itself is told
            return None
    return read_progress(data.decode("utf-8", "replace"))

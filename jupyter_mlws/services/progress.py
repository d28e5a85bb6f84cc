"""How far live runs are, read from the end of what they write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from jupyter_mlws.domain.progress import Progress
from jupyter_mlws.domain.progress_bars import read_progress
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder.names import STD_LOG
from jupyter_mlws.services.beneath import open_beneath

__all__ = ["tell_progress"]

_END_BYTES = 8_000
# Of a list with very many live runs the first are looked into.
_MOST_RUNS = 50


def tell_progress(folder: Path, runs: Sequence[Run]) -> tuple[Run, ...]:
    """The runs, those that are running with the progress bar at the end of their log.

    Parameters
    ----------
    folder : Path
        Of the workspace.
    runs : sequence of Run
    """
    running = [run.id for run in runs if run.status is RunStatus.RUNNING and run.kind in ("script", "cell")]
    found = {run_id: progress for run_id in running[:_MOST_RUNS] if (progress := _progress(folder, run_id))}
    return tuple(replace(run, progress=found[run.id]) if run.id in found else run for run in runs)


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

"""Worker processes of a process that logs a run: what they log belongs to that run.

A forked worker has its parent's run anyway. One that `multiprocessing` has spawned is a fresh interpreter: it finds the
run by a variable, and only where the process that set it is the one that spawned it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from jupyter_mlws.runfolder.names import LOGGED_RUN_VARIABLE
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.sdk.job import ActiveRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_mlws.domain.child import RunEnd

__all__ = ["WorkerRun", "announce", "run_of_parent"]

_TOLD = ("run_id", "run_number", "experiment", "workspace_id", "params", "protocol_version")


class WorkerRun(ActiveRun):
    """The run of the process that spawned this one. It ends there: here `complete` and `fail` end nothing."""

    @property
    def _is_job(self) -> bool:
        return False

    def _end(self, end: RunEnd) -> None:
        """It is the parent's to end it."""


def announce(run: tuple[RunFolder, Mapping[str, Any]] | None) -> None:
    """Have processes that are spawned from now on log to this run; None: to none."""
    if run is None:
        os.environ.pop(LOGGED_RUN_VARIABLE, None)
        return
    folder, facts = run
    told = {"pid": os.getpid(), "folder": str(folder.path), "facts": {name: facts[name] for name in _TOLD}}
    os.environ[LOGGED_RUN_VARIABLE] = json.dumps(told)


def run_of_parent() -> WorkerRun | None:
    """The run of the process that has spawned this one as a worker."""
    told = os.environ.get(LOGGED_RUN_VARIABLE)
    multiprocessing = sys.modules.get("multiprocessing.process")
    parent = multiprocessing.parent_process() if told and multiprocessing is not None else None
    if not told or parent is None:
        return None
    try:
        found = json.loads(told)
        folder, facts, pid = RunFolder(found["folder"]), dict(found["facts"]), found["pid"]
    except (ValueError, TypeError, KeyError):
        return None  # not ours
    return WorkerRun(folder, facts, followed=True) if pid == parent.pid and folder.path.is_dir() else None

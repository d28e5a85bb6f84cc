"""Which run is that of this process: the one that its logging goes to where no run is named."""

from __future__ import annotations

import os
import sys

from jupyter_mlws.errors import WrongState
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.runfolder.names import LOGGED_RUN_VARIABLE
from jupyter_mlws.sdk.job import ActiveRun

__all__ = ["active_run", "forget_active", "leave", "make_active"]

_active: ActiveRun | None = None
# Blocks that a job tracks, the innermost last.
_below: list[ActiveRun] = []


def active_run(allow_offline: bool = True) -> ActiveRun:
    """The run of this process: the job's, or a block below it; else the newest logged interactively; else offline."""
    global _active
    if _below:
        return _below[-1]
    if _active is not None and not _active.is_offline:
        return _active
    job = get_job_context()
    if job is not None:
        _active = ActiveRun(job.folder, job.facts, followed=True)
        return _active
    interactive = sys.modules.get("jupyter_mlws.sdk.interactive")
    found: ActiveRun | None = interactive.current() if interactive is not None else None
    if found is None and LOGGED_RUN_VARIABLE in os.environ:
        from jupyter_mlws.sdk.workers import run_of_parent

        found = run_of_parent()
        _active = found or _active
    if found is not None:
        return found
    if not allow_offline:
        raise WrongState("This process belongs to no run.", hint="Submit it with %%submit or Experiment.submit.")
    if _active is None:
        from jupyter_mlws.sdk.offline import begin_offline

        _active = begin_offline()
    return _active


def make_active(run: ActiveRun) -> ActiveRun:
    """Have a run below the job's be the run of this process until it ends."""
    _below.append(run)
    return run


def leave(run: ActiveRun) -> None:
    """Have a run that has ended be the run of this process no more, if it was made so."""
    if run in _below:
        _below.remove(run)


def forget_active(run: ActiveRun) -> None:
    """Note that an offline run has ended: what is logged from now on belongs to another one."""
    global _active
    if _active is run:
        _active = None

"""A script's own run, found by its environment: what ``Run.get_context()`` begins with inside a job."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from jupyter_mlws.errors import WorkspaceError
from jupyter_mlws.runfolder import wire
from jupyter_mlws.runfolder.names import RUN_FOLDER_VARIABLE
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.protocol import misfit

__all__ = ["JobContext", "get_job_context"]


class JobContext(NamedTuple):
    """The run folder of this process, and ``job.json`` as it is."""

    folder: RunFolder
    facts: dict[str, Any]


def get_job_context() -> JobContext | None:
    """The run that this process belongs to, or None outside of a job.

    Raises
    ------
    WorkspaceError
        The environment names a run folder that cannot be read, or one of a version that this package does not know.
    """
    place = os.environ.get(RUN_FOLDER_VARIABLE)
    if not place:
        return None
    folder = RunFolder(place)
    try:
        facts = wire.loads(folder.job.read_bytes())
        if not isinstance(facts, dict) or "run_id" not in facts:
            raise ValueError("no job")
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"This process belongs to a run, but its folder {place} cannot be read ({type(error).__name__}).",
            hint=f"The run may have ended; outside of one, unset {RUN_FOLDER_VARIABLE}.",
        ) from error
    kind = misfit(facts.get("protocol_version", 1))
    if kind:
        raise WorkspaceError(
            f"This run's folder was made by a {kind} version of jupyter-mlws than the one that the script imports."
            if kind != "no version"
            else f"The run folder {place} does not say what version it has.",
            hint="Use the same version in the script's environment, or none: then the run brings its own.",
        )
    return JobContext(folder, facts)

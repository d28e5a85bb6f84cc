"""A script's own run: found by the environment, all that ``Run.get_context()`` needs inside a job."""

from __future__ import annotations

import os
import shutil
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import NotFound, WorkspaceError
from jupyter_mlws.runfolder import wire
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.names import RUN_FOLDER_VARIABLE
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["JobContext", "get_job_context", "journal_of"]


class JobContext:
    """The run that this process belongs to.

    Attributes
    ----------
    folder : RunFolder
    run_id, experiment, workspace_id : str
    run_number : int
    params, tags : dict of str to str
        As they were at submit.
    source_directory : str
        The folder that the snapshot was made of, on the submitter's machine; '' when unknown.
    facts : dict
        ``job.json`` as it is.
    """

    def __init__(self, folder: RunFolder, facts: dict[str, Any]) -> None:
        self.folder = folder
        self.facts = facts
        self.run_id = str(facts["run_id"])
        self.run_number = int(facts["run_number"])
        self.experiment = str(facts["experiment"])
        self.workspace_id = str(facts["workspace_id"])
        self.params: dict[str, str] = dict(facts.get("params", {}))
        self.tags: dict[str, str] = dict(facts.get("tags", {}))
        self.source_directory = str(facts.get("source_directory", ""))

    @property
    def journal(self) -> JournalWriter:
        """The journal of this process: one, whoever asks."""
        return journal_of(self.folder.path)

    def upload(self, name: str, source: str | os.PathLike[str]) -> Path:
        """Keep a copy of a file with the run, under `name`; an earlier one of that name is replaced.

        Raises
        ------
        NotFound
            There is no such file.
        InvalidPath
            The name is no relative path inside the run.
        """
        target = self.folder.uploads / check_file_name(name)
        if not os.path.isfile(source):
            raise NotFound(f"There is no file {os.fspath(source)!r} to upload.", hint=f"Looked from {os.getcwd()}.")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.part")
        try:
            shutil.copyfile(source, temporary)
            shutil.copymode(source, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        return target


def get_job_context() -> JobContext | None:
    """The run of this process, or None outside of a job."""
    folder = os.environ.get(RUN_FOLDER_VARIABLE)
    return _context(folder) if folder else None


@lru_cache(maxsize=8)
def _context(folder: str) -> JobContext:
    found = RunFolder(folder)
    try:
        facts = wire.loads(found.job.read_bytes())
        return JobContext(found, facts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"This process belongs to a run, but its folder {folder} cannot be read ({type(error).__name__}).",
            hint=f"The run may have ended; outside of one, unset {RUN_FOLDER_VARIABLE}.",
        ) from error


@cache
def journal_of(folder: Path) -> JournalWriter:
    """The process-wide writer of a run folder's journal."""
    return JournalWriter(folder)

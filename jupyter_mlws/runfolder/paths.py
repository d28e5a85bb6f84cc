"""Where things lie in a run folder: all paths of a job in one class."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Union

from jupyter_mlws.errors import InvalidPath
from jupyter_mlws.runfolder import names

__all__ = ["RunFolder"]

_FOLDERS = (
    names.CODE,
    names.INPUTS,
    names.OUTPUTS,
    names.LOGS,
    names.JOURNAL,
    names.VALUES,
    names.REQUESTS,
    names.REPLIES,
    names.RESULTS,
    names.UPLOADS,
)


class RunFolder:
    """The paths of one run folder; nothing is read or written but by `create`.

    Parameters
    ----------
    path : str or path
        The folder itself.
    """

    __slots__ = ("path",)

    def __init__(self, path: Union[str, os.PathLike[str]]) -> None:
        self.path = Path(path)

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def create(self) -> RunFolder:
        """Make the folder and those in it, for their owner alone; what exists stays."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _FOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        return self

    @property
    def job(self) -> Path:
        """``job.json``: what to run, written once by the dispatcher."""
        return self.path / names.JOB

    @property
    def control(self) -> Path:
        """``control.json``: the dispatcher's word to the agent."""
        return self.path / names.CONTROL

    @property
    def cancel_ready(self) -> Path:
        """``cancel.json``: the word for a cancel, to be renamed to the one above where the disk has no room."""
        return self.path / names.CANCEL_READY

    @property
    def code(self) -> Path:
        """The snapshot, unpacked."""
        return self.path / names.CODE

    def working_directory(self, relative: str) -> Path:
        """The script's working directory, from `Job.working_directory`; it never leaves code/."""
        if ".." in PurePosixPath(relative).parts or relative.startswith("/"):
            raise InvalidPath(
                f"The working directory {relative!r} leaves the snapshot.", hint="Use a folder inside it."
            )
        return self.code / relative

    @property
    def inputs(self) -> Path:
        """Captured variables and data."""
        return self.path / names.INPUTS

    @property
    def outputs(self) -> Path:
        """What the script leaves."""
        return self.path / names.OUTPUTS

    @property
    def logs(self) -> Path:
        """``std.log``, ``agent.log`` and the script's own logs."""
        return self.path / names.LOGS

    @property
    def std_log(self) -> Path:
        """Standard output and error of the script, in order, raw bytes."""
        return self.path / names.STD_LOG

    @property
    def agent_log(self) -> Path:
        """The agent's own few lines."""
        return self.path / names.AGENT_LOG

    @property
    def environment_log(self) -> Path:
        """What was said while the run's environment was built."""
        return self.path / names.ENVIRONMENT_LOG

    @property
    def progress(self) -> Path:
        """``progress.json``: how far a notebook is, as its runner says."""
        return self.path / names.PROGRESS

    @property
    def journal(self) -> Path:
        """Metric points; see `jupyter_mlws.runfolder.journal`."""
        return self.path / names.JOURNAL

    @property
    def values(self) -> Path:
        """Values that are more than numbers; see `jupyter_mlws.runfolder.values`."""
        return self.path / names.VALUES

    @property
    def mailbox(self) -> Path:
        """What the script asks of the workspace."""
        return self.path / names.MAILBOX

    @property
    def requests(self) -> Path:
        """One JSON file for each request."""
        return self.path / names.REQUESTS

    @property
    def replies(self) -> Path:
        """One JSON file for each answer."""
        return self.path / names.REPLIES

    @property
    def results(self) -> Path:
        """Display data and returned names of a cell."""
        return self.path / names.RESULTS

    @property
    def uploads(self) -> Path:
        """Files given to ``run.upload_file``, mirrored by name."""
        return self.path / names.UPLOADS

    @property
    def children(self) -> Path:
        """Run folders of child runs made inside the script."""
        return self.path / names.CHILDREN

    @property
    def state(self) -> Path:
        """The agent's transitions; see `jupyter_mlws.runfolder.state`."""
        return self.path / names.STATE

    @property
    def heartbeat(self) -> Path:
        """A counter that the agent rewrites."""
        return self.path / names.HEARTBEAT

    @property
    def lock(self) -> Path:
        """Held by the one agent of this folder."""
        return self.path / names.AGENT_LOCK

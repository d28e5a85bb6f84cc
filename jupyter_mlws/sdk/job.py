"""The run seen from inside: logging costs a store into mapped memory, asking costs a file in the mailbox."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from jupyter_mlws import faults
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.domain.run import RunUpdate
from jupyter_mlws.errors import NotFound, WrongState
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder

if TYPE_CHECKING:
    from jupyter_mlws.api.mailbox import MailboxApi

__all__ = ["ActiveRun", "active_run"]

_active: ActiveRun | None = None


class ActiveRun:
    """The run that this process belongs to.

    Logging is safe from any thread and from forked processes. Nothing here waits for the workspace: what was logged or
    asked before the process dies is taken up by the dispatcher.
    """

    def __init__(self, folder: RunFolder, facts: Mapping[str, Any]) -> None:
        self._folder = folder
        self._facts = facts
        self._journal = JournalWriter(folder)
        # The two hot paths, bound once: an attribute look-up less on each call.
        self._log = self._journal.log
        self._log_many = self._journal.log_many

    @property
    def id(self) -> str:
        """Opaque id of the run."""
        return str(self._facts["run_id"])

    @property
    def number(self) -> int:
        """Small number of the run in its workspace; 0 for an offline run."""
        return int(self._facts["run_number"])

    @property
    def experiment(self) -> str:
        """Name of the experiment."""
        return str(self._facts["experiment"])

    @property
    def params(self) -> dict[str, str]:
        """Parameters as text."""
        return dict(self._facts.get("params", {}))

    @property
    def is_offline(self) -> bool:
        """Whether no workspace follows this run."""
        return self.number == 0

    def log(self, name: str, value: float, step: int | None = None) -> None:
        """Log one value of a metric.

        Parameters
        ----------
        name : str
            1 to 255 characters.
        value : float
            Anything that is a number; NaN and infinities are kept.
        step : int, optional
            Without it values count up from 0.

        Raises
        ------
        InvalidInput
            The value is no number; the message names metric and type.
        """
        self._log(name, value, step)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log several metrics with one step."""
        self._log_many(metrics, step)

    def tag(self, key: str, value: object = "") -> None:
        """Set a tag of the run."""
        self._mailbox().runs.update(self.id, RunUpdate(tags={key: str(value)}))

    def upload_file(self, name: str, path_or_stream: str | os.PathLike[str] | BinaryIO) -> None:
        """Keep a file with the run under `name`; what is in ``outputs/`` is kept without this.

        Parameters
        ----------
        name : str
            Relative name such as ``plots/roc.png``.
        path_or_stream : path-like or binary file
        """
        target = self._upload_target(check_file_name(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder.uploads, prefix=".mlws-")
        try:
            with os.fdopen(handle, "wb") as out:
                faults.point("sdk.upload")
                _copy(path_or_stream, out)
            faults.point("sdk.upload_rename")
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise

    def _upload_target(self, name: str) -> Path:
        head, _, rest = name.partition("/")
        roots = {"outputs": self._folder.outputs, "logs": self._folder.logs}
        if rest and head in roots:
            return Path(roots[head], rest)
        return Path(self._folder.uploads, name)

    def register_model(
        self, name: str, path: str, tags: Mapping[str, str] | None = None, description: str = ""
    ) -> None:
        """Register a file or folder of this run, such as ``outputs/model.pkl``, as a new version of a model.

        The dispatcher does it while the script goes on; a name or path that it refuses is shown with the run.
        """
        wish = ModelRegistration(name=name, run_id=self.id, path=path, tags=dict(tags or {}), description=description)
        self._mailbox().models.register(wish)

    def _mailbox(self) -> MailboxApi:
        from jupyter_mlws.api.mailbox import MailboxApi

        return MailboxApi(self._folder)

    def __repr__(self) -> str:
        return f"Run {self.id} (offline)" if self.is_offline else f"Run #{self.number} {self.experiment}"


def _copy(source: str | os.PathLike[str] | BinaryIO, out: BinaryIO) -> None:
    if not isinstance(source, (str, os.PathLike)):
        shutil.copyfileobj(source, out)
        return
    if not os.path.isfile(source):
        raise NotFound(f"There is no file {os.fspath(source)!r} to upload.")
    with open(source, "rb") as file:
        shutil.copyfileobj(file, out)


def active_run(allow_offline: bool = True) -> ActiveRun:
    """The run of this process: the job's, else an offline one made at the first call."""
    global _active
    if _active is not None:
        return _active
    job = get_job_context()
    if job is not None:
        _active = ActiveRun(job.folder, job.facts)
    elif allow_offline:
        _active = _offline()
    else:
        raise WrongState("This process belongs to no run.", hint="Submit it with %%submit or Experiment.submit.")
    return _active


def _offline() -> ActiveRun:
    run_id = f"OfflineRun_{uuid.uuid4()}"
    folder = RunFolder(places.data_dir() / "offline" / run_id)
    folder.create()
    facts = {"run_id": run_id, "run_number": 0, "experiment": "offline", "protocol_version": 1}
    faults.point("sdk.offline")
    Path(folder.job).write_text(json.dumps(facts))
    print(f"No run is active here: metrics are recorded offline in {folder.path}", file=sys.stderr)
    return ActiveRun(folder, facts)

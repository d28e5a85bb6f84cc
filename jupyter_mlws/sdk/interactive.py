"""A run that logs from this very process: a notebook's kernel, or a script that nobody submitted.

Several may go on at once. The newest that has not ended is the *active* one: `Run.get_context()` and `mlws.log` mean
it, and when it ends the one before it is active again.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.run import RunSource
from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest
from jupyter_mlws.errors import InvalidInput, MlwsError, WrongState
from jupyter_mlws.runfolder import wire
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.runfolder.files import write_whole
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.protocol import PROTOCOL_VERSION
from jupyter_mlws.sdk import ending
from jupyter_mlws.sdk.agent_thread import AgentThread
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.sdk.mirror import Mirror
from jupyter_mlws.sdk.offline_folders import offline_dir
from jupyter_mlws.sdk.remote import far_server, take_snapshot
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.watched_outputs import WatchedOutputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain import run as words
    from jupyter_mlws.domain.child import RunEnd
    from jupyter_mlws.domain.model import ModelRegistration
    from jupyter_mlws.domain.run import RunUpdate
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.model import Model
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["InteractiveRun", "current", "start_logging"]

# How long `complete` waits until the workspace says so, too; at the end of the process nothing is waited for but the
# way to a workspace elsewhere.
_END_S = 30.0
_AT_EXIT_S = 10.0
_PAUSE_S = 0.05
# Every so often somebody has to look, so that a dispatcher which died is followed by another.
_ATTEND_S = 20.0

_open: list[InteractiveRun] = []


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


class InteractiveRun(ActiveRun):
    """A run of this process; made by `Experiment.start_logging`.

    Use it as a context manager, or end it with `complete` or `fail`. Left open it is completed when the interpreter
    ends, and failed where it ends with an exception; that of a killed process is Failed soon after. Canceled from
    outside it is over and takes nothing more, but the process goes on.

    Parameters
    ----------
    workspace : Workspace
    record : domain record of the run
    folder : RunFolder
    elsewhere : bool
        The workspace is on the other side of HTTP, and the folder is sent there.
    outputs : WatchedOutputs
    """

    def __init__(
        self, workspace: Workspace, record: words.Run, folder: RunFolder, *, elsewhere: bool, outputs: WatchedOutputs
    ) -> None:
        super().__init__(folder, _facts(record, workspace), workspace=lambda: workspace, followed=True)
        self._record = record
        self._outputs = outputs
        self._process = os.getpid()
        self._quiet = False
        self._attended_at = time.monotonic()
        self._agent = AgentThread(folder, self._was_canceled, self._was_put_away, self._attend, elsewhere=elsewhere)
        self._mirror = Mirror(workspace.api, self.id, folder, _say) if elsewhere else None
        self._agent.start()
        if self._mirror is not None:
            self._mirror.start()
        _open.append(self)

    # -- asking

    @property
    def _over(self) -> bool:
        """Whether the run takes nothing more, and is asked for as any other."""
        return self._ended

    @property
    def _api(self) -> Api:
        self._attend()
        return super()._api

    def _attend(self) -> None:
        """Have a look at the run now and then: that wakes a dispatcher where none is left."""
        now = time.monotonic()
        if now - self._attended_at < _ATTEND_S or self._process != os.getpid():
            return
        self._attended_at = now
        try:
            self.workspace.api.runs.get(self.id)
        except MlwsError:
            return  # whoever asks for something hears of it

    @property
    def _is_job(self) -> bool:
        return False

    @property
    def _name(self) -> str:
        return f"Run #{self.number}"

    # -- what goes to the folder while it is there, and to the workspace afterwards

    def _update(self, update: RunUpdate) -> None:
        if self._over:
            Run._update(self, update)
        else:
            super()._update(update)

    def _taken(self, names: Sequence[str]) -> set[str]:
        return Run._taken(self, names) if self._over else super()._taken(names)

    def _keep(self, name: str, file: BinaryIO) -> None:
        if self._over:
            Run._keep(self, name, file)
        else:
            super()._keep(name, file)

    def _register(self, wish: ModelRegistration) -> Model:
        return Run._register(self, wish)  # a person waits for it

    def _tell(self, noun: str, operation: str, *arguments: Any) -> str:
        if self._over and not self._quiet:
            raise self._has_ended()
        return super()._tell(noun, operation, *arguments)

    def _record_value(self, name: str, kind: str, value: Any, step: int | None, description: str) -> None:
        if not self._over:
            super()._record_value(name, kind, value, step, description)
        elif not self._quiet:
            raise self._has_ended()

    def _keep_picture(self, name: str, data: bytes, suffix: str) -> str:
        if not self._over:
            return super()._keep_picture(name, data, suffix)
        if not self._quiet:
            raise self._has_ended()
        return f"{name}{suffix}"

    def _has_ended(self) -> WrongState:
        return WrongState(
            f"{self._name} has ended, so nothing more is logged to it.",
            hint="Start another one with Experiment.start_logging().",
        )

    def _refuse(self, *values: Any, **named: Any) -> None:
        raise self._has_ended()

    def _ignore(self, *values: Any, **named: Any) -> None:
        """Take what a training logs that goes on although its run was canceled."""

    # -- the end

    def _end(self, end: RunEnd) -> None:
        """End the run and wait until the workspace says so; a fork leaves it to its parent."""
        if not self._say_end(end):
            return
        self._arrive(_END_S)
        deadline = time.monotonic() + _END_S
        while not self.refresh().status.is_terminal:
            if time.monotonic() > deadline:
                _say(f"{self._name} is ended; the workspace has not taken in everything yet, and goes on by itself.")
                return
            time.sleep(_PAUSE_S)

    def _say_end(self, end: RunEnd) -> bool:
        """Write down how the run ended; False where it had ended before, or in a fork."""
        if self._ended or self._process != os.getpid():
            return False
        self._keep_outputs()
        self._close(quiet=False)
        return self._agent.end(end.status.value, None if end.error is None else to_builtins(end.error))

    def _keep_outputs(self) -> None:
        try:
            self._outputs.keep(self._folder.outputs)
        except OSError as error:
            _say(f"Not all of {self._outputs.path} could be kept with {self._name}: {error.strerror}.")

    def _close(self, *, quiet: bool) -> None:
        self._ended, self._quiet = True, quiet
        self._log = self._log_many = self._ignore if quiet else self._refuse
        if not quiet and self in _open:
            _open.remove(self)

    def _arrive(self, timeout_s: float) -> None:
        """Have all of it at the workspace; where that does not come to pass it stays here, and can be imported."""
        if self._mirror is None:
            return
        if self._mirror.flush(timeout_s):
            self._mirror.stop()
            shutil.rmtree(self._folder.path, ignore_errors=True)
        else:
            self._mirror.stop()
            _say(f"Not all of {self._name} has reached the workspace. Bring it there: mlws import {self._folder.path}")

    def _was_canceled(self) -> None:
        """In the agent's thread: the run was canceled from outside."""
        if self._ended:
            return
        self._close(quiet=True)
        _say(f"{self._name} was canceled: what is logged from now on is not kept. This process goes on.")
        if self._agent.end("Canceled"):
            self._arrive(_END_S)

    def _was_put_away(self) -> None:
        """In the agent's thread: the workspace has ended the run, for nothing was heard of it."""
        if self._ended:
            return
        self._close(quiet=True)
        _say(f"{self._name} was ended by its workspace: what is logged from now on is not kept. This process goes on.")

    def _end_at_exit(self) -> None:
        error = None if "IPython" in sys.modules else getattr(sys, "last_value", None)
        if self._say_end(ending.completed() if error is None else ending.failed(error)):
            self._arrive(_AT_EXIT_S)


def _facts(record: words.Run, workspace: Workspace) -> dict[str, Any]:
    return {
        "run_id": record.id,
        "run_number": record.number,
        "experiment": record.experiment,
        "workspace_id": workspace.id,
        "protocol_version": PROTOCOL_VERSION,
        "kind": record.kind,
        "display_name": record.display_name,
        "params": dict(record.params),
        "tags": dict(record.tags),
        "command": list(record.command),
        "host": socket.gethostname(),
    }


def current() -> InteractiveRun | None:
    """The active interactive run of this process; a fork has that of its parent."""
    return _open[-1] if _open else None


def start_logging(
    experiment: Experiment,
    display_name: str | None = None,
    outputs: str | os.PathLike[str] | bool | None = None,
    snapshot_directory: str | os.PathLike[str] | None = ".",
    params: Mapping[str, object] | None = None,
    tags: Mapping[str, object] | None = None,
) -> InteractiveRun:
    """Begin a run of this process; see `Experiment.start_logging`."""
    job = get_job_context()
    if job is not None:
        raise WrongState(
            f"This process belongs to run {job.facts.get('run_id')} already.",
            hint="Begin a run below it: Run.get_context().child_run().",
        )
    workspace = experiment.workspace
    watched = WatchedOutputs(outputs)
    report = _snapshot(workspace, snapshot_directory)
    elsewhere = _is_elsewhere(workspace)
    wish = RunStart(
        experiment=experiment.name,
        display_name=display_name or "",
        tags=_text(tags, "tags"),
        params=_text(params, "params"),
        command=tuple(getattr(sys, "orig_argv", sys.argv)),
        logged_from=socket.gethostname() if elsewhere else "",
        snapshot_id=report.snapshot.id if report and report.snapshot else None,
        snapshot_scope=report.scope if report else "",
        links=report.links if report else (),
        git=report.git if report else None,
        notes=report.warnings if report else (),
        source=RunSource(document=_document()),
    )
    record = workspace.api.runs.start(wish)
    for warning in record.warnings:
        _say(warning)
    folder = _folder(workspace, record, elsewhere=elsewhere)
    return InteractiveRun(workspace, record, folder, elsewhere=elsewhere, outputs=watched)


def _is_elsewhere(workspace: Workspace) -> bool:
    from jupyter_mlws.domain.workspace import is_url

    return is_url(workspace.location)


def _folder(workspace: Workspace, record: words.Run, *, elsewhere: bool) -> RunFolder:
    """Where this process logs: the run's own folder, or a local one that is sent there."""
    if not elsewhere:
        return RunFolder(os.path.join(workspace.location, "runs", record.id)).create()
    folder = RunFolder(offline_dir() / record.id).create()
    write_whole(folder.job, wire.dumps(_facts(record, workspace)))
    return folder


def _snapshot(workspace: Workspace, directory: str | os.PathLike[str] | None) -> SnapshotReport | None:
    if directory is None:
        return None
    if not os.path.isdir(directory):
        raise InvalidInput(
            f"There is no folder {os.fspath(directory)!r} to snapshot.", hint="Give snapshot_directory=None for none."
        )
    request = SnapshotRequest(directory=os.path.realpath(directory), rule="directory")
    return take_snapshot(workspace.api, request, far_server(workspace.api))


def _text(values: Mapping[str, object] | None, kind: str) -> dict[str, str]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise InvalidInput(f"The {kind} must be a dict, not {type(values).__name__}.", hint="Give {name: value}.")
    return {key: "" if value is None else str(value) for key, value in values.items()}


def _document() -> str:
    """The notebook of this kernel as its server shows it, or the script."""
    if "ipykernel" in sys.modules:
        from jupyter_mlws.api.discovery import discover

        facts = discover()
        told = facts.document if facts is not None else os.environ.get("JPY_SESSION_NAME", "")
        return told if told.endswith(".ipynb") else ""
    script = sys.argv[0] if sys.argv else ""
    return os.path.basename(script) if os.path.isfile(script) else ""


@atexit.register
def _at_exit() -> None:
    for run in reversed(_open[:]):
        run._end_at_exit()

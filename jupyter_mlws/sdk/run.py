"""`Run`: one tracked execution, seen from outside; inside a job `Run.get_context()` gives the run that logs."""

from __future__ import annotations

import builtins
import os
import pickle
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain import run as words
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import NotFound, RunFailed, UsageError, WrongState
from jupyter_mlws.sdk.files import save

if TYPE_CHECKING:
    from jupyter_mlws.api.series import Series
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.job import ActiveRun
    from jupyter_mlws.sdk.model import Model
    from jupyter_mlws.sdk.workspace import RunList, Workspace

__all__ = ["Run"]

# A live record is fetched again when it is older than this.
_FRESH_S = 0.2
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.05, 1.0


class Run:
    """A run of a workspace.

    Parameters
    ----------
    workspace : Workspace
    record : domain record of the run
    """

    def __init__(self, workspace: Workspace, record: words.Run) -> None:
        self.workspace = workspace
        self._record = record
        self._read_at = time.monotonic()

    # -- finding

    @staticmethod
    def get(workspace: Workspace, run: str | int) -> Run:
        """The run of this id or number, or `NotFound`."""
        return Run(workspace, workspace.api.runs.get(str(run)))

    @staticmethod
    def list(experiment: Experiment, *, include_children: bool = False) -> RunList:
        """Runs of an experiment, newest first."""
        return experiment.get_runs(include_children=include_children)

    @staticmethod
    def get_context(allow_offline: bool = True) -> ActiveRun:
        """The run that this process belongs to.

        Inside a job it logs to the job's run. Elsewhere it is an offline run, recorded in the user's data folder and
        announced by one printed line; with `allow_offline=False` it raises `WrongState` instead.
        """
        from jupyter_mlws.sdk.job import active_run

        return active_run(allow_offline)

    # -- facts

    @property
    def record(self) -> words.Run:
        """The whole record; fetched again while the run lives."""
        if not self._record.status.is_terminal and time.monotonic() - self._read_at > _FRESH_S:
            self.refresh()
        return self._record

    def refresh(self) -> words.Run:
        """Fetch the record now."""
        self._record = self.workspace.api.runs.get(self._record.id)
        self._read_at = time.monotonic()
        return self._record

    @property
    def id(self) -> str:
        """Opaque id, unique everywhere."""
        return self._record.id

    @property
    def number(self) -> int:
        """Small number, unique in the workspace."""
        return self._record.number

    @property
    def experiment(self) -> Experiment:
        """The experiment that groups this run."""
        from jupyter_mlws.sdk.experiment import Experiment

        return Experiment(self.workspace, self._record.experiment)

    @property
    def status(self) -> str:
        """State, such as 'Running' or 'Completed'."""
        return self.record.status.value

    @property
    def tags(self) -> dict[str, str]:
        """Tags."""
        return dict(self.record.tags)

    @property
    def params(self) -> dict[str, str]:
        """Parameters as text."""
        return dict(self._record.params)

    @property
    def display_name(self) -> str:
        """Name for people; may be empty."""
        return self.record.display_name

    def get_status(self) -> str:
        """The state as of now."""
        return self.refresh().status.value

    def get_details(self) -> dict[str, Any]:
        """Facts of the run under the classic workspace's keys.

        ``error`` is None or a dict with ``code``, ``message``, ``exit_code``, ``signal`` and ``traceback``.
        """
        record = self.refresh()
        return {
            "runId": record.id,
            "runNumber": record.number,
            "experiment": record.experiment,
            "target": record.compute_target,
            "status": record.status.value,
            "startTimeUtc": record.started_at,
            "endTimeUtc": record.ended_at,
            "error": None if record.error is None else dict(vars(record.error)),
            "warnings": list_of(record.warnings),
            "tags": dict(record.tags),
            "params": dict(record.params),
            "properties": dict(record.properties),
            "snapshotId": record.snapshot_id,
            "runDefinition": {
                "command": list_of(record.command),
                "arguments": list_of(record.arguments),
                "environment": record.environment,
                "workingDirectory": record.working_directory,
            },
            "logFiles": [file.name for file in self._files(FileKind.LOG)],
            "submittedBy": record.user,
        }

    # -- waiting and stopping

    def wait_for_completion(self, show_output: bool = False, raise_on_error: bool = True) -> dict[str, Any]:
        """Wait for the end and return `get_details()`.

        Parameters
        ----------
        show_output : bool
            Print the log as it grows.
        raise_on_error : bool
            Raise `RunFailed` if the run ends as Failed.

        Notes
        -----
        An interrupt stops the waiting, not the run, and says how to cancel it.
        """
        try:
            self._wait(show_output)
        except KeyboardInterrupt:
            print(f"\nRun #{self.number} goes on. Cancel it with mlws.run({self.number}).cancel().", file=sys.stderr)
            raise
        if raise_on_error and self.record.status is RunStatus.FAILED:
            raise self._failure()
        return self.get_details()

    def _failure(self) -> RunFailed:
        """Why the run failed; for a sweep, why the first of its runs that failed did."""
        failed = self
        said = f"Run #{self.number} failed"
        if self._record.child_count:
            ended = [child for child in self.get_children() if child._record.status is RunStatus.FAILED]
            failed = ended[0] if ended else self
            said = (
                f"{len(ended)} of the {self._record.child_count} runs of #{self.number} failed, first #{failed.number}"
            )
        cause = failed._record.error
        return RunFailed(
            f"{said}: {cause.message if cause else 'no reason was recorded.'}",
            hint=f"Its log: mlws.run({failed.number}).get_log()",
            details={"run": failed.id, "traceback": cause.traceback if cause else ""},
        )

    def _wait(self, show_output: bool) -> None:
        offset, pause, told = 0, _FIRST_PAUSE_S, ""
        while True:
            ended = self.refresh().status.is_terminal
            before = offset
            waiting = "" if ended else self._record.waiting_for
            if show_output and waiting and waiting != told:
                told = waiting
                print(f"Run #{self.number} is {self._record.status}, {waiting.rstrip('.')}.", file=sys.stderr)
            if show_output:
                offset = self._print_log(offset)
            if ended:
                return
            pause = _FIRST_PAUSE_S if offset > before else min(pause * 1.3, _LAST_PAUSE_S)
            time.sleep(pause)

    def _print_log(self, offset: int) -> int:
        while True:
            part = self.workspace.api.logs.read(self.id, offset=offset)
            sys.stdout.write(part.text)
            if part.next_offset == offset:
                sys.stdout.flush()
                return offset
            offset = part.next_offset

    def cancel(self) -> None:
        """Ask for the end of the run and of its children; an ended run stays as it is."""
        self._record = self.workspace.api.runs.cancel(self.id)
        self._read_at = time.monotonic()

    # -- what it left

    def get_log(self, name: str = "std.log") -> str:
        """A whole log as text."""
        parts, offset = [], 0
        while True:
            part = self.workspace.api.logs.read(self.id, name=name, offset=offset)
            parts.append(part.text)
            if part.next_offset == offset:
                return "".join(parts)
            offset = part.next_offset

    def get_outputs(self) -> builtins.list[dict[str, Any]]:
        """What the cell displayed, as outputs of the notebook format (``display_data``, ``execute_result``), in order.

        Figures are there as ``data["image/png"]`` in base64. Later updates and clears of an output are applied.
        """
        from jupyter_mlws.sdk.outputs import read_outputs

        try:
            return read_outputs(self.workspace.api.files.download(self.id, "display.jsonl", kind="result").read())
        except NotFound:
            return []

    def get_metrics(self, name: str | None = None) -> dict[str, float | builtins.list[float]]:
        """Metrics as ``{name: value}``, or a list of values where one was logged more than once.

        Parameters
        ----------
        name : str, optional
            Only this metric.
        """
        names = [name] if name is not None else [summary.name for summary in self._summaries()]
        values = {}
        for key in names:
            column = self.metric(key).columns["value"]
            values[key] = column[0] if len(column) == 1 else column.tolist()
        return values

    def metric(self, name: str) -> Series:
        """One metric with its columns step, time (seconds since 1970) and value as arrays of float64."""
        from jupyter_mlws.api.series import decode_series

        return decode_series(self.workspace.api.metrics.read(self.id, name).read())

    def _summaries(self) -> Iterator[Any]:
        cursor = None
        while True:
            page = self.workspace.api.metrics.list(self.id, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _files(self, kind: FileKind) -> Iterator[RunFile]:
        cursor = None
        while True:
            page = self.workspace.api.files.list(self.id, kind=kind.value, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def get_file_names(self) -> builtins.list[str]:
        """Names of the run's outputs, relative to the script's working directory, and of its logs."""
        logs = [file.name for file in self._files(FileKind.LOG)]
        return [file.name for file in self._files(FileKind.OUTPUT)] + [f"logs/{name}" for name in logs]

    def download_file(self, name: str, output_file_path: str | os.PathLike[str] | None = None) -> str:
        """Save one of `get_file_names()` and return its path.

        Parameters
        ----------
        output_file_path : path-like, optional
            File to write, or an existing folder; default: the file's last name, in the working directory.
        """
        target = os.fspath(output_file_path) if output_file_path is not None else "."
        if os.path.isdir(target):
            target = os.path.join(target, name.rsplit("/", 1)[-1])
        return save(self._download(name), target)

    def _download(self, name: str) -> Any:
        try:
            return self.workspace.api.files.download(self.id, name)
        except NotFound:
            if name in ("logs/std.log", "logs/agent.log"):
                return self.workspace.api.files.download(self.id, name[5:], kind="log")
            raise

    def get_snapshot_id(self) -> str | None:
        """Id of the snapshot that the run ran from; None without one."""
        return self._record.snapshot_id

    def restore_snapshot(self, path: str | os.PathLike[str] | None = None) -> str:
        """Save the run's snapshot as a zip and return its path (default ``run-<number>-snapshot.zip``)."""
        snapshot = self.get_snapshot_id()
        if snapshot is None:
            raise WrongState(f"Run #{self.number} was submitted without a snapshot.")
        target = os.fspath(path) if path is not None else "."
        if os.path.isdir(target):
            target = os.path.join(target, f"run-{self.number}-snapshot.zip")
        return save(self.workspace.api.snapshots.download(snapshot), target)

    def register_model(self, name: str, path: str, tags: dict[str, str] | None = None, description: str = "") -> Model:
        """Register a file, or a folder of files, that the run left as a new version of a model.

        Parameters
        ----------
        name : str
            The model's name.
        path : str
            One of `get_file_names()`, such as ``outputs/model.pkl``, or a folder of them.
        """
        from jupyter_mlws.sdk.model import Model

        wish = ModelRegistration(name=name, run_id=self.id, path=path, tags=dict(tags or {}), description=description)
        return Model._of(self.workspace, self.workspace.api.models.register(wish))

    def tag(self, key: str, value: object = "") -> None:
        """Set a tag."""
        self._record = self.workspace.api.runs.update(self.id, RunUpdate(tags={key: str(value)}))

    def get_children(self) -> RunList:
        """Children of a sweep, in their order."""
        from jupyter_mlws.sdk.workspace import RunList

        found, cursor = RunList(), None
        while True:
            page = self.workspace.api.runs.list(parent=self.id, limit=500, cursor=cursor)
            found += [Run(self.workspace, record) for record in page.items]
            cursor = page.next_cursor
            if cursor is None:
                found.reverse()
                return found

    @property
    def parent(self) -> Run | None:
        """The sweep that this run belongs to."""
        parent = self._record.parent_id
        return Run.get(self.workspace, parent) if parent else None

    # -- what came back

    def __getitem__(self, name: str) -> Any:
        """A name that the cell assigned, as it was at the cell's end.

        The value is unpickled, which runs code: only read runs that you trust as much as your own notebook.
        """
        if not isinstance(name, str):
            raise UsageError("Name what you want back.", hint='For example run["model"].')
        if not self.refresh().status.is_terminal:
            raise WrongState(f"Run #{self.number} is still {self.status}.", hint="Wait: run.wait_for_completion()")
        try:
            return pickle.loads(self.workspace.api.files.download(self.id, f"{name}.pkl", kind="result").read())
        except NotFound:
            known = ", ".join(self.keys()) or "nothing"
            raise NotFound(f"Run #{self.number} returned no {name!r}.", hint=f"It returned: {known}.") from None

    def keys(self) -> builtins.list[str]:
        """Names that the cell returned."""
        return [file.name[:-4] for file in self._files(FileKind.RESULT) if file.name.endswith(".pkl")]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        from jupyter_mlws.sdk.text import metric_text

        record = self.record
        return " ".join(
            word
            for word in (f"Run #{record.number}", record.experiment, record.status.value, metric_text(record))
            if word
        )


def list_of(items: tuple[str, ...]) -> builtins.list[str]:
    """A fresh list (the name `list` is a method of `Run`)."""
    return [*items]

"""The run seen from inside: logging costs a store into mapped memory, asking costs a file in the mailbox."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from jupyter_mlws.errors import InvalidInput, StorageFull, TooLarge, Unavailable, WrongState
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.values import ValuesWriter
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.value_logging import checked_name

if TYPE_CHECKING:
    from types import TracebackType

    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.api.mailbox import MailboxApi
    from jupyter_mlws.domain import run as words
    from jupyter_mlws.domain.child import NewChild, RunEnd
    from jupyter_mlws.domain.model import ModelRegistration
    from jupyter_mlws.domain.run import RunUpdate
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.model import Model
    from jupyter_mlws.sdk.watched_outputs import WatchedOutputs
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["ActiveRun"]

_PAUSE_S = 0.05


class ActiveRun(Run):
    """A run that this process logs: that of its job, one that it began below it, or one in a notebook.

    All of `Run` works here too, as questions that wait for their answer. Logging and what is told (tags, properties,
    children, uploads, models) never waits: what was logged or told before the process dies is taken up all the same.
    Logging is safe from any thread and from forked processes.

    Parameters
    ----------
    folder : RunFolder
    facts : mapping
        ``job.json`` of the folder.
    workspace : callable, optional
        Gives the workspace when it is first needed; by default the one that answers through the folder's mailbox.
    followed : bool, optional
        Whether a workspace takes up what the folder holds; by default so for a run that has a number.
    parent : ActiveRun, optional
        The run of this process that this one is below.
    """

    def __init__(
        self,
        folder: RunFolder,
        facts: Mapping[str, Any],
        *,
        workspace: Callable[[], Workspace] | None = None,
        followed: bool | None = None,
        parent: ActiveRun | None = None,
    ) -> None:
        self._folder = folder
        self._facts = facts
        self._make_workspace = workspace
        self._followed = bool(facts["run_number"]) if followed is None else followed
        self._owner = parent
        self._root: RunFolder = parent._root if parent is not None else folder
        self._made: dict[str, ActiveRun] = {}
        self._seen: words.Run | None = None
        self._read_at = 0.0
        self._ended = False
        self._outputs: WatchedOutputs | None = None
        self._kinds: dict[str, str] = {}
        self._files_of: dict[str, int] = {}
        self._values = ValuesWriter(folder)
        self._journal = JournalWriter(folder, taken=self._kinds)
        # The two hot paths, bound once: an attribute look-up less on each call.
        self._log = self._journal.log
        self._log_many = self._journal.log_many

    # -- facts that need no question

    @property
    def id(self) -> str:
        """Opaque id of the run."""
        return str(self._facts["run_id"])

    @property
    def number(self) -> int:
        """Small number of the run in its workspace; 0 for an offline run."""
        known = int(self._facts["run_number"])
        return known if known or not self._followed else self._record.number

    @property
    def experiment(self) -> Experiment:
        """The experiment that groups this run."""
        from jupyter_mlws.sdk.experiment import Experiment

        return Experiment(self.workspace, str(self._facts["experiment"]))

    @property
    def params(self) -> dict[str, str]:
        """Parameters as text."""
        return dict(self._facts.get("params") or {})

    @property
    def is_offline(self) -> bool:
        """Whether no workspace follows this run."""
        return not self._followed

    @property
    def _name(self) -> str:
        return f"Run {self.id}" if self._owner is not None or self.is_offline else f"Run #{self.number}"

    @property
    def parent(self) -> Run | None:
        """The run that this one is a child of."""
        return self._owner if self._owner is not None else super().parent

    # -- asking and telling

    @property
    def workspace(self) -> Workspace:
        """The workspace that keeps the run; inside a job it answers what a job may ask."""
        if self._owner is not None:
            return self._owner.workspace
        if self._make_workspace is None:
            self._make_workspace = self._workspace_by_mailbox
        return self._make_workspace()

    def _workspace_by_mailbox(self) -> Workspace:
        from jupyter_mlws.sdk.connection import Connection
        from jupyter_mlws.sdk.workspace import Workspace

        workspace_id = str(self._facts.get("workspace_id", ""))
        return Workspace._of(Connection(api=self._api, id=workspace_id, location=f"the run folder {self._folder.path}"))

    @property
    def _over(self) -> bool:
        """Whether the folder takes nothing more, so that the workspace is asked itself."""
        return self._owner is not None and self._owner._over

    @property
    def _api(self) -> Api:
        if self._over:
            return self.workspace.api
        if not self._followed:
            from jupyter_mlws.sdk.local_api import LocalApi

            return cast("Api", LocalApi(self._root, self._folder))
        return cast("Api", self._questions())

    def _questions(self, **options: Any) -> MailboxApi:
        """What waits for its answer goes through the job's own mailbox, which is looked at most often."""
        from jupyter_mlws.api.mailbox import MailboxApi

        return MailboxApi(self._root, followed=self._followed, wait=True, **options)

    def _mailbox(self) -> MailboxApi:
        """What is told, by the run itself."""
        from jupyter_mlws.api.mailbox import MailboxApi

        return MailboxApi(self._folder, followed=self._followed)

    def _tell(self, noun: str, operation: str, *arguments: Any) -> str:
        """Ask for something without waiting; the record that we have seen is old from now on."""
        self._seen = None
        told: str = getattr(getattr(self._mailbox(), noun), operation)(*arguments)
        return told

    def _update(self, update: RunUpdate) -> None:
        self._tell("runs", "update", self.id, update)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Wait until the workspace has taken up everything that this process logged, told and uploaded.

        Raises
        ------
        Unavailable
            It has not by then; nothing is lost, and it will.
        """
        from jupyter_mlws.runfolder.outbox import wait_empty

        deadline = time.monotonic() + timeout_seconds
        if not wait_empty(timeout_seconds):
            raise Unavailable("The disk is still full, so requests to the workspace wait.", hint="Free some space.")
        if self._over:  # nobody reads its mailbox any more; what is told now is told to the workspace itself
            self._wait_until_taken_in(deadline)
        elif self._followed:
            left = max(deadline - time.monotonic(), 0.01)
            self._questions(timeout_s=left).metrics.list(self.id, limit=1)

    def _wait_until_taken_in(self, deadline: float) -> None:
        while not self.refresh().status.is_terminal:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"The workspace has not taken in all of {self._name} yet.", hint="It goes on by itself; ask again."
                )
            time.sleep(_PAUSE_S)

    # -- logging

    def log(self, name: str, value: float | None = None, step: int | None = None, description: str = "") -> None:
        """Log one value of a metric; see `Run.log`. Safe from any death of the process as soon as it returns."""
        self._log(name, value, step)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log several metrics with one step: all of them, or none if one is no number."""
        if type(metrics) is not dict and not isinstance(metrics, Mapping):
            raise InvalidInput(
                f"Several metrics are given as a dict, not as a {type(metrics).__name__}.",
                hint="Such as run.log_metrics({'loss': 0.2}).",
            )
        self._log_many(metrics, step)

    def _begin_value(self, name: object, kind: str, description: str) -> str:
        checked = checked_name(name, description)
        known = self._kinds.get(checked) or ("number" if self._journal.knows(checked) else kind)
        if known != kind:
            raise InvalidInput(
                f"The name {checked!r} belongs to a {known} in this run, so it cannot be a {kind} too.",
                hint="Log it under another name.",
            )
        return checked

    def _record_value(self, name: str, kind: str, value: Any, step: int | None, description: str) -> None:
        self._values.append(name, kind, value, step, description)
        self._kinds[name] = kind

    def _keep_bytes(self, name: str, data: bytes, suffix: str) -> str:
        from jupyter_mlws.sdk.uploading import place_value

        file, number = place_value(self._folder, name, data, suffix, self._files_of.get(name, 0))
        self._files_of[name] = number + 1
        return file

    def _drop_value(self, reason: StorageFull | TooLarge) -> None:
        self._values.drop(reason.message, surplus=isinstance(reason, TooLarge))

    def _find_secret(self, name: str) -> str:
        from jupyter_mlws.sdk.run_secrets import handed_secret

        return self._owner._find_secret(name) if self._owner is not None else handed_secret(name)

    # -- files and models

    def _taken(self, names: Sequence[str]) -> set[str]:
        from jupyter_mlws.sdk.uploading import taken

        return taken(self._folder, names)

    def _keep(self, name: str, file: BinaryIO) -> None:
        from jupyter_mlws.sdk.uploading import place

        place(self._folder, name, file)

    def _register(self, wish: ModelRegistration) -> Model:
        from jupyter_mlws.sdk.model_asked import AskedModel

        request_id = self._tell("models", "register", wish)
        return AskedModel(self.workspace, lambda: self._mailbox().answer("models.register", request_id))

    # -- children

    def child_run(
        self,
        name: str | None = None,
        run_id: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> ActiveRun:
        """Begin a run below this one, logged at full speed; see `Run.child_run`."""
        from jupyter_mlws.sdk.children import wish

        return self._begin([wish(name, params, tags)], run_id)[0]

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[object] | None = None
    ) -> list[ActiveRun]:
        """Begin several runs below this one with one request; see `Run.create_children`."""
        from jupyter_mlws.sdk.children import wishes

        return self._begin(wishes(count, tag_key, tag_values))

    def _begin(self, wanted: Sequence[NewChild], run_id: str | None = None) -> list[ActiveRun]:
        from jupyter_mlws.sdk.children import forget, make_folders, requests_of

        made = make_folders(self._root, self._facts, wanted, run_id)
        try:
            for request in requests_of([child for _, _, child in made]):
                if run_id is not None and self._followed:  # only the workspace knows whether it is free
                    self._questions().runs.create_children(self.id, request)
                else:
                    self._tell("runs", "create_children", self.id, request)
        except BaseException:
            forget(made)
            raise
        found = [self._child(folder, facts) for folder, facts, _ in made]
        self._made.update({child.id: child for child in found})
        return found

    def _child(self, folder: RunFolder, facts: Mapping[str, Any]) -> ActiveRun:
        return ActiveRun(folder, facts, followed=self._followed, parent=self)

    def _as_run(self, record: words.Run) -> Run:
        made = self._made_here(record.id)
        if made is None:
            return super()._as_run(record)
        made._record = record
        return made

    def _made_here(self, run_id: str) -> ActiveRun | None:
        """The run of this id where this process began it below this one."""
        if run_id in self._made:
            return self._made[run_id]
        return next((found for child in self._made.values() if (found := child._made_here(run_id))), None)

    # -- the end

    def start(self) -> None:
        """Nothing is to be done: a run that is logged has started. Here for scripts that call it."""

    def complete(self) -> None:
        """End this run as Completed. A job's own run ends when its script does, which is said once."""
        from jupyter_mlws.sdk.ending import completed

        if self._is_job and self._followed:
            _say_once("The run of a job ends when its script does; complete() is for child runs and interactive runs.")
        else:
            self._end(completed())

    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """End this run as Failed.

        A job's own run goes on until its script ends, and is Failed then, with this error, whatever the exit code.

        Parameters
        ----------
        error_details : str or exception, optional
            What went wrong, for people; the traceback of an exception is kept.
        error_code : str, optional
            A word for programs; by default 'failed', or the exception's name.
        _set_status : bool
            False changes nothing; here for older scripts.
        """
        from jupyter_mlws.sdk.ending import failed

        if _set_status:
            self._end(failed(error_details, error_code))

    def cancel(self) -> None:
        """End this run as Canceled. A job's processes are ended, as by a cancel from outside: this one with them."""
        if self._is_job and self._followed:
            from jupyter_mlws.runfolder.control import request_cancel

            request_cancel(self._folder)
        else:
            from jupyter_mlws.sdk.ending import canceled

            self._end(canceled())

    @property
    def _is_job(self) -> bool:
        """Whether this is the run that the process was started for."""
        return self._owner is None

    def _end(self, end: RunEnd) -> None:
        """Tell the end, once: a run that has ended stays as it is."""
        from jupyter_mlws.sdk.active import leave

        if not self._ended:
            self._keep_outputs()
            self._tell("runs", "end", self.id, end)
            self._ended = True
            leave(self)
            if self._owner is not None:  # what a job logs is kept until its script ends
                self._let_go()

    def _watch(self, outputs: WatchedOutputs) -> None:
        """Keep what appears in a folder from now on until the run ends, or the process with the run still open."""
        self._outputs = outputs
        atexit.register(self._keep_at_exit, os.getpid())

    def _keep_at_exit(self, process: int) -> None:
        """A fork leaves it to its parent."""
        if process == os.getpid() and not self._ended:
            self._keep_outputs()

    def _keep_outputs(self) -> None:
        if self._outputs is None:
            return
        atexit.unregister(self._keep_at_exit)
        try:
            self._outputs.keep(self._folder.outputs)
        except OSError as error:
            print(
                f"Not all of {self._outputs.path} could be kept with {self._name}: {error.strerror}.", file=sys.stderr
            )

    def _let_go(self) -> None:
        """Have no file of the folder open: a process may begin thousands of runs."""
        self._journal.close()
        self._values.close()

    def wait_for_completion(
        self, show_output: bool = False, wait_post_processing: bool = False, raise_on_error: bool = True
    ) -> dict[str, Any]:
        """Wait until the workspace has all of a run that this process has ended; see `Run.wait_for_completion`.

        Raises
        ------
        WrongState
            It has not ended, and nothing can wait for itself.
        """
        if not self._ended:
            raise WrongState(
                f"{self._name} is logged from this process, which cannot wait for its own end.",
                hint="End it first, with complete() or fail().",
            )
        return super().wait_for_completion(show_output, wait_post_processing, raise_on_error)

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Complete the run, or fail it where an exception leaves the block; SystemExit(0) is success.

        An interrupt, which is a person's doing, cancels it.
        """
        own = self._is_job and self._followed
        if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            if not own:
                self.complete()
        elif isinstance(error, KeyboardInterrupt) and not own:
            self.cancel()
        else:
            self.fail(error)

    def __repr__(self) -> str:
        if self._owner is not None:
            return f"Run {self.id} {self._facts['experiment']} (child)"
        return f"Run {self.id} (offline)" if self.is_offline else f"Run #{self.number} {self._facts['experiment']}"


_said: set[str] = set()


def _say_once(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        print(sentence, file=sys.stderr)

"""A run that logs from this very process: a notebook's kernel, or a script that nobody submitted.

Several may go on at once. The newest that has not ended is the *active* one: `Run.get_context()` and `mlws.log` mean
it, and when it ends the one before it is active again.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.sdk.agent_thread import AgentThread
from jupyter_mlws.sdk.closing import ClosingRun
from jupyter_mlws.sdk.mirror import Mirror
from jupyter_mlws.sdk.process_end import process_end
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.run_secrets import own_variable
from jupyter_mlws.sdk.watched_outputs import WatchedOutputs
from jupyter_mlws.sdk.workers import announce

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain import run as words
    from jupyter_mlws.domain.child import RunEnd
    from jupyter_mlws.domain.model import ModelRegistration
    from jupyter_mlws.sdk.model import Model
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["InteractiveRun", "current"]

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


class InteractiveRun(ClosingRun):
    """A run of this process; made by `Experiment.start_logging`.

    Use it as a context manager, or end it with `complete` or `fail`. Left open it is completed when the interpreter
    ends, and failed where a script ends with an exception or an exit code; that of a killed process is Failed soon
    after. Canceled from outside it is over and takes nothing more, but the process goes on.

    Parameters
    ----------
    workspace : Workspace
    record : domain record of the run
    folder : RunFolder
    facts : mapping
        What a ``job.json`` says of the run.
    elsewhere : bool
        The workspace is on the other side of HTTP, and the folder is sent there.
    outputs : WatchedOutputs
    """

    def __init__(
        self,
        workspace: Workspace,
        record: words.Run,
        folder: RunFolder,
        facts: Mapping[str, Any],
        *,
        elsewhere: bool,
        outputs: WatchedOutputs,
    ) -> None:
        super().__init__(folder, facts, workspace=lambda: workspace, followed=True)
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
        _announce()
        process_end()

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

    def _find_secret(self, name: str) -> str:
        own = own_variable(name)
        return Run._find_secret(self, name) if own is None else own

    @property
    def _name(self) -> str:
        return f"Run #{self.number}"

    @property
    def _is_quiet(self) -> bool:
        return self._quiet

    def _register(self, wish: ModelRegistration) -> Model:
        return Run._register(self, wish)  # a person waits for it

    # -- the end

    def _end(self, end: RunEnd) -> None:
        """End the run and wait until the workspace says so; a fork leaves it to its parent."""
        if not self._say_end(end):
            self._leave()
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

    def _close(self, *, quiet: bool) -> None:
        self._ended, self._quiet = True, quiet
        self._shut(quiet=quiet)
        if not quiet:
            self._leave()

    def _leave(self) -> None:
        """Be the active run no more; a fork leaves that to its parent."""
        if self._process == os.getpid() and self in _open:
            _open.remove(self)
            _announce()

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
        if self._say_end(process_end().outcome()):
            self._arrive(_AT_EXIT_S)


def _announce() -> None:
    """Have workers log to the run that is active here."""
    active = current()
    announce(None if active is None else (active._folder, active._facts))


def current() -> InteractiveRun | None:
    """The active interactive run of this process; a fork has that of its parent."""
    return _open[-1] if _open else None


@atexit.register
def _at_exit() -> None:
    for run in reversed(_open[:]):
        run._end_at_exit()

"""Following a run that logs from a process of somebody's own: it is watched, and never touched.

Its agent is a thread of that process (`jupyter_mlws.sdk.agent_thread`) and says the same words as any other. What
differs: nothing is launched, no slot is taken, no signal is sent, nothing is swept. A canceled run is told of by
``control.json`` and is over when its thread says so, or a little later; the process goes on.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.dispatcher import ending
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.following import Follower
from jupyter_mlws.dispatcher.preparing import PLAN
from jupyter_mlws.dispatcher.settings import Settings
from jupyter_mlws.dispatcher.watching import Agent
from jupyter_mlws.domain.job import Job
from jupyter_mlws.domain.names import MAX_ERROR_MESSAGE
from jupyter_mlws.domain.run import Run, RunError
from jupyter_mlws.domain.status import TERMINAL, RunStatus
from jupyter_mlws.errors import InvalidInput, WrongState
from jupyter_mlws.runfolder import control, wire
from jupyter_mlws.runfolder.files import write_whole
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity
from jupyter_mlws.store.mailbox import told_end
from jupyter_mlws.targets.base import Ground, Launch
from jupyter_mlws.targets.local import LocalTarget

__all__ = ["Bystander", "InteractiveFollower", "end_of", "make_notes"]

# How long the thread may take to acknowledge a cancel; it looks five times a second.
_ACKNOWLEDGE_S = 5.0
_MAX_TRACEBACK = 20_000


class Bystander(LocalTarget):
    """The machine as seen by one who only watches."""

    def launch(self, folder: RunFolder, run_id: str, ground: Ground) -> Launch:
        raise WrongState(f"Run {run_id} logs from its own process; nothing is started for it.")

    def signal(self, folder: RunFolder, agent: Identity, number: int) -> None:
        return

    def stop(self, folder: RunFolder, run_id: str) -> tuple[list[int], list[int]]:
        return [], []


class Bystanding(Agent):
    """The thread that is an interactive run's agent, as the dispatcher sees it.

    Attributes
    ----------
    elsewhere : bool
        The folder is written over HTTP: a silence may be the network's, and is borne for longer.
    """

    def __init__(self, folder: RunFolder, settings: Settings) -> None:
        super().__init__(Bystander(), folder, settings, None)
        self.elsewhere = False
        self._asked_at: float | None = None

    def _take(self, event: dict[str, Any]) -> tuple[RunStatus, datetime | None] | None:
        if event["event"] == "started":
            self.elsewhere = event.get("elsewhere") is True
        return super()._take(event)

    def _refuse_anothers(self, agent: Identity) -> None:
        if not self.elsewhere:
            super()._refuse_anothers(agent)

    def _says_nothing(self) -> bool:
        if self.identity is None or not self.elsewhere:
            return super()._says_nothing()
        return self._unseen and time.monotonic() - self._beat_at > self._settings.remote_lost_s

    def _lose(self) -> None:
        super()._lose()
        if self.identity is None:
            self.lost_because = "The process that started this run ended before it logged anything."
        elif self._unseen:
            self.lost_because = f"Nothing was heard any more of the process on {self.identity.host} that logs this run."
        elif not self._was_rebooted():
            self.lost_because = "The process that logged this run ended without completing it."

    def wait_until_gone(self, timeout_s: float) -> None:
        """The process goes on, and has let go of the folder with its last word."""
        return

    def cancel(self) -> None:
        """Tell the thread; the process itself is never ended by us."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            with suppress(OSError):
                control.request_cancel(self._folder)
        elif time.monotonic() - self._asked_at > _ACKNOWLEDGE_S:
            self.over = True


class InteractiveFollower(Follower):
    """Sees an interactive run through."""

    def __init__(self, context: Context, run: Run) -> None:
        super().__init__(context, run, Bystander())

    def _start(self) -> Agent | None:
        """The run's agent; None if we had to leave before the folder could be written to."""

        def prepare() -> None:
            faults.point("interactive.notes")
            self._folder.create()
            make_notes(self._context, self._folder, self.run_record)

        if not self._until_done(prepare):
            return None
        return Bystanding(self._folder, self._context.settings)

    def _outcome(self, agent: Agent, killed: list[int]) -> tuple[RunStatus, RunError | None]:
        if agent.ended is not None:
            with self._context.store.read() as c:
                return ending.as_told(end_of(agent.ended), told_end(c, self.run_record.id))
        if self._canceling.is_set():
            return RunStatus.CANCELED, None
        return RunStatus.FAILED, RunError(code="process_lost", message=agent.lost_because)


def make_notes(context: Context, folder: RunFolder, run: Run) -> None:
    """Put the notes into a folder that nobody has prepared: ``job.json`` and the plan, unless they are there."""
    if not (folder.path / PLAN).exists():
        write_whole(folder.path / PLAN, wire.dumps({"baseline": {}, "warnings": []}))
        job = Job(
            run_id=run.id,
            run_number=run.number,
            experiment=run.experiment,
            workspace_id=context.workspace.id,
            command=run.command,
            kind=run.kind,
            params=dict(run.params),
            tags=dict(run.tags),
        )
        write_whole(folder.job, wire.dumps(to_builtins(job)))
    control.prepare(folder)


def end_of(event: dict[str, Any]) -> tuple[RunStatus, RunError | None]:
    """The final status, and the error of a failure, from the event ``ended`` of a thread."""
    try:
        status = RunStatus(event.get("status", RunStatus.COMPLETED.value))
    except ValueError:
        status = RunStatus.FAILED
    if status not in TERMINAL:
        status = RunStatus.FAILED
    return status, _error(event.get("error")) if status is RunStatus.FAILED else None


def _error(told: Any) -> RunError:
    """The error that a process told of its own run; it is text from outside."""
    try:
        error: RunError = from_builtins(RunError, told)
    except (InvalidInput, ValueError, TypeError):
        return RunError(code="run_failed", message="The process that logged this run ended it as failed.")
    return RunError(
        code=_plain(error.code)[:200] or "run_failed",
        message=_plain(error.message)[:MAX_ERROR_MESSAGE] or "The run failed.",
        exit_code=ending.possible_exit_code(error.exit_code),
        traceback=_plain(error.traceback)[-_MAX_TRACEBACK:],
    )


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")

"""One run from its claim to its end, in a thread of its own."""

from __future__ import annotations

import errno
import logging
import os
import select
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.dispatcher import ending
from jupyter_mlws.dispatcher.bell import bell, quiet, ring
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.intake import Intake
from jupyter_mlws.dispatcher.leaving import leave_as_it_is, tidy
from jupyter_mlws.dispatcher.starting import Canceled, Refused, Unseen, Wanted, start
from jupyter_mlws.dispatcher.taking import FAILING
from jupyter_mlws.dispatcher.turn import Superseded
from jupyter_mlws.dispatcher.unstarted import Told
from jupyter_mlws.dispatcher.watching import Agent
from jupyter_mlws.domain.run import Run, RunError
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import MlwsError, StorageFull, Unavailable, WorkspaceError
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import handover
from jupyter_mlws.store.mailbox import told_end
from jupyter_mlws.store.run_children import end_descendants
from jupyter_mlws.store.runs import get_run, move_run
from jupyter_mlws.targets.base import Target

__all__ = ["FULL", "Follower"]

_log = logging.getLogger(__name__)
_RETRY_S = 1.0
# While a run is expected to start its folder is looked at more often.
_STARTING_POLL_S = 0.02
# While a script asks one question after the other it waits for each answer.
_TALK_POLL_S = 0.005
_GONE_S = 5.0
# No room on a disk, in the memory, or for one more open file.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


class Follower(threading.Thread):
    """Starts a run, or takes up one that another dispatcher has started, and sees it through.

    Parameters
    ----------
    context : Context
    run : Run
        Claimed by this dispatcher, or by a dead one.
    target : Target
    gpus : tuple of int
        Those that a dead dispatcher gave the run, held for it.

    Attributes
    ----------
    left : bool
        It has done its work, or let go of it.
    trouble : str
        What keeps the present step from being done, one sentence; it is tried again every second.
    """

    def __init__(self, context: Context, run: Run, target: Target, gpus: tuple[int, ...] = ()) -> None:
        super().__init__(name=f"run {run.number}", daemon=True)
        self.run_record = run
        self.left = False
        self.trouble = ""
        self._context = context
        self._target = target
        self._folder = RunFolder(context.run_folder(run.id))
        self._leaving = threading.Event()
        self._canceling = threading.Event()
        if run.status is RunStatus.CANCEL_REQUESTED:
            self._canceling.set()
        self._intake: Intake | None = None
        self._handed_over = False
        self._gpus = gpus
        self._moves: list[tuple[RunStatus, datetime | None]] = []
        self._bell_read, self._bell_write = bell()

    # -- told by the main loop

    def cancel(self) -> None:
        """Have the run ended."""
        if not self._canceling.is_set():
            self._canceling.set()
            self._ring()

    def leave(self) -> None:
        """Finish the present step and let go; the run goes on without us."""
        self._leaving.set()
        self._ring()

    def _ring(self) -> None:
        ring(self._bell_write)

    def close(self) -> None:
        """Forget a follower that has left; for who rings it, since a closed bell's number may become another file."""
        os.close(self._bell_read)
        os.close(self._bell_write)

    # -- the thread

    def run(self) -> None:
        """See the run through."""
        try:
            self._see_through()
        except Superseded:
            _log.info("Run %s is left to the dispatcher that has begun after this one.", self.run_record.id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must not stay alive on paper for ever
            _log.exception("Following run #%d failed.", self.run_record.number)
            self._give_up(ending.not_followed(error))
        finally:
            self._context.logging.discard(self.run_record.id)
            self._context.maskers.pop(self.run_record.id, None)
            self.left = True
            self._context.ring()

    def _give_up(self, error: RunError) -> None:
        """A fault of ours ends the run with a sentence, not with a silence."""

        def end() -> None:
            self._context.check_turn()
            killed, _ = self._target.stop(self._folder, self.run_record.id)
            with self._context.write() as c:
                if not get_run(c, self.run_record.id, metrics=0).status.is_terminal:
                    leave_as_it_is(self._folder)
                end_descendants(c, self.run_record, RunStatus.FAILED, error, None)
                move_run(c, self.run_record.id, RunStatus.FAILED, error=error)
            _log.info("Run #%d is ended, with %d processes.", self.run_record.number, len(killed))

        try:
            self._until_done(end)
        except Exception:  # noqa: BLE001 - the thread ends here in any case
            _log.exception("Run #%d could not be ended; the next dispatcher will.", self.run_record.number)

    def _see_through(self) -> None:
        gpus = self._gpus
        try:
            agent = self._start()
            if agent is None:
                return
            gpus = (*gpus, *agent.gpus)
            try:
                self._follow(agent)
            finally:
                agent.close()
        finally:
            self._context.gpus.give_back(gpus)

    def _start(self) -> Agent | None:
        """The run's agent; None if the run was ended without one, or we had to leave."""
        wanted = Wanted(self._canceling, self._leaving)
        while not self._leaving.is_set():
            try:
                agent = start(self._context, self._target, self._folder, self.run_record, wanted, self._gpus)
            except Canceled:
                self._end_before_start(RunStatus.CANCELED, None)
                return None
            except Superseded:
                raise
            except Unseen as unseen:
                self._wait_out(unseen)  # a cancel, too, has to wait: what lives would go on unseen
                continue
            except Refused as refused:
                self._end_before_start(RunStatus.FAILED, ending.not_prepared(refused.reason))
                return None
            except Exception as error:  # noqa: BLE001 - whatever kept it from starting is the run's error
                if _passes(error) and not self._canceling.is_set():
                    self._wait_out(error)  # nothing of it has begun: it starts as soon as there is room
                    continue
                if self._canceling.is_set():
                    self._end_before_start(RunStatus.CANCELED, None)
                    return None
                if not isinstance(error, OSError) and not hasattr(error, "code"):
                    _log.exception("Run #%d could not be started.", self.run_record.number)
                self._end_before_start(RunStatus.FAILED, ending.not_prepared(error))
                return None
            self.trouble = ""
            return agent
        return None

    def _end_before_start(self, status: RunStatus, error: RunError | None) -> None:
        told = Told(self._context, self.run_record, self._folder)

        def end() -> None:
            told.store()
            with self._context.write() as c:
                told.record(c)
                self._move_to_end(c, status, error, [], None)

        # Whatever kept the run from starting, what was left for it is needed no more.
        self._discard_handover()
        if self._until_done(end):
            faults.point("following.remove_unstarted")
            shutil.rmtree(self._folder.path, ignore_errors=True)

    # -- following

    def _follow(self, agent: Agent) -> None:
        self._patiently(self._open_early)
        while not agent.over:
            self._wait(agent)
            if self._leaving.is_set():
                return
            self._patiently(lambda: self._step(agent))
        self._finish(agent)

    def _open_early(self) -> None:
        """Read the notes before the script, which could spoil them, has got far; who needs them is told if they are."""
        with suppress(MlwsError, ValueError, LookupError, TypeError):
            self._opened()

    def _opened(self) -> Intake:
        """The intake, which reads notes of the run folder first: a disk that fails at this is waited out, too."""
        if self._intake is None:
            self._intake = Intake(self._context, self._folder, self.run_record, self._is_wanted)
        return self._intake

    def _is_wanted(self) -> bool:
        """Whether the run is to be ended, or left."""
        return self._leaving.is_set() or self._canceling.is_set()

    def _wait(self, agent: Agent) -> None:
        poll = select.poll()
        poll.register(self._bell_read, select.POLLIN)
        if agent.end_signal is not None:
            poll.register(agent.end_signal, select.POLLIN)
        period = self._context.settings.poll_s if agent.script_started else _STARTING_POLL_S
        if self._intake is not None:
            period = min(period, _TALK_POLL_S if self._intake.in_talk else period, self._intake.due_s())
        for fd, _ in poll.poll(period * 1000):
            if fd == self._bell_read:
                quiet(fd)
            else:
                agent.has_ended()

    def _patiently(self, step: Callable[[], str | None]) -> bool:
        """Do a step; where the workspace is busy or full, leave it for later: the run folder keeps everything."""
        try:
            trouble = step()
        except (Unavailable, StorageFull, WorkspaceError, OSError) as error:
            if not (_passes(error) or _is_of_the_disk(error)):
                raise
            self._wait_out(error)
            return False
        self.trouble = trouble or ""
        return True

    def _wait_out(self, error: Exception) -> None:
        """Leave something for later; why is told to whoever asks, and once in the log."""
        if str(error) != self.trouble:
            _log.warning("Run #%d waits: %s", self.run_record.number, error)
        self.trouble = str(error)
        self._leaving.wait(_RETRY_S)

    def _until_done(self, step: Callable[[], str | None]) -> bool:
        """Do a step again and again until it is done; False when we had to leave first."""
        while not self._patiently(step):
            if self._leaving.is_set():
                return False
        return True

    def _step(self, agent: Agent) -> str:
        """Look at the run; returns what a person should know of it while it lasts."""
        if self._canceling.is_set():
            agent.cancel()
        self._moves += agent.look()
        if agent.identity is not None or agent.over:
            self._discard_handover()
        self._move_through()
        return "" if agent.over else self._take_in()

    def _discard_handover(self) -> None:
        """Remove what was left for the agent, which has it, or never will."""
        if self._handed_over:
            return
        self._handed_over = True
        try:
            handover.discard((self.run_record.id,))
        except (MlwsError, OSError) as error:
            _log.warning("What was handed over to run #%d could not be removed: %s", self.run_record.number, error)

    def _take_in(self) -> str:
        """Take up what is new. Whatever goes wrong with that, a training is not ended for it: it is tried again."""
        try:
            intake = self._opened()
            intake.step()
            return intake.trouble()
        except Exception as error:
            if isinstance(error, Superseded) or _passes(error):
                raise
            said = str(error) or type(error).__name__
            if said != self.trouble:
                _log.exception("What run #%d leaves cannot be taken up.", self.run_record.number)
            self._leaving.wait(_RETRY_S)
            return said

    def _move_through(self) -> None:
        """Record the states that the run went through; they are kept until that is done."""
        if not self._moves:
            return
        faults.point("following.moves")
        with self._context.write() as c:
            for status, at in self._moves:
                move_run(c, self.run_record.id, status, at=at)
        self._moves.clear()

    # -- the end

    def _finish(self, agent: Agent) -> None:
        killed, left = ([], []) if agent.ended is not None else self._target.stop(self._folder, self.run_record.id)
        remaining = [*agent.remaining, *left]
        if self._until_done(lambda: self._end(agent, killed, remaining)):
            agent.wait_until_gone(_GONE_S)
            faults.point("following.tidy")
            self._tidy()

    def _tidy(self) -> None:
        """Remove what is stored by now."""
        keep = self._context.settings.keep_run_folder
        tidy(self._folder, keep=keep, collectors=self._opened().all_collectors(), stopping=self._leaving.is_set)

    def _end(self, agent: Agent, killed: list[int], remaining: list[int]) -> None:
        """Take up the last of everything; the final status comes with it, or not at all."""
        self._move_through()
        intake = self._opened()
        intake.finish()
        status, error = self._outcome(agent, killed)
        intake.sync()
        faults.point("following.end")
        with self._context.write() as c:
            intake.record(c)
            if status.is_terminal:  # of an import its process may go on
                end_descendants(c, self.run_record, status, error, agent.ended_at)
            facts = agent.ended or {"remaining": remaining}
            warnings = [*intake.warnings(), *ending.what_was_lost(facts), *ending.what_remains(facts)]
            self._move_to_end(c, status, error, warnings, agent.ended_at)
        faults.point("following.ended")
        intake.collector.recorded()
        _log.info("Run #%d ended as %s.", self.run_record.number, status)

    def _outcome(self, agent: Agent, killed: list[int]) -> tuple[RunStatus, RunError | None]:
        if agent.ended is not None:
            found = ending.how_it_ended(self._folder, agent.ended, canceling=self._canceling.is_set())
            with self._context.store.read() as c:
                return ending.as_told(found, told_end(c, self.run_record.id))
        if self._canceling.is_set():
            return RunStatus.CANCELED, None
        return RunStatus.FAILED, ending.agent_lost(agent.lost_because, killed)

    def _move_to_end(
        self, c: Connection, status: RunStatus, error: RunError | None, warnings: list[str], at: datetime | None
    ) -> None:
        run_id = self.run_record.id
        if move_run(c, run_id, status, error=error, warnings=warnings, at=at) is not None:
            return
        # The table knows no direct way (Canceled only after the wish for it): go by the one that there is.
        move_run(c, run_id, RunStatus.CANCEL_REQUESTED if status is RunStatus.CANCELED else RunStatus.RUNNING)
        if move_run(c, run_id, status, error=error, warnings=warnings, at=at) is None:
            _log.warning("Run %s is %s and could not become %s.", run_id, get_run(c, run_id).status, status)


def _is_of_the_disk(error: Exception) -> bool:
    """Whether a disk or its mount fails: what a run leaves waits in its folder, and its training goes on.

    A workspace whose place is closed to us for now, or gone, is no better: somebody may mount it again.
    """
    return isinstance(error, WorkspaceError) or (isinstance(error, OSError) and error.errno in FAILING)


def _passes(error: Exception) -> bool:
    """Whether an error goes away by itself or by somebody who makes room: a busy database, a full disk or quota."""
    return isinstance(error, (Unavailable, StorageFull)) or (isinstance(error, OSError) and error.errno in FULL)

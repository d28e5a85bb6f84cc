"""Watching the script and ending it with everything it has started.

How a run is ended (a cancel, the time limit, or the agent itself told to stop): SIGTERM to the whole tree,
`kill_grace_s` to obey, then SIGKILL until nothing is left. The tree is found by parenthood (the agent is a
subreaper, so orphans and sessions of their own stay below it) and by the marker in the environment.

When the script ends by itself, what it left running may finish for `drain_s`; then it is ended in the same way. So
a run is over when nothing of it lives.

If the agent is killed, the kernel kills the script (its parent-death signal); what the script had started is found
by the marker: the dispatcher sweeps before it ends the run.
"""

from __future__ import annotations

import os
import select
import time

from jupyter_mlws.agent.sync import JournalSync
from jupyter_mlws.runfolder import control, processes, state
from jupyter_mlws.runfolder.names import HEARTBEAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable

    from jupyter_mlws.agent.job import AgentJob
    from jupyter_mlws.agent.output import Output
else:
    import _signal as signal

__all__ = ["Watch"]

_TURN_MS = 100
_QUICK_TURN_MS = 20
_GATHER_MS = 3
_SMALL_BYTES = 131072
# After SIGKILL only a process in uninterruptible sleep still lives; nobody can wait for it.
_UNKILLABLE_S = 5.0


class Watch:
    """One script under watch.

    Attributes
    ----------
    status : int or None
        The script's exit code, negative for a signal; None while it lives (or cannot be killed).
    reason : str or None
        Why it was ended: 'canceled', 'time_limit' or 'stopped'.
    remaining : list of int
        Pids that could not be killed.
    """

    def __init__(self, job: AgentJob, output: Output, pid: int, bell: Bell, say: Callable[[str], None]) -> None:
        self.status: int | None = None
        self.reason: str | None = None
        self.remaining: list[int] = []
        self._job = job
        self._output = output
        self._pid = pid
        self._bell = bell
        self._say = say
        self._heart = os.open(os.path.join(job.folder, HEARTBEAT), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._beats = 0
        self._heart_works = True
        self._beat_at = 0.0
        self._kill_at: float | None = None
        self._look_s = 0.0
        now = time.monotonic()
        self._limit_at = now + job.time_limit_s if job.time_limit_s is not None else None
        self._sync = JournalSync(job.folder, job.sync_s, say)
        self._poll = select.poll()
        self._poll.register(output.read_end, select.POLLIN)
        self._poll.register(bell.read_end, select.POLLIN)
        self._bell_only = select.poll()
        self._bell_only.register(bell.read_end, select.POLLIN)
        self._moved = 0

    def until_script_ends(self) -> None:
        """Return when the script's own process has ended, or cannot be killed."""
        while self.status is None and not self._given_up():
            self._turn(_TURN_MS if self._kill_at is None else _QUICK_TURN_MS)
            self._obey()
            self._escalate()

    def until_nothing_lives(self) -> None:
        """End what the script left, and read the rest of its output."""
        patience = time.monotonic() + self._job.drain_s
        while left := self._family():
            if self._given_up():
                self.remaining = left
                break
            if self._kill_at is None and (time.monotonic() > patience or self._stop_wanted() is not None):
                self._say("The script ended and left processes running; they are ended now.")
                self._terminate()
            # Where looking at all processes takes long it is done less often.
            self._turn(max(_QUICK_TURN_MS, int(4000 * self._look_s)))
            self._escalate()
        self._drain()

    def sync(self) -> None:
        """Have everything that the run wrote on the disk."""
        self._sync.now()

    def _turn(self, wait_ms: int) -> None:
        """Wait for something to happen, a little while at most, and do what is due."""
        if 0 < self._moved < _SMALL_BYTES:
            # Let a script that writes in small pieces gather some: looking at each would cost as much as it does.
            self._bell_only.poll(_GATHER_MS)
        self._poll.poll(wait_ms)
        self._pump()
        self._bell.quiet()
        self._reap()
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + self._job.heartbeat_s
            self._beat()
        self._sync.when_due(now)

    def _beat(self) -> None:
        """Count on in the heartbeat. On a full disk it may find no room: that must never end the script."""
        self._beats += 1
        try:
            state.beat(self._heart, self._beats)
        except OSError as error:
            if self._heart_works:
                self._say(f"The heartbeat cannot be written ({error.strerror}); the script goes on.")
            self._heart_works = False
        else:
            self._heart_works = True

    def _pump(self) -> None:
        was_open = self._output.open
        self._moved = self._output.pump() if was_open else 0
        if was_open and not self._output.open:
            self._poll.unregister(self._output.read_end)

    def _reap(self) -> None:
        """Take note of the script's end, and leave no zombie of an adopted process."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._pid:
                self.status = os.waitstatus_to_exitcode(status)

    def _stop_wanted(self) -> str | None:
        """Why the run should end now, if it should."""
        if control.cancel_requested(self._job.folder):
            return "canceled"
        if self._bell.told_to_stop:
            return "stopped"
        if self._limit_at is not None and time.monotonic() >= self._limit_at:
            return "time_limit"
        return None

    def _obey(self) -> None:
        if self.status is not None or self.reason is not None:
            return
        self.reason = self._stop_wanted()
        if self.reason is not None:
            self._say(f"Ending the script ({self.reason}).")
            self._terminate()

    def _terminate(self) -> None:
        """Ask the whole tree to end; a stopped process is continued so that it can."""
        family = self._family()
        processes.kill_all(family, signal.SIGTERM)
        processes.kill_all(family, signal.SIGCONT)
        self._kill_at = time.monotonic() + self._job.kill_grace_s

    def _escalate(self) -> None:
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            processes.kill_all(self._family(), signal.SIGKILL)

    def _given_up(self) -> bool:
        return self._kill_at is not None and time.monotonic() > self._kill_at + _UNKILLABLE_S

    def _family(self) -> list[int]:
        """Every living process of the run but this one."""
        began = time.monotonic()
        found = processes.family(self._job.run_id)
        self._look_s = time.monotonic() - began
        return found

    def _drain(self) -> None:
        """Read to the end of the pipe; a stranger who was handed it is not waited for longer than `drain_s`."""
        deadline = time.monotonic() + self._job.drain_s
        while self._output.open and time.monotonic() < deadline:
            self._turn(_QUICK_TURN_MS)
        if self._output.open:
            self._say("Somebody outside the run keeps its output open; the log ends here.")
            self._output.close()


class Bell:
    """Wakes the agent when a child ends or somebody tells it to stop."""

    def __init__(self) -> None:
        self.told_to_stop = False
        self.read_end, self._write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        os.set_blocking(self._write_end, False)
        signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _tell(self, number: int, frame: object) -> None:
        self.told_to_stop = True

    def quiet(self) -> None:
        """Forget past rings."""
        try:
            os.read(self.read_end, 4096)
        except BlockingIOError:
            return

"""The agent of a run as the dispatcher sees it: what it says, whether it lives."""

from __future__ import annotations

import select
import signal
import time
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from jupyter_mlws.dispatcher.settings import Settings
from jupyter_mlws.dispatcher.taking import has_agent
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder import control, state
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity, is_alive
from jupyter_mlws.runfolder.protocol import PROTOCOL_VERSION, misfit
from jupyter_mlws.targets.base import Launch, Target

__all__ = ["Agent"]

_ALIVE_EVERY_S = 0.5
# How much longer than it has to an agent may take to end a canceled run; how long SIGKILL may take to end the agent.
_CANCEL_SLACK_S = 10.0
_SILENT_BEATS = 3
_UNKILLABLE_S = 5.0
_NOT_STARTED = "The agent did not start; logs/agent.log may tell why."
_STATUS = {"script_started": RunStatus.RUNNING, "finalizing": RunStatus.FINALIZING}


class Agent:
    """One agent and its run folder.

    Attributes
    ----------
    identity : Identity or None
        None until it says ``started``.
    script_started : bool
    ended : dict or None
        Its last word, once it was said.
    over : bool
        Nothing more will come: it has said its last word, or died without one.
    lost_because : str
        In the latter case: a sentence.
    remaining : list of int
        Its own pid when it did not even die of SIGKILL.
    gpus : tuple of int
        What the run holds.
    """

    def __init__(self, target: Target, folder: RunFolder, settings: Settings, launch: Launch | None) -> None:
        self.identity: Identity | None = None
        self.script_started = False
        self.ended: dict[str, Any] | None = None
        self.ended_at: datetime | None = None
        self.over = False
        self.lost_because = ""
        self.remaining: list[int] = []
        self.gpus: tuple[int, ...] = ()
        self._target = target
        self._folder = folder
        self._settings = settings
        self._launch = launch
        self._offset = 0
        self._began = self._alive_at = self._beat_at = time.monotonic()
        self._beat: int | None = None
        self._silent = False
        self._gone = False
        self._unseen = False
        self._cancel_at: float | None = None
        self._kill_at: float | None = None

    @property
    def end_signal(self) -> int | None:
        """See `Launch.end_signal`; None once it has signalled."""
        return None if self._launch is None or self._gone else self._launch.end_signal()

    def has_ended(self) -> None:
        """Note that the target signalled the agent's end."""
        self._gone = True

    def look(self) -> list[tuple[RunStatus, datetime | None]]:
        """Read what is new; returns the states that the run went through since the last look."""
        # Asked before reading: whatever a dead agent wrote is there by then.
        dead = self._is_dead()
        moves = self._read()
        moves += self._listen_to_heart()
        if self.ended is not None:
            self.over = True
        elif not self.over and (dead or self._says_nothing()):
            self._lose()
        return moves

    def _read(self) -> list[tuple[RunStatus, datetime | None]]:
        events, self._offset = state.read(self._folder, self._offset)
        return [move for event in events if (move := self._take(event)) is not None]

    def _take(self, event: dict[str, Any]) -> tuple[RunStatus, datetime | None] | None:
        name, at = event["event"], _time(event.get("at"))
        if name == "started" and self.identity is None:
            self.identity = _identity(event.get("identity"))
            if self._launch is None and self.identity is not None:
                self._launch = self._target.attach(self._folder, self.identity)
                self._refuse_anothers(self.identity)
            self._refuse_misfit(event.get("protocol_version", 1))
        elif name == "script_started":
            self.script_started = True
        elif name == "ended":
            self.ended, self.ended_at = event, at
        status = _STATUS.get(name)
        return None if status is None else (status, at)

    def _refuse_anothers(self, agent: Identity) -> None:
        """An agent that lives without holding this folder's lock has another folder: the one that ours is a copy of."""
        # Only of a process that can be seen from here: on another machine its lock cannot be seen either.
        if self._target.alive(self._folder, agent) and is_alive(agent) and not has_agent(self._folder):
            self.over = True
            self.lost_because = "The workspace was copied while the run went on; it goes on in the original."

    def _refuse_misfit(self, version: Any) -> None:
        """An agent whose words we may misunderstand is not listened to: its run is ended, and the sentence says why."""
        kind = misfit(version)
        if kind:
            self.over = True
            self.lost_because = (
                f"The agent is too {'new' if kind == 'newer' else 'old'}: it speaks version {version!r:.20} of the "
                f"run folder and this dispatcher version {PROTOCOL_VERSION}. Bring both to the same version of "
                "jupyter-mlws."
            )

    def _is_dead(self) -> bool:
        if self._gone:
            return self._is_really_gone()
        now = time.monotonic()
        if self.identity is None or now - self._alive_at < _ALIVE_EVERY_S:
            return False
        self._alive_at = now
        alive = self._target.alive(self._folder, self.identity)
        self._unseen = alive is None
        return alive is False

    def _says_nothing(self) -> bool:
        """Judged after reading: it was we who may have been stopped all the time.

        Where nobody can look whether it lives, a long silence has to do.
        """
        now = time.monotonic()
        if self.identity is None:
            return now - self._began > self._settings.start_timeout_s
        return self._unseen and now - self._beat_at > self._settings.lost_s

    def _is_really_gone(self) -> bool:
        """What was launched has ended. The agent may live: another came first, or its guard alone was killed."""
        if self.identity is None:
            return not has_agent(self._folder)
        if not self._target.alive(self._folder, self.identity):
            return True
        if self._launch is not None:
            self._launch.close()
        self._launch = self._target.attach(self._folder, self.identity)
        self._gone = False
        return False

    def _lose(self) -> None:
        self.over = True
        known = self._target.explain(self._folder, self._folder.path.name)
        if self.identity is None:
            # It may only be slow, or stopped: it must not begin once the run has ended.
            with suppress(OSError):
                control.request_cancel(self._folder)
            if self._launch is not None:
                self._launch.abandon()
            self.lost_because = f"The agent did not start. {known}" if known else _NOT_STARTED
        elif self._was_rebooted():
            self.lost_because = "The machine was restarted while the run was going on."
        elif known:
            self.lost_because = known
        else:
            self.lost_because = "The agent that watched the script was killed, and the script ended with it."

    def _was_rebooted(self) -> bool:
        from jupyter_mlws.runfolder.processes import identity_of

        assert self.identity is not None
        here = identity_of(self.identity.pid)
        return here.host == self.identity.host and here.boot_id != self.identity.boot_id

    def _listen_to_heart(self) -> list[tuple[RunStatus, datetime | None]]:
        if self.over or self.ended is not None or self.identity is None:
            return []
        now = time.monotonic()
        beat = state.read_heartbeat(self._folder)
        if beat != self._beat:
            self._beat, self._beat_at = beat, now
            if self._silent:
                self._silent = False
                return [(RunStatus.RUNNING, None)]
        elif not self._silent and now - self._beat_at > self._settings.silence_s:
            self._silent = True
            return [(RunStatus.NOT_RESPONDING, None)]
        return []

    def cancel(self) -> None:
        """See to it that a canceled run ends; to be called again and again until it is over.

        The agent is told by the run folder, and has the script's grace period to end everything. One that says
        nothing any more, or is not done long after, is killed, and one that does not even die of that is given up.
        """
        if self._cancel_at is None:
            self._cancel_at = time.monotonic()
            try:
                control.request_cancel(self._folder)
            except OSError:  # a full disk keeps nobody from ending what filled it
                self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)
        elif self._kill_at is None and self._disobeys(self._cancel_at):
            self._kill_at = time.monotonic()
            self._signal(signal.SIGKILL)
        elif self._kill_at is not None and time.monotonic() - self._kill_at > _UNKILLABLE_S and not self.over:
            self.remaining = [] if self.identity is None else [self.identity.pid]
            self._lose()

    def _disobeys(self, since: float) -> bool:
        settings, now = self._settings, time.monotonic()
        silent = now - max(since, self._beat_at) > settings.kill_grace_s + _SILENT_BEATS * settings.heartbeat_s
        return silent or now - since > settings.kill_grace_s + settings.drain_s + _CANCEL_SLACK_S

    def _signal(self, number: int) -> None:
        if self.identity is not None:
            self._target.signal(self._folder, self.identity, number)

    def wait_until_gone(self, timeout_s: float) -> None:
        """Wait for the end of an agent that has said its last word and still syncs its files.

        After that nothing of it is needed: one that was stopped, or hangs, is killed.
        """
        fd = self.end_signal
        if fd is not None:
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            if not poll.poll(timeout_s * 1000):
                self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of it."""
        if self._launch is not None:
            self._launch.close()


def _identity(facts: Any) -> Identity | None:
    """Who the agent says it is. The file lies where a script can write: nonsense is passed over."""
    try:
        found = Identity.from_dict(facts)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None
    return found if 0 < found.pid < 1 << 31 else None


def _time(at: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(at, timezone.utc)
    except (TypeError, ValueError, OverflowError, OSError):
        return None

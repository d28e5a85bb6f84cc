"""Dispatchers and agents without processes: the real code that follows runs, on a target that only pretends.

A dispatcher dies at any of its fault points: an exception that nobody catches unwinds it there, which lets go of locks
and of agents that were not told to start yet, as the kernel does for a process that is killed.
"""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asleep import Asleep

from jupyter_mlws import faults
from jupyter_mlws.agent import end
from jupyter_mlws.agent.job import PROTOCOL_VERSION
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.following import Follower
from jupyter_mlws.dispatcher.gpus import GpuPool
from jupyter_mlws.dispatcher.registries import Registries
from jupyter_mlws.dispatcher.settings import Settings, WorkspaceFile
from jupyter_mlws.dispatcher.turn import Superseded, Turn
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder import control, state
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store, runs
from jupyter_mlws.store.dispatchers import left_on, owner_name
from jupyter_mlws.targets.base import Ground

__all__ = ["HERE", "Clock", "PretendedAgent", "PretendedDispatcher", "World"]

HERE = {"user": "ada", "host": "here"}
SETTINGS = Settings(
    start_timeout_s=5, silence_s=10, lost_s=30, kill_grace_s=3, drain_s=1, heartbeat_s=1, settle_s=0, poll_s=0
)


class Died(BaseException):
    """A dispatcher was killed here."""


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class PretendedAgent:
    """An agent and its script: what they do to the run folder, one step at a time."""

    def __init__(self, world: World, folder: RunFolder, run_id: str, pid: int) -> None:
        self.world, self.folder, self.run_id, self.pid = world, folder, run_id, pid
        self.told = self.frozen = self.over = self.script_lives = False
        self.canceled = self.stop_told = False
        self.lock: int | None = None
        self.beats = 0
        self.next = self._claim

    def go_on(self, code: int) -> None:
        """One more step, if it can."""
        if self.told and not self.frozen and not self.over:
            self.code = code
            self.next()

    def _claim(self) -> None:
        try:
            lock = os.open(self.folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            self.die()
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            self.die()
            return
        self.lock = lock
        if not self.folder.job.exists() or self.folder.state.exists():
            self.die()
            return
        self.next = self._start

    def _start(self) -> None:
        identity = {"host": "here", "boot_id": "b", "pid_namespace": "n", "pid": self.pid, "start_time": 1}
        state.append(self.folder, "started", identity=identity, protocol_version=PROTOCOL_VERSION, python="3")
        self.next = self._look

    def _look(self) -> None:
        if control.cancel_requested(self.folder):
            self._say_ended(None, "canceled")
        elif not self.folder.code.exists():
            state.append(self.folder, "ended", **end.not_started("Its working directory is gone."))
            self.die()
        else:
            self.next = self._start_script

    def _start_script(self) -> None:
        self.world.script_starts(self.run_id)
        self.script_lives = True
        self.next = self._say_started

    def _say_started(self) -> None:
        state.append(self.folder, "script_started", identity={"pid": self.pid + 1})
        self.next = self._watch

    def _watch(self) -> None:
        self._beat()
        if control.cancel_requested(self.folder):
            self.canceled = True
            self.code = -15
        elif self.stop_told:
            self.code = -15
        elif self.code == 0 and self.beats < 2:
            return
        self.script_lives = False
        state.append(self.folder, "finalizing", exit_code=self.code, signal=None)
        code = self.code
        self.next = lambda: self._say_ended(
            code, "canceled" if self.canceled else "stopped" if self.stop_told else None
        )

    def _beat(self) -> None:
        self.beats += 1
        fd = os.open(self.folder.heartbeat, os.O_WRONLY | os.O_CREAT, 0o600)
        state.beat(fd, self.beats)
        os.close(fd)

    def _say_ended(self, code: int | None, reason: str | None) -> None:
        if reason is None:
            self.world.script_ended(self.run_id, code)
        facts = end.ended(
            code, reason, time_limit_s=None, out_of_memory=False, remaining=[], lost_bytes=0, duration_s=0.0
        )
        state.append(self.folder, "ended", **facts)
        self.die()

    def die(self) -> None:
        """Its end, by itself or by SIGKILL: the kernel ends its script, and lets go of its lock."""
        self.over, self.script_lives = True, False
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


class PretendedLaunch:
    def __init__(self, agent: PretendedAgent | None) -> None:
        self._agent = agent

    def send(self, payload: bytes) -> None:
        if self._agent is None or self._agent.over:
            raise Unavailable("The agent is gone.")
        self._agent.told = True

    def abandon(self) -> None:
        if self._agent is not None:
            self._agent.die()

    def end_signal(self) -> None:
        return None

    def close(self) -> None:
        return None


class PretendedTarget:
    """A target whose agents are pretended."""

    name = "local"
    takes = "interpreter"

    def __init__(self, world: World) -> None:
        self._world = world

    def variables(self, gpus: tuple[int, ...]) -> dict[str, str]:
        return {}

    def launch(self, folder: RunFolder, run_id: str, ground: Ground) -> PretendedLaunch:
        agent = PretendedAgent(self._world, folder, run_id, 10_000 + len(self._world.agents))
        self._world.agents.append(agent)
        return PretendedLaunch(agent)

    def attach(self, folder: RunFolder, identity: Any) -> PretendedLaunch:
        return PretendedLaunch(self._of(identity.pid))

    def alive(self, folder: RunFolder, identity: Any) -> bool:
        agent = self._of(identity.pid)
        return agent is not None and not agent.over

    def signal(self, folder: RunFolder, identity: Any, number: int) -> None:
        agent = self._of(identity.pid)
        if agent is None or agent.over:
            return
        if number == signal.SIGKILL:
            agent.die()
        elif number == signal.SIGCONT and not self._world.hold_frozen:
            agent.frozen = False
        elif number == signal.SIGTERM:
            agent.stop_told = True

    def explain(self, folder: RunFolder, run_id: str) -> str:
        return ""

    def stop(self, folder: RunFolder, run_id: str) -> tuple[list[int], list[int]]:
        return [], []

    def _of(self, pid: int) -> PretendedAgent | None:
        return next((agent for agent in self._world.agents if agent.pid == pid), None)


class PretendedDispatcher:
    """What `Dispatcher` does without its socket and its threads."""

    def __init__(self, world: World, number: int) -> None:
        self.number = number
        self.followers: dict[str, Follower] = {}
        self.watched: dict[str, Any] = {}
        self.target: Any = PretendedTarget(world)
        turn = Turn(HERE["user"], HERE["host"], lambda: None)
        self.context = Context(
            folder=world.folder,
            workspace=WorkspaceFile(id="w", name="w", settings={}),
            settings=SETTINGS,
            store=world.store,
            blobs=world.blobs,
            api=world.api,
            gpus=GpuPool(0),
            ring=lambda: None,
            turn=turn,
            registries=Registries(world.folder, "w"),
            **HERE,
        )

    def begin(self) -> None:
        self.context.turn.take(self.context.store)
        with self.context.store.read() as c:
            left = left_on(c, **HERE)
        for run in left:
            self.followers[run.id] = Follower(self.context, run, self.target)

    def claim(self) -> None:
        owner = owner_name(HERE["host"], self.number, self.context.turn.number)
        with self.context.write() as c:
            claimed = runs.claim_queued(c, owner=owner, limit=1, target="local", **HERE)
        faults.point("dispatcher.claimed")
        for run in claimed:
            self.followers[run.id] = Follower(self.context, run, self.target)

    def pass_cancels_on(self) -> None:
        with self.context.store.read() as c:
            wanted = runs.runs_in(c, {RunStatus.CANCEL_REQUESTED}, user=HERE["user"])
        for run in wanted:
            if run.id in self.followers:
                self.followers[run.id].cancel()

    def step(self, run_id: str) -> None:
        """What a follower's thread does between two looks."""
        follower = self.followers[run_id]
        if run_id not in self.watched:
            agent = follower._start()
            if agent is None:
                self._forget(run_id)
                return
            self.watched[run_id] = agent
            return
        agent = self.watched[run_id]
        if not agent.over:
            follower._patiently(lambda: follower._step(agent))
        if agent.over:
            follower._finish(agent)
            self._forget(run_id)

    def _forget(self, run_id: str) -> None:
        self.watched.pop(run_id, None)
        self.followers.pop(run_id).close()

    def die(self) -> None:
        for run_id in list(self.followers):
            self._forget(run_id)


class World:
    """A workspace, its agents and its dispatchers; the newest dispatcher comes first.

    Parameters
    ----------
    folder : Path
    clock : Clock
    tell_start : callable
        Told of each script that starts, and of each that came to its natural end.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        script_starts: Callable[[str], None] = lambda run_id: None,
        script_ended: Callable[[str, int | None], None] = lambda run_id, code: None,
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.script_starts, self.script_ended = script_starts, script_ended
        self.store = Store.open(folder)
        self.blobs = BlobStore(folder / "blobs")
        self.api = Services(folder, self.store, self.blobs, wake=Asleep(), workspace_id="w", name="w", **HERE)
        self.agents: list[PretendedAgent] = []
        self.dispatchers: list[PretendedDispatcher] = []
        self.hold_frozen = False
        self._begun = 0

    def begin(self) -> PretendedDispatcher:
        """A dispatcher begins; those that live are stale from now on and do not know."""
        self._begun += 1
        dispatcher = PretendedDispatcher(self, self._begun)
        self.dispatchers.insert(0, dispatcher)
        with self.dying(dispatcher, None):
            dispatcher.begin()
        return dispatcher

    @contextmanager
    def dying(self, dispatcher: PretendedDispatcher, at: int | None) -> Iterator[None]:
        """Have a dispatcher die at its n-th fault point from now, if it comes so far."""
        passes = 0

        def point(name: str) -> None:
            nonlocal passes
            passes += 1
            if at is not None and passes == at:
                raise Died

        before, faults.point = faults.point, point
        try:
            yield
        except (Died, Superseded):
            dispatcher.die()
            self.dispatchers.remove(dispatcher)
            for agent in self.agents:
                if not agent.told:  # its standard input has ended, with nothing on it
                    agent.die()
        finally:
            faults.point = before

    def close(self) -> None:
        for dispatcher in self.dispatchers:
            dispatcher.die()
        for agent in self.agents:
            agent.die()
        self.store.close()

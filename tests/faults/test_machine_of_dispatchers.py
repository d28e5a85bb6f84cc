"""Two dispatchers, agents and people in any order, on the real code that follows runs; only processes are pretended.

A dispatcher dies at any of its fault points: an exception that nobody catches unwinds it there, which lets go of locks
and of agents that were not told to start yet, as the kernel does for a process that is killed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from run_model import ENDS, can_get
from sqlalchemy import select

from jupyter_mlws import faults
from jupyter_mlws.agent import end
from jupyter_mlws.agent.job import PROTOCOL_VERSION
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher import following, taking, watching
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.following import Follower
from jupyter_mlws.dispatcher.gpus import GpuPool
from jupyter_mlws.dispatcher.intake import Intake
from jupyter_mlws.dispatcher.settings import Settings, WorkspaceFile
from jupyter_mlws.dispatcher.turn import Superseded, Turn
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder import control, state
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store, runs
from jupyter_mlws.store.dispatchers import left_on, owner_name
from jupyter_mlws.store.tables import runs as table

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

    def __init__(self, machine: Machine, folder: RunFolder, run_id: str, pid: int) -> None:
        self.machine, self.folder, self.run_id, self.pid = machine, folder, run_id, pid
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
        self.machine.script_starts(self.run_id)
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
            self.machine.natural_ends[self.run_id] = code
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

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def variables(self, gpus: tuple[int, ...]) -> dict[str, str]:
        return {}

    def launch(self, folder: RunFolder, run_id: str) -> PretendedLaunch:
        agent = PretendedAgent(self._machine, folder, run_id, 10_000 + len(self._machine.agents))
        self._machine.agents.append(agent)
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
        elif number == signal.SIGCONT and not self._machine.hold_frozen:
            agent.frozen = False
        elif number == signal.SIGTERM:
            agent.stop_told = True

    def stop(self, folder: RunFolder, run_id: str) -> tuple[list[int], list[int]]:
        return [], []

    def _of(self, pid: int) -> PretendedAgent | None:
        return next((agent for agent in self._machine.agents if agent.pid == pid), None)


class PretendedDispatcher:
    """What `Dispatcher` does without its socket and its threads."""

    def __init__(self, machine: Machine, number: int) -> None:
        self.number = number
        self.followers: dict[str, Follower] = {}
        self.watched: dict[str, tuple[Any, Intake]] = {}
        self.target: Any = PretendedTarget(machine)
        turn = Turn(HERE["user"], HERE["host"], lambda: None)
        self.context = Context(
            folder=machine.folder,
            workspace=WorkspaceFile(id="w", name="w", settings={}),
            settings=SETTINGS,
            store=machine.store,
            blobs=machine.blobs,
            api=machine.api,
            gpus=GpuPool(0),
            ring=lambda: None,
            turn=turn,
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
            self.watched[run_id] = agent, Intake(self.context, follower._folder, follower.run_record)
            return
        agent, intake = self.watched[run_id]
        if not agent.over:
            follower._patiently(lambda: follower._step(agent, intake))
        if agent.over:
            follower._finish(agent, intake)
            self._forget(run_id)

    def _forget(self, run_id: str) -> None:
        self.watched.pop(run_id, None)
        self.followers.pop(run_id).close()

    def die(self) -> None:
        for run_id in list(self.followers):
            self._forget(run_id)


class Machine(RuleBasedStateMachine):
    """One workspace, two dispatchers at the most."""

    steps: list[int]
    clock: Clock
    hold_frozen = False

    def __init__(self) -> None:
        super().__init__()
        shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(mkdtemp(prefix="mlws-machine-", dir=shared))
        self.store = Store.open(self.folder)
        self.blobs = BlobStore(self.folder / "blobs")
        self.api = Services(self.folder, self.store, self.blobs, wake=lambda: None, workspace_id="w", name="w", **HERE)
        self.agents: list[PretendedAgent] = []
        self.dispatchers: list[PretendedDispatcher] = []
        self.begun = 0
        self.seen: dict[str, Any] = {}
        self.started: dict[str, int] = {}
        self.natural_ends: dict[str, int | None] = {}
        self.wished: set[str] = set()
        self.killed_agents: set[str] = set()

    def teardown(self) -> None:
        try:
            if self.seen:
                self._everything_ends()
        finally:
            for dispatcher in self.dispatchers:
                dispatcher.die()
            for agent in self.agents:
                agent.die()
            self.store.close()
            shutil.rmtree(self.folder)

    def _everything_ends(self) -> None:
        """Whatever happened: a dispatcher that is left in peace sees each run to its end."""
        self._let_begin()
        for agent in self.agents:
            agent.frozen = False
        for _ in range(60):
            self.clock.now += 1
            for agent in self.agents:
                agent.go_on(0)
            self.work(0, 0, None)
            self.nothing_goes_back()
            if all(row.status in ENDS for row in self.seen.values()):
                break
        assert all(row.status in ENDS for row in self.seen.values()), self.seen
        assert not any(agent.script_lives for agent in self.agents)

    # -- what the pretended ones tell

    def script_starts(self, run_id: str) -> None:
        """The one moment that must not come twice, nor after the end."""
        self.started[run_id] = self.started.get(run_id, 0) + 1
        assert self.started[run_id] == 1
        with self.store.read() as c:
            assert runs.get_run(c, run_id).status.value not in ENDS

    @contextmanager
    def _dying(self, dispatcher: PretendedDispatcher, at: int | None) -> Iterator[None]:
        """Have a dispatcher die at its n-th fault point from now, if it comes so far."""
        passes = 0

        def point(name: str) -> None:
            nonlocal passes
            passes += 1
            if at is not None and passes == at:
                raise Died

        self.steps[0] += 1
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

    # -- people

    @precondition(lambda self: len(self.seen) < 6)
    @rule()
    def submit(self) -> None:
        self.steps[0] += 1
        self.api.runs.submit(RunSubmission(experiment="digits", command=("x",)))

    @precondition(lambda self: self.seen)
    @rule(which=st.integers(0, 5))
    def cancel(self, which: int) -> None:
        self.steps[0] += 1
        run_id = list(self.seen)[which % len(self.seen)]
        after = self.api.runs.cancel(run_id)
        self.wished.add(run_id)
        assert after.status.value in {*ENDS, "CancelRequested"}

    # -- dispatchers

    @rule()
    def a_dispatcher_begins(self) -> None:
        """Beside the one that lives, which is stale from now on and does not know."""
        self._let_begin()
        if len(self.dispatchers) > 2:
            self.dispatchers.pop(0).die()

    def _let_begin(self) -> None:
        self.begun += 1
        dispatcher = PretendedDispatcher(self, self.begun)
        self.dispatchers.insert(0, dispatcher)
        with self._dying(dispatcher, None):
            dispatcher.begin()

    @precondition(lambda self: self.dispatchers)
    @rule(who=st.integers(0, 1), dies_at=st.one_of(st.none(), st.integers(1, 3)))
    def claim(self, who: int, dies_at: int | None) -> None:
        dispatcher = self.dispatchers[who % len(self.dispatchers)]
        with self._dying(dispatcher, dies_at):
            dispatcher.claim()

    @precondition(lambda self: self.dispatchers)
    @rule(who=st.integers(0, 1), which=st.integers(0, 5), dies_at=st.one_of(st.none(), st.none(), st.integers(1, 30)))
    def follow(self, who: int, which: int, dies_at: int | None) -> None:
        """One step of one follower."""
        dispatcher = self.dispatchers[who % len(self.dispatchers)]
        with self._dying(dispatcher, dies_at):
            dispatcher.pass_cancels_on()
            if dispatcher.followers:
                dispatcher.step(list(dispatcher.followers)[which % len(dispatcher.followers)])

    @precondition(lambda self: self.dispatchers)
    @rule(who=st.integers(0, 1), code=st.integers(0, 1), dies_at=st.one_of(st.none(), st.none(), st.integers(1, 60)))
    def work(self, who: int, code: int, dies_at: int | None) -> None:
        """All that a dispatcher and its agents have to do for a moment."""
        dispatcher = self.dispatchers[who % len(self.dispatchers)]
        with self._dying(dispatcher, dies_at):
            dispatcher.claim()
            dispatcher.pass_cancels_on()
            for run_id in list(dispatcher.followers):
                dispatcher.step(run_id)
        for agent in self.agents:
            agent.go_on(code)

    # -- agents and their machine

    @precondition(lambda self: self.agents)
    @rule(which=st.integers(0, 9), count=st.integers(1, 4), code=st.sampled_from([0, 0, 1, -9]))
    def an_agent_goes_on(self, which: int, count: int, code: int) -> None:
        for _ in range(count):
            self.agents[which % len(self.agents)].go_on(code)

    @precondition(lambda self: self.agents)
    @rule(which=st.integers(0, 9), how=st.sampled_from(["freeze", "thaw", "kill"]))
    def an_agent_suffers(self, which: int, how: str) -> None:
        agent = self.agents[which % len(self.agents)]
        if how == "kill":
            self.killed_agents.add(agent.run_id)
            agent.die()
        else:
            agent.frozen = how == "freeze"

    @rule(seconds=st.sampled_from([1.0, 4.0, 11.0, 31.0]), hold=st.booleans())
    def time_passes(self, seconds: float, hold: bool) -> None:
        self.clock.now += seconds
        self.hold_frozen = hold

    # -- what always holds

    @invariant()
    def nothing_goes_back(self) -> None:
        with self.store.read() as c:
            now = {row.id: row for row in c.execute(select(table).order_by(table.c.number))}
        for run_id, row in now.items():
            before = self.seen.get(run_id)
            if before is None:
                assert (row.status, row.status_sequence) == ("Queued", 1)
                continue
            assert can_get(before.status, row.status, row.status_sequence - before.status_sequence)
            if before.status in ENDS:
                assert (row.ended_at, row.error, row.warnings) == (before.ended_at, before.error, before.warnings)
            elif row.status in ENDS:
                self._look_at_end(run_id, row)
            assert row.attempt <= 1
        self.seen = now

    def _look_at_end(self, run_id: str, row: Any) -> None:
        """The first look at an ended run: it tells the truth."""
        if row.status == "Completed":
            assert self.natural_ends[run_id] == 0
        elif row.status == "Canceled":
            assert run_id in self.wished
            assert row.error is None
        else:
            assert row.error["code"] != "internal_error", row.error
            assert self.natural_ends.get(run_id) != 0, row.error
        living = [agent for agent in self.agents if agent.run_id == run_id and agent.script_lives]
        assert not living, (row.status, row.error)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(watching, "time", found)
    monkeypatch.setattr(taking, "time", found)
    monkeypatch.setattr(following, "_RETRY_S", 0.0)
    return found


def live(clock: Clock, least: int, each: int) -> int:
    steps = [0]
    machine = type("Machine", (Machine,), {"clock": clock, "steps": steps})
    while steps[0] < least:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=max(1, (least - steps[0]) // each),
                stateful_step_count=each,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    return steps[0]


def test_F27_F33_dispatchers_that_die_anywhere_start_each_script_once_and_tell_the_true_end(clock, trials):
    trials("steps of dispatchers that may die at each", steps=live(clock, 400, 40))


@pytest.mark.soak
def test_F27_F33_dispatchers_that_die_anywhere_in_ten_thousand_steps(clock, trials):
    trials("steps of dispatchers that may die at each", steps=live(clock, 10_000, 60))

"""Two dispatchers, agents and people in any order, on the real code that follows runs; only processes are pretended."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from machines import live
from pretended import HERE, Clock, World
from run_model import ENDS, can_get
from sqlalchemy import select, update

from jupyter_mlws.dispatcher import following, taking, watching
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store import runs
from jupyter_mlws.store.dispatchers import owner_name
from jupyter_mlws.store.tables import runs as table


class Machine(RuleBasedStateMachine):
    """One workspace, two dispatchers at the most."""

    steps: list[int]
    clock: Clock

    def __init__(self) -> None:
        super().__init__()
        shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(mkdtemp(prefix="mlws-machine-", dir=shared))
        self.world = World(self.folder, self.clock, self.script_starts, self.script_ended)
        self.store, self.agents, self.dispatchers = self.world.store, self.world.agents, self.world.dispatchers
        self.seen: dict[str, Any] = {}
        self.started: dict[str, int] = {}
        self.natural_ends: dict[str, int | None] = {}
        self.wished: set[str] = set()

    def teardown(self) -> None:
        try:
            if self.seen:
                self._everything_ends()
        finally:
            self.world.close()
            shutil.rmtree(self.folder)

    def _everything_ends(self) -> None:
        """Whatever happened: a dispatcher that is left in peace sees each run to its end."""
        self.world.begin()
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
        with self.store.read() as c:
            assert runs.get_run(c, run_id).status.value not in ENDS
        self.started[run_id] = self.started.get(run_id, 0) + 1
        assert self.started[run_id] == 1

    def script_ended(self, run_id: str, code: int | None) -> None:
        self.natural_ends[run_id] = code

    # -- people

    @precondition(lambda self: len(self.seen) < 6)
    @rule()
    def submit(self) -> None:
        self.steps[0] += 1
        self.world.api.runs.submit(RunSubmission(experiment="digits", command=("x",)))

    @precondition(lambda self: self.seen)
    @rule(which=st.integers(0, 5))
    def cancel(self, which: int) -> None:
        self.steps[0] += 1
        run_id = list(self.seen)[which % len(self.seen)]
        after = self.world.api.runs.cancel(run_id)
        self.wished.add(run_id)
        assert after.status.value in {*ENDS, "CancelRequested"}

    # -- dispatchers

    @rule()
    def a_dispatcher_begins(self) -> None:
        """Beside the one that lives, which is stale from now on and does not know."""
        self.steps[0] += 1
        self.world.begin()
        if len(self.dispatchers) > 2:
            self.dispatchers.pop(0).die()

    @precondition(lambda self: self.dispatchers)
    @rule(who=st.integers(0, 1), dies_at=st.one_of(st.none(), st.integers(1, 3)))
    def claim(self, who: int, dies_at: int | None) -> None:
        dispatcher = self.dispatchers[who % len(self.dispatchers)]
        self.steps[0] += 1
        with self.world.dying(dispatcher, dies_at):
            dispatcher.claim()

    @precondition(lambda self: self.seen)
    @rule(which=st.integers(0, 5))
    def a_target_makes_room(self, which: int) -> None:
        """Claimed by a dispatcher that died while the target made room: the next one finds the run Provisioning."""
        self.steps[0] += 1
        run_id = list(self.seen)[which % len(self.seen)]
        with self.store.write() as c:
            if runs.move_run(c, run_id, RunStatus.PROVISIONING, expected=RunStatus.QUEUED) is not None:
                c.execute(update(table).where(table.c.id == run_id).values(owner=owner_name(HERE["host"], 0, 0)))

    @precondition(lambda self: self.dispatchers)
    @rule(who=st.integers(0, 1), which=st.integers(0, 5), dies_at=st.one_of(st.none(), st.none(), st.integers(1, 30)))
    def follow(self, who: int, which: int, dies_at: int | None) -> None:
        """One step of one follower."""
        dispatcher = self.dispatchers[who % len(self.dispatchers)]
        self.steps[0] += 1
        with self.world.dying(dispatcher, dies_at):
            dispatcher.pass_cancels_on()
            if dispatcher.followers:
                dispatcher.step(list(dispatcher.followers)[which % len(dispatcher.followers)])

    @precondition(lambda self: self.dispatchers)
    @rule(who=st.integers(0, 1), code=st.integers(0, 1), dies_at=st.one_of(st.none(), st.none(), st.integers(1, 60)))
    def work(self, who: int, code: int, dies_at: int | None) -> None:
        """All that a dispatcher and its agents have to do for a moment."""
        dispatcher = self.dispatchers[who % len(self.dispatchers)]
        self.steps[0] += 1
        with self.world.dying(dispatcher, dies_at):
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
            agent.die()
        else:
            agent.frozen = how == "freeze"

    @rule(seconds=st.sampled_from([1.0, 4.0, 11.0, 31.0]), hold=st.booleans())
    def time_passes(self, seconds: float, hold: bool) -> None:
        self.clock.now += seconds
        self.world.hold_frozen = hold

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


def test_F27_F33_dispatchers_that_die_anywhere_start_each_script_once_and_tell_the_true_end(clock, trials):
    trials("steps of dispatchers that may die at each", steps=live(Machine, 300, 40, clock=clock))


@pytest.mark.soak
def test_F27_F33_dispatchers_that_die_anywhere_in_four_thousand_steps(clock, trials):
    trials("steps of dispatchers that may die at each", steps=live(Machine, 4_000, 60, clock=clock))

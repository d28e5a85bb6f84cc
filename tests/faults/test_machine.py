"""The life of runs, in any order of events: submitters, dispatchers that die, agents, people who cancel.

A model (tests/support/run_model.py) says after each step what every record has to be; the store has to agree in full.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from machines import live
from points import points
from run_model import ENDS, MOVES, STATES, parent_of
from sqlalchemy import Connection, select, update

from jupyter_mlws.api.series import decode_series
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import Conflict
from jupyter_mlws.store import Store, changes, dispatchers, runs
from jupyter_mlws.store.metrics import append_points, offsets, read_series
from jupyter_mlws.store.tables import runs as table

USERS = ("ada", "bob")
HOSTS = ("here", "there")
DISPATCHERS = tuple(itertools.product(USERS, HOSTS))
# A process of ours may exist for these; they take a place in a sweep.
ON_TARGET = {"Provisioning", "Preparing", "Running", "Finalizing", "CancelRequested", "NotResponding"}
WAITING = {"NotStarted", "Queued"}
BEGUN = {"Running", "Finalizing", "NotResponding", "Completed"}
# What an agent's words and its heart make of a run, in the order in which they come when all is well.
WORDS = ("Running", "NotResponding", "Running", "Finalizing", "Completed", "Failed", "Canceled")
_numbers = itertools.count()


@dataclass
class Record:
    """What has to be in the database of one run."""

    id: str
    user: str
    host: str
    order: int
    status: str = "Queued"
    sequence: int = 1
    attempt: int = 0
    owner: str = ""
    parent: Record | None = None
    children: list[Record] = field(default_factory=list)
    parallel: int | None = None
    ended: int = 0
    waiting_for: str = ""
    # How far each of its streams is stored.
    points: dict[str, int] = field(default_factory=dict)

    def facts(self) -> tuple[Any, ...]:
        return (self.status, self.sequence, self.attempt, self.owner, self.ended, self.waiting_for)


class Life(RuleBasedStateMachine):
    """Two openings of one database, as two processes have them."""

    stores: tuple[Store, Store]
    steps: list[int]
    names: Bundle[str] = Bundle("names")
    parents: Bundle[str] = Bundle("parents")
    stale: Bundle[tuple[str, int]] = Bundle("stale")

    def __init__(self) -> None:
        super().__init__()
        self.own = f"x{next(_numbers)}"  # of this example: all share one database
        self.known: dict[str, Record] = {}
        self.touched: set[str] = set()
        self.turns: dict[tuple[str, str], int] = {}
        with self.stores[0].read() as c:
            self.cursor = changes.last(c)

    def teardown(self) -> None:
        """Leave nothing that the next example could claim."""
        with self.stores[0].write() as c:
            c.execute(update(table).where(table.c.id.in_(list(self.known))).values(status="Canceled"))

    def write(self, store: int) -> AbstractContextManager[Connection]:
        """A transaction of one of the two: a step."""
        self.steps[0] += 1
        return self.stores[store].write()

    # -- the model

    def moves(self, record: Record, new: str) -> bool:
        if new not in MOVES[record.status]:
            return False
        self.set(record, new, 1)
        if record.parent is not None:
            self.follow(record.parent)
        return True

    def set(self, record: Record, new: str, steps: int) -> None:
        record.status = new
        record.sequence += steps
        if new != "Queued":
            record.waiting_for = ""
        self.touched.add(record.id)

    def follow(self, parent: Record) -> None:
        if parent.status in ENDS:
            return
        statuses = [child.status for child in parent.children]
        new = parent_of(statuses, parent.status in BEGUN)
        ended = sum(status in ENDS for status in statuses)
        if ended != parent.ended:
            parent.ended = ended
            self.touched.add(parent.id)
        if new != parent.status:
            direct = new in MOVES[parent.status]
            assert direct or any(new in MOVES[between] for between in MOVES[parent.status] - ENDS)
            self.set(parent, new, 1 if direct else 2)

    def next_of(self, user: str, host: str, limit: int) -> list[Record]:
        """Whom a dispatcher has to claim: first come, first served, but for sweeps that are at their limit."""
        chosen: list[Record] = []
        for record in sorted(self.known.values(), key=lambda record: record.order):
            if record.status != "Queued" or record.children or (record.user, record.host) != (user, host):
                continue
            sweep = record.parent
            if sweep is not None and sweep.parallel is not None:
                busy = sum(child.status in ON_TARGET or child in chosen for child in sweep.children)
                if busy >= sweep.parallel:
                    continue
            if len(chosen) < limit:
                chosen.append(record)
        return chosen

    # -- submitters

    def _name(self) -> str:
        return f"digits_{self.own}_{len(self.known)}"

    def _user(self, user: str) -> str:
        return f"{user}-{self.own}"

    @rule(target=names, store=st.integers(0, 1), user=st.sampled_from(USERS), host=st.sampled_from(HOSTS))
    def submit(self, store: int, user: str, host: str) -> str:
        name = self._name()
        with self.write(store) as c:
            wish = RunSubmission(experiment="digits", command=("x",))
            runs.create_run(c, wish, run_id=name, user=self._user(user), host=host)
        self._know(Record(name, user, host, len(self.known)))
        return name

    @rule(
        target=parents,
        store=st.integers(0, 1),
        user=st.sampled_from(USERS),
        count=st.integers(1, 3),
        parallel=st.sampled_from([None, 1, 2]),
    )
    def submit_sweep(self, store: int, user: str, count: int, parallel: int | None) -> str:
        order = len(self.known)
        name, *children = [f"digits_{self.own}_{order + i}" for i in range(1 + count)]
        sweep = tuple({"n": str(i)} for i in range(count))
        wish = RunSubmission(experiment="digits", command=("x",), kind="sweep", sweep=sweep, parallel=parallel)
        with self.write(store) as c:
            runs.create_run(c, wish, run_id=name, user=self._user(user), host="here", children=children)
        parent = self._know(Record(name, user, "here", order, parallel=parallel))
        for i, child in enumerate(children, 1):
            parent.children.append(self._know(Record(child, user, "here", order + i, parent=parent)))
        return name

    def _know(self, record: Record) -> Record:
        self.known[record.id] = record
        self.touched.add(record.id)
        return record

    @rule(target=names, parent=parents, which=st.integers(0, 2))
    def a_child(self, parent: str, which: int) -> str:
        children = self.known[parent].children
        return children[which % len(children)].id

    # -- dispatchers

    @rule(store=st.integers(0, 1), who=st.sampled_from(DISPATCHERS), limit=st.integers(0, 3))
    def claim(self, store: int, who: tuple[str, str], limit: int) -> None:
        user, host = who
        owner = dispatchers.owner_name(host, store, self.turns.get(who, 0))
        with self.write(store) as c:
            claimed = runs.claim_queued(c, user=self._user(user), owner=owner, limit=limit, target="local", host=host)
        expected = self.next_of(user, host, limit)
        assert [run.id for run in claimed] == [record.id for record in expected]
        for record in expected:
            self.set(record, "Preparing", 1)
            record.attempt += 1
            record.owner = owner
        for record in expected:
            if record.parent is not None:
                self.follow(record.parent)

    @rule(store=st.integers(0, 1), name=names)
    def hand_back(self, store: int, name: str) -> None:
        record = self.known[name]
        with self.write(store) as c:
            back = runs.hand_back(c, name, waiting_for="memory")
        assert (back is not None) == (record.status in ("Preparing", "Provisioning"))
        if back is not None:
            self.moves(record, "Queued")
            record.owner, record.waiting_for = "", "memory"

    @rule(store=st.integers(0, 1), name=names, text=st.sampled_from(["", "memory", "behind #1"]))
    def tell_waiting(self, store: int, name: str, text: str) -> None:
        record = self.known[name]
        with self.write(store) as c:
            runs.set_waiting(c, name, text)
        if record.status in ("Queued", "Provisioning", "Preparing") and record.waiting_for != text:
            record.waiting_for = text
            self.touched.add(name)

    @rule(store=st.integers(0, 1), who=st.sampled_from(DISPATCHERS))
    def a_dispatcher_dies_and_the_next_adopts(self, store: int, who: tuple[str, str]) -> None:
        """All that the dead one knew is lost; the next finds what it left, and may write while the dead one may not."""
        user, host = who
        place = {"user": self._user(user), "host": host}
        with self.write(store) as c:
            turn = dispatchers.take_turn(c, **place)
            assert dispatchers.has_turn(c, turn, **place)
            assert not dispatchers.has_turn(c, turn - 1, **place)
            left = dispatchers.left_on(c, **place)
        assert turn > self.turns.get(who, 0)
        self.turns[who] = turn
        expected = [
            record.id
            for record in self.known.values()
            if record.user == user
            and not record.children
            and record.owner.partition(":")[0] == host
            and record.status in ON_TARGET
        ]
        assert sorted(run.id for run in left) == sorted(expected)

    # -- agents: their words in their order, twice, late, or in none

    @rule(target=stale, store=st.integers(0, 1), name=names, word=st.sampled_from(WORDS))
    def an_agent_says(self, store: int, name: str, word: str) -> tuple[str, int]:
        before = self.known[name].sequence
        self._move(store, name, word)
        return name, before

    @rule(store=st.integers(0, 1), name=names, most=st.integers(1, len(WORDS)))
    def an_agent_says_all_again(self, store: int, name: str, most: int) -> None:
        """As a dispatcher that adopts a run reads its folder from the beginning."""
        for word in WORDS[:most]:
            self._move(store, name, word)

    @rule(store=st.integers(0, 1), name=names, new=st.sampled_from(STATES))
    def somebody_moves(self, store: int, name: str, new: str) -> None:
        self._move(store, name, new)

    @rule(store=st.integers(0, 1), late=consumes(stale), new=st.sampled_from(STATES))
    def a_stale_owner_moves(self, store: int, late: tuple[str, int], new: str) -> None:
        """What is written for a state that is not the present one is refused."""
        name, sequence = late
        record = self.known[name]
        allowed = sequence == record.sequence and new in MOVES[record.status]
        with self.write(store) as c:
            moved = runs.move_run(c, name, RunStatus(new), sequence=sequence)
        assert (moved is not None) == allowed
        if allowed:
            self.moves(record, new)

    def _move(self, store: int, name: str, new: str) -> None:
        with self.write(store) as c:
            moved = runs.move_run(c, name, RunStatus(new))
        allowed = self.moves(self.known[name], new)
        assert (moved is not None) == allowed

    # -- people

    @rule(store=st.integers(0, 1), name=st.one_of(names, parents), times=st.integers(1, 2))
    def cancel(self, store: int, name: str, times: int) -> None:
        for _ in range(times):
            with self.write(store) as c:
                ended = runs.cancel_run(c, runs.run_number(c, name))
            record = self.known[name]
            expected = []
            family = record.children or [record]
            for each in family:
                if each.status in WAITING:
                    expected.append(each.id)
                    self.set(each, "Canceled", 1)
                elif "CancelRequested" in MOVES[each.status]:
                    self.set(each, "CancelRequested", 1)
            if family[0].parent is not None:
                self.follow(family[0].parent)
            assert ended == expected

    # -- points: each once, whatever is sent how often

    @rule(
        store=st.integers(0, 1),
        name=names,
        stream=st.sampled_from("ab"),
        shift=st.integers(-3, 2),
        count=st.integers(1, 4),
    )
    def log_points(self, store: int, name: str, stream: str, shift: int, count: int) -> None:
        record = self.known[name]
        have = record.points.get(stream, 0)
        start = max(0, have + shift)
        value = np.arange(start, start + count, dtype=float)
        batch = points(value, start=start, stream=stream, name=f"loss-{stream}", steps=value)
        try:
            with self.write(store) as c:
                append_points(c, name, batch)
        except Conflict:
            assert start != have
            assert start + count > have
            return
        if start == have:
            record.points[stream] = have + count
        else:
            assert start + count <= have

    @rule(name=names)
    def read_points(self, name: str) -> None:
        with self.stores[0].read() as c:
            assert offsets(c, name) == self.known[name].points
            for stream, count in self.known[name].points.items():
                found = decode_series(*read_series(c, name, f"loss-{stream}"))
                assert list(found.columns["value"]) == list(range(count))

    # -- what always holds

    @invariant()
    def the_records_are_those_of_the_model(self) -> None:
        if not self.known:
            return
        columns = (table.c.status, table.c.status_sequence, table.c.attempt, table.c.owner, table.c.children_ended)
        query = select(table.c.id, *columns, table.c.waiting_for, table.c.ended_at)
        with self.stores[1].read() as c:
            rows = c.execute(query.where(table.c.user.in_([self._user(user) for user in USERS]))).all()
            page = changes.since(c, self.cursor, 10_000)
        assert {row.id: tuple(row)[1:-1] for row in rows} == {
            name: record.facts() for name, record in self.known.items()
        }
        assert all((row.ended_at is not None) == (row.status in ENDS) for row in rows)
        self._feed(page)

    def _feed(self, page: Any) -> None:
        """Every change is told, once, in the order of cursors."""
        cursors = [change.cursor for change in page.changes]
        assert cursors == sorted(set(cursors))
        told = [change.subject for change in page.changes if change.kind == "run"]
        assert len(told) == len(set(told))
        assert set(told) == self.touched
        self.cursor = page.cursor
        self.touched = set()


@pytest.fixture
def two_stores(database_kind: str, request: pytest.FixtureRequest) -> Iterator[tuple[Store, Store]]:
    """Two openings of one database; that of SQLite in memory, where a commit does not wait for a disk."""
    if database_kind == "postgresql":
        opens = request.getfixturevalue("store_factory")
        yield opens(), opens()
        return
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with TemporaryDirectory(prefix="mlws-machine-", dir=shared) as folder, Store.open(folder) as one:
        with Store.open(folder) as other:
            yield one, other


def test_F33_F34_the_records_follow_the_model_through_two_thousand_steps(two_stores, database_kind, trials):
    # A server's commit waits for its disk: fewer of them there.
    steps = live(Life, 2000 if database_kind == "sqlite" else 300, 50, share=2, stores=two_stores)
    trials(f"steps of the state machine on {database_kind}", steps=steps)


@pytest.mark.soak
def test_F33_F34_the_records_follow_the_model_through_a_hundred_thousand_steps(two_stores, database_kind, trials):
    steps = live(Life, 100_000 if database_kind == "sqlite" else 5_000, 100, share=2, stores=two_stores)
    trials(f"steps of the state machine on {database_kind}", steps=steps)

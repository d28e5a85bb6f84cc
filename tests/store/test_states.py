"""The states of runs, one by one; tests/faults/test_machine.py has them in every order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from jupyter_mlws.domain.run import Run, RunError
from jupyter_mlws.domain.status import RunStatus, can_move
from jupyter_mlws.store import Store, changes, runs
from jupyter_mlws.store.tables import runs as table

S = RunStatus
RUN = Callable[..., Run]
SWEEP = tuple({"lr": str(i)} for i in range(4))


def status(store: Store, run: Run | str) -> RunStatus:
    with store.read() as c:
        return runs.get_run(c, run if isinstance(run, str) else run.id).status


def move(store: Store, run: Run | str, new: RunStatus, **how: Any) -> Run | None:
    with store.write() as c:
        return runs.move_run(c, run if isinstance(run, str) else run.id, new, **how)


def claim(store: Store, limit: int = 10, **who: str) -> list[Run]:
    with store.write() as c:
        return runs.claim_queued(
            c, **{"user": "ada", "host": "box", "owner": "me", "target": "local", **who}, limit=limit
        )


def children_of(store: Store, parent: Run) -> list[Run]:
    with store.read() as c:
        return list(reversed(runs.page_runs(c, parent=parent.id).items))


@pytest.mark.parametrize("old", list(S))
def test_exactly_the_moves_of_the_table_are_made(store: Store, submit: RUN, old: RunStatus) -> None:
    for new in S:
        run = submit()
        with store.write() as c:
            c.execute(table.update().where(table.c.id == run.id).values(status=old.value))
        after = move(store, run, new)
        assert (after is not None) == can_move(old, new)
        assert status(store, run) == (new if can_move(old, new) else old)


def test_a_move_says_when_and_why(store: Store, submit: RUN) -> None:
    run = submit()
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    move(store, run, S.PREPARING)
    move(store, run, S.RUNNING, at=at)
    move(store, run, S.NOT_RESPONDING)
    move(store, run, S.RUNNING, at=at + timedelta(seconds=9))
    error = RunError(code="signal", message="Killed.", signal="SIGKILL", exit_code=-9)
    move(store, run, S.FAILED, error=error, at=at - timedelta(hours=1), warnings=["one", "one"])
    with store.read() as c:
        after = runs.get_run(c, run.id)
    assert (after.started_at, after.error, after.warnings) == (at, error, ("one",))
    # F16: the clock went back in between; no run ends before it began.
    assert after.duration_s == 0
    assert after.status_sequence == 6


def test_a_move_can_expect_where_the_run_is(store: Store, submit: RUN) -> None:
    run = submit()
    assert move(store, run, S.FAILED, expected=S.RUNNING) is None
    assert move(store, run, S.FAILED, sequence=run.status_sequence + 1) is None
    assert move(store, run, S.FAILED, expected={S.QUEUED, S.RUNNING}, sequence=run.status_sequence) is not None


def test_F33_F34_cancel_ends_what_waits_asks_what_lives_and_leaves_what_has_ended(store: Store, submit: RUN) -> None:
    waiting, living, ended = submit(), submit(), submit()
    for new in (S.PREPARING, S.RUNNING):
        move(store, living, new)
    move(store, ended, S.FAILED)
    for _ in range(2):
        with store.write() as c:
            canceled = [runs.cancel_run(c, run.number) for run in (waiting, living, ended)]
    assert [status(store, run) for run in (waiting, living, ended)] == [S.CANCELED, S.CANCEL_REQUESTED, S.FAILED]
    assert canceled == [[], [], []]


def test_F31_a_canceled_run_is_not_claimed(store: Store, submit: RUN) -> None:
    run = submit()
    with store.write() as c:
        assert runs.cancel_run(c, run.number) == [run.id]
    assert claim(store) == []


def test_claims_go_first_come_first_served_to_the_submitters_own_dispatcher(store: Store, submit: RUN) -> None:
    mine = [submit() for _ in range(3)]
    submit(user="bob")
    submit(host="other")
    submit(compute_target="gpu1")
    claimed = claim(store, limit=2)
    assert [run.id for run in claimed] == [mine[0].id, mine[1].id]
    assert {run.status for run in claimed} == {S.PREPARING}
    assert [run.id for run in claim(store)] == [mine[2].id]
    assert claim(store) == []


def test_a_sweep_lets_others_pass_while_it_is_at_its_limit(store: Store, submit: RUN) -> None:
    sweep = submit(kind="sweep", sweep=SWEEP, parallel=2)
    behind = submit()
    first = claim(store)
    assert [run.parent_id for run in first] == [sweep.id, sweep.id, None]
    assert first[2].id == behind.id
    assert claim(store) == []
    move(store, first[0], S.FAILED)
    assert [run.params["lr"] for run in claim(store)] == ["2"]


def test_a_run_that_did_not_start_goes_back_into_the_queue(store: Store, submit: RUN) -> None:
    run = submit()
    claim(store)
    with store.write() as c:
        assert runs.hand_back(c, run.id, waiting_for="memory") is not None
        assert runs.get_run(c, run.id).waiting_for == "memory"
    assert [item.id for item in claim(store)] == [run.id]
    with store.read() as c:
        assert runs.get_run(c, run.id).waiting_for == ""
        assert c.scalar(select(table.c.attempt)) == 2


def test_a_sweeps_parent_shows_the_worst_of_its_children_and_counts_them(store: Store, submit: RUN) -> None:
    sweep = submit(kind="sweep", sweep=SWEEP)
    children = children_of(store, sweep)
    seen = []
    for child, ends in zip(children, (S.COMPLETED, S.FAILED, S.COMPLETED, S.COMPLETED), strict=True):
        for new in (S.PREPARING, S.RUNNING, S.FINALIZING, ends):
            assert move(store, child, new) is not None
            with store.read() as c:
                parent = runs.get_run(c, sweep.id)
            seen.append((parent.status, parent.children_ended))
    # Once begun it does not go back to Preparing between two children.
    assert seen[:5] == [(S.PREPARING, 0), (S.RUNNING, 0), (S.RUNNING, 0), (S.RUNNING, 1), (S.RUNNING, 1)]
    assert seen[-1] == (S.FAILED, 4)
    assert parent.started_at is not None
    assert parent.ended_at is not None


def test_cancel_of_a_sweep_reaches_every_child(store: Store, submit: RUN) -> None:
    sweep = submit(kind="sweep", sweep=SWEEP)
    running, done, *waiting = children_of(store, sweep)
    for child in (running, done):
        move(store, child, S.PREPARING)
        move(store, child, S.RUNNING)
    move(store, done, S.COMPLETED)
    with store.write() as c:
        assert runs.cancel_run(c, sweep.number) == [child.id for child in waiting]
    assert [child.status for child in children_of(store, sweep)] == [
        S.CANCEL_REQUESTED,
        S.COMPLETED,
        S.CANCELED,
        S.CANCELED,
    ]
    assert status(store, sweep) == S.CANCEL_REQUESTED
    move(store, running, S.CANCELED)
    assert status(store, sweep) == S.CANCELED


def test_waiting_text_is_noted_once_and_only_for_queued_runs(store: Store, submit: RUN) -> None:
    run = submit()
    with store.write() as c:
        runs.set_waiting(c, run.id, "behind #1")
        before = changes.last(c)
        runs.set_waiting(c, run.id, "behind #1")
        assert changes.last(c) == before
    move(store, run, S.RUNNING)
    with store.write() as c:
        runs.set_waiting(c, run.id, "memory")
        assert runs.get_run(c, run.id).waiting_for == ""

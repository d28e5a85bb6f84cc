"""Runs that begin when others have completed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jupyter_mlws.domain.run import AFTER, Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store import Store, runs


def claimed(store: Store, limit: int = 9) -> list[int]:
    with store.write() as c:
        found = runs.claim_queued(c, owner="box:1:1", limit=limit, target="local", user="ada", host="box")
        return [run.number for run in found]


def ended(store: Store, run: Run, *statuses: RunStatus) -> None:
    with store.write() as c:
        for status in statuses:
            assert runs.move_run(c, run.id, status) is not None


def look(store: Store, run: Run) -> Run:
    with store.read() as c:
        return runs.get_run(c, run.id)


def test_a_run_waits_for_all_that_it_follows_and_lets_others_pass(store: Store, submit: Callable[..., Run]) -> None:
    first, second = submit("a"), submit("b")
    third = submit("c", properties={AFTER: f"{first.number} {second.number}"})
    submit("d")
    assert claimed(store) == [1, 2, 4]
    assert look(store, third).waiting_for == "starts after run #1"
    ended(store, first, RunStatus.RUNNING, RunStatus.COMPLETED)
    assert claimed(store) == []
    assert look(store, third).waiting_for == "starts after run #2"
    ended(store, second, RunStatus.RUNNING, RunStatus.COMPLETED)
    assert claimed(store) == [3]


@pytest.mark.parametrize(
    ("how", "end", "words"),
    [
        ((RunStatus.FAILED,), RunStatus.FAILED, "It was to start after run #1, which failed."),
        ((RunStatus.CANCELED,), RunStatus.CANCELED, "It was to start after run #1, which was canceled."),
    ],
)
def test_a_run_ends_as_the_one_did_that_it_was_to_follow(
    store: Store, submit: Callable[..., Run], how: tuple[RunStatus, ...], end: RunStatus, words: str
) -> None:
    first = submit("a")
    second = submit("b", properties={AFTER: str(first.number)})
    third = submit("c", properties={AFTER: str(second.number)})
    ended(store, first, *how)
    assert claimed(store) == []
    assert claimed(store) == []
    assert [look(store, run).status for run in (second, third)] == [end, end]
    error = look(store, second).error
    assert error is not None
    assert (error.code, error.message) == ("predecessor_ended", words)


@pytest.mark.parametrize(("named", "runs_now"), [("99", False), ("nonsense", True), ("", True)])
def test_what_the_property_says_by_mistake_holds_nobody_up(
    store: Store, submit: Callable[..., Run], named: str, runs_now: bool
) -> None:
    run = submit("a", properties={AFTER: named})
    assert bool(claimed(store)) == runs_now
    assert look(store, run).status is (RunStatus.PREPARING if runs_now else RunStatus.FAILED)

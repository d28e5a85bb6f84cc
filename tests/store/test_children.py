"""Child runs that a script makes: recorded once, counted by their parent, ended at the latest with their root."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_mlws.domain.child import NewChild, RunEnd
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Run, RunError
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import AlreadyExists, TooLarge, WrongState
from jupyter_mlws.store import Store, deletion, mailbox, run_children, runs
from jupyter_mlws.store.run_states import count_by_target, runs_in

S = RunStatus
RUN = Callable[..., Run]


@pytest.fixture
def root(store: Store, submit: RUN) -> Run:
    """A run whose script goes on."""
    run = submit(params={"lr": "1"}, tags={"of": "root"})
    with store.write() as c:
        runs.move_run(c, run.id, S.PREPARING)
        runs.move_run(c, run.id, S.RUNNING)
    return look(store, run.id)


def look(store: Store, run: str) -> Run:
    with store.read() as c:
        return runs.get_run(c, run)


def make(store: Store, parent: str, *ids: str, **facts: Any) -> tuple[Run, ...]:
    with store.write() as c:
        return run_children.create_children(c, parent, [NewChild(id=child, **facts) for child in ids])


def end(store: Store, run: Run, status: RunStatus = S.COMPLETED, **facts: Any) -> Run:
    error = RunError(code="x", message="no luck") if status is S.FAILED else None
    with store.write() as c:
        told = RunEnd(status=status, error=error, **facts)
        return run_children.end_children(c, [(run.number, told)])[run.number]


def test_a_child_has_what_its_parent_has_and_is_made_once(store: Store, root: Run) -> None:
    first, second = make(store, root.id, "a", "b", display_name="fold", params={"k": "1"}, tags={"t": "2"})
    assert make(store, root.id, "b", "a")[0] == second
    assert (first.kind, first.status, first.parent_id) == ("child", S.RUNNING, root.id)
    assert (first.user, first.host, first.command) == (root.user, root.host, root.command)
    assert (first.params, first.tags, first.display_name) == ({"k": "1"}, {"t": "2"}, "fold")
    assert root.created_at <= first.created_at == first.started_at <= now()
    assert look(store, root.id).child_count == 2
    assert second.number == first.number + 1


def test_all_descendants_are_one_list(store: Store, root: Run, submit: RUN) -> None:
    above, *_ = make(store, root.id, "a", "b")
    deep, *_ = make(store, above.id, "c", "d")
    make(store, deep.id, "e")
    other = submit()

    def below(run: str, **how: Any) -> list[str]:
        with store.read() as c:
            page = runs.page_runs(c, parent=run, recursive=True, **how)
        return [each.id for each in page.items]

    assert below(root.id) == ["e", "d", "c", "b", "a"]
    assert below(deep.id) == ["e"]
    assert below(other.id) == below("e") == []
    assert below(root.id, limit=2) == ["e", "d"]
    with store.write() as c:
        c.exec_driver_sql("UPDATE runs SET parent_number = (SELECT number FROM runs WHERE id = 'e') WHERE id = 'a'")
    assert below("a") == ["e", "d", "c", "a"]  # a circle, which nobody makes, ends


def test_all_children_of_a_request_are_made_or_none(store: Store, root: Run, submit: RUN) -> None:
    other = submit()
    make(store, root.id, "a")
    for taken in (other.id, root.id):
        with pytest.raises(AlreadyExists):
            make(store, root.id, "new", taken)
    with pytest.raises(AlreadyExists):
        make(store, "a", "below", "a")
    with store.read() as c:
        assert [child.id for child in run_children.descendants(c, root.number)] == ["a"]


def test_only_a_run_that_goes_on_makes_children(store: Store, root: Run, submit: RUN, monkeypatch) -> None:
    sweep = submit(kind="sweep", sweep=({"lr": "1"},))
    for parent in (submit().id, sweep.id):
        with pytest.raises(WrongState):
            make(store, parent, "x")
    (child,) = make(store, root.id, "a")
    end(store, child)
    with pytest.raises(WrongState):
        make(store, child.id, "x")
    monkeypatch.setattr(run_children, "MAX_CHILDREN_OF_RUN", 2)
    make(store, root.id, "b")
    with pytest.raises(TooLarge):
        make(store, root.id, "c")


def test_the_clock_of_a_script_puts_nothing_before_its_parent_or_into_the_future(store: Store, root: Run) -> None:
    early, late = datetime(2000, 1, 1, tzinfo=timezone.utc), now() + timedelta(days=9)
    assert make(store, root.id, "a", created_at=early)[0].created_at == root.created_at
    (child,) = make(store, root.id, "b", created_at=late)
    assert child.created_at < late
    after = end(store, child, ended_at=early)
    assert after.ended_at == after.started_at
    assert end(store, look(store, "a"), ended_at=late).ended_at < late


def test_the_first_end_counts_and_the_parent_counts_the_ended(store: Store, root: Run) -> None:
    children = make(store, root.id, "a", "b", "c")
    assert end(store, children[0], S.FAILED).error == RunError(code="x", message="no luck")
    assert end(store, children[0]).status is S.FAILED
    assert end(store, children[1], S.CANCELED).status is S.CANCELED
    assert end(store, children[2]).error is None
    after = look(store, root.id)
    assert (after.status, after.child_count, after.children_ended) == (S.RUNNING, 3, 3)


def test_a_canceled_child_takes_those_below_it_along_and_no_other(store: Store, root: Run) -> None:
    make(store, root.id, "a", "b")
    make(store, "a", "a_1")
    with store.write() as c:
        runs.cancel_run(c, look(store, "a").number)
    assert [look(store, run).status for run in ("a", "a_1", "b")] == [S.CANCELED, S.CANCELED, S.RUNNING]
    assert look(store, root.id).children_ended == look(store, "a").children_ended == 1
    # Its script goes on, and what it makes is lost to nobody.
    assert make(store, "a", "a_2")[0].status is S.CANCELED
    assert look(store, "a").children_ended == 2
    with store.write() as c:
        runs.cancel_run(c, root.number)
    assert look(store, "b").status is S.CANCEL_REQUESTED


def test_what_said_nothing_ends_as_its_own_parent_did(store: Store, root: Run) -> None:
    good, bad, _ = make(store, root.id, "good", "bad", "silent")
    make(store, "good", "below_good")
    make(store, "bad", "below_bad")
    make(store, "silent", "below_silent")
    end(store, good)
    end(store, bad, S.FAILED)
    with store.write() as c:
        assert run_children.end_descendants(c, root, S.CANCELED, None, None) == 4
        assert run_children.end_descendants(c, root, S.FAILED, None, None) == 0
    ends = {run: look(store, run) for run in ("below_good", "below_bad", "silent", "below_silent")}
    assert [run.status for run in ends.values()] == [S.COMPLETED, S.FAILED, S.CANCELED, S.CANCELED]
    assert ends["below_bad"].error == RunError(code="parent_ended", message="Its parent run ended: no luck")
    assert look(store, root.id).children_ended == 3
    assert look(store, "silent").children_ended == 1


def test_children_wait_for_no_dispatcher_and_take_no_slot(store: Store, root: Run) -> None:
    make(store, root.id, "a")
    with store.read() as c:
        assert [run.id for run in runs_in(c, {S.RUNNING})] == [root.id]
        assert count_by_target(c, {S.RUNNING}) == {"local": 1}


def test_what_a_job_says_of_its_own_end_is_kept_until_then(store: Store, root: Run) -> None:
    said = [RunEnd(status=S.FAILED, error=RunError(code=word, message=word)) for word in ("one", "two")]
    with store.write() as c:
        assert mailbox.told_end(c, root.id) is None
        for each in said:
            mailbox.put_told_end(c, root.id, each)
        assert mailbox.told_end(c, root.id) == said[1]
        assert not mailbox.are_answered(c, [(root.number, "a"), (root.number, "b")])
        mailbox.put_replies(c, [(root.number, "a")], {"done": True})
        assert mailbox.are_answered(c, [(root.number, "a"), (root.number, "b")])


def test_nothing_below_a_run_that_goes_on_is_deleted_however_deep(store: Store, root: Run) -> None:
    [child] = make(store, root.id, "a")
    [inner] = make(store, child.id, "a_1")
    end(store, inner)
    end(store, child)
    with pytest.raises(WrongState, match=f"belongs to #{root.number}, which is Running"), store.write() as c:
        deletion.delete_run(c, inner.id)
    with store.write() as c:
        runs.move_run(c, root.id, S.COMPLETED)
        assert deletion.delete_run(c, inner.id).run_count == 1

"""The trash: what is in it is nowhere else, and comes back as it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.experiment import ExperimentUpdate
from jupyter_mlws.domain.run import Run, RunUpdate
from jupyter_mlws.errors import AlreadyExists, Conflict, InvalidInput, NotFound, TooLarge, WrongState
from jupyter_mlws.store import Store, changes, deletion, experiment_trash, experiments, purging
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store.tables import deleted_runs, metadata, runs
from jupyter_mlws.store.trash import page_trash

# Of a machine that has much else to do.
SLACK = 5
SWEEP = ({"x": "1"}, {"x": "2"})


@pytest.fixture
def ended(store: Store, submit: Callable[..., Run]) -> Callable[..., Run]:
    """Record a run that has ended, and its sweep's children with it."""

    def record(experiment: str = "digits", **facts: Any) -> Run:
        run = submit(experiment, **facts)
        with store.write() as c:
            of_it = (runs.c.number == run.number) | (runs.c.parent_number == run.number)
            count = len(facts.get("sweep", ()))
            c.execute(update(runs).where(of_it).values(status="Completed", children_ended=0))
            c.execute(update(runs).where(runs.c.number == run.number).values(children_ended=count))
            return store_runs.get_run(c, run.id)

    return record


def listed(store: Store, **wishes: Any) -> list[int]:
    with store.read() as c:
        return [run.number for run in store_runs.page_runs(c, limit=1000, **wishes).items]


def trash(store: Store) -> list[tuple[str, str, int]]:
    with store.read() as c:
        return [(item.kind, item.name, item.run_count) for item in page_trash(c, 7.0, 100, None).items]


def delete(store: Store, run: Run) -> deletion.DeletedRun:
    with store.write() as c:
        return deletion.delete_run(c, run.id)


def restore(store: Store, run: Run) -> Run:
    with store.write() as c:
        return deletion.restore_run(c, run.id)


def count(store: Store, name: str = "digits") -> int:
    with store.read() as c:
        return experiments.get_experiment(c, name).run_count


def test_a_deleted_run_is_in_no_list_and_no_count_and_comes_back_as_it_was(store, ended):
    kept, run = ended(), ended(tags={"who": "ada"}, display_name="second")
    gone = delete(store, run)
    assert (gone.number, gone.run_count) == (run.number, 1)
    assert delete(store, run) == gone
    assert listed(store) == listed(store, search="digits") == listed(store, experiment="digits") == [kept.number]
    assert count(store) == 1
    assert trash(store) == [("run", run.id, 1)]
    with store.read() as c, pytest.raises(NotFound, match=f"mlws run restore {run.number}") as error:
        store_runs.get_run(c, f"#{run.number}")
    assert error.value.details == {"deleted": True}
    assert restore(store, run) == run
    assert restore(store, run) == run
    assert (listed(store), count(store), trash(store)) == ([run.number, kept.number], 2, [])


def test_what_lives_is_not_deleted_and_is_named(store, submit, ended):
    run = submit()
    with pytest.raises(WrongState, match=f"Run #{run.number} is Queued.*mlws run cancel {run.number}"):
        delete(store, run)
    sweep = ended(sweep=SWEEP, kind="sweep")
    with store.write() as c:
        c.execute(update(runs).where(runs.c.number == sweep.number + 2).values(status="Running"))
    with pytest.raises(WrongState, match=f"Run #{sweep.number + 2} is Running"):
        delete(store, sweep)
    with store.write() as c, pytest.raises(WrongState, match="what lives is not deleted"):
        experiment_trash.delete_experiment(c, "digits")


def test_children_go_and_come_with_their_parent(store, ended):
    sweep = ended(sweep=SWEEP, kind="sweep")
    assert delete(store, sweep).run_count == 3
    assert (listed(store, include_children=True), count(store)) == ([], 0)
    assert trash(store) == [("run", sweep.id, 3)]
    with store.read() as c:
        child_id = c.scalar(select(runs.c.id).where(runs.c.number == sweep.number + 1))
    with store.write() as c, pytest.raises(WrongState, match=f"belongs to #{sweep.number}.*mlws run restore"):
        deletion.restore_run(c, child_id)
    assert restore(store, sweep) == sweep
    assert listed(store, include_children=True) == [sweep.number + 2, sweep.number + 1, sweep.number]


def test_a_child_that_was_deleted_alone_is_counted_no_more_and_stays_deleted_when_its_parent_returns(store, ended):
    sweep = ended(sweep=SWEEP, kind="sweep")
    with store.read() as c:
        child = store_runs.get_run(c, str(sweep.number + 1))
    delete(store, child)
    with store.read() as c:
        after = store_runs.get_run(c, sweep.id)
    assert (after.child_count, after.children_ended) == (1, 1)
    delete(store, sweep)
    assert trash(store) == [("run", sweep.id, 2), ("run", child.id, 1)]
    assert restore(store, sweep).child_count == 1
    assert listed(store, parent=sweep.id) == [sweep.number + 2]
    restore(store, child)
    with store.read() as c:
        assert store_runs.get_run(c, sweep.id).child_count == 2


def test_a_sweep_that_lives_keeps_its_children(store, submit):
    sweep = submit(sweep=SWEEP, kind="sweep")
    with store.write() as c:
        c.execute(update(runs).where(runs.c.number == sweep.number + 1).values(status="Failed"))
        child = store_runs.get_run(c, str(sweep.number + 1))
    with pytest.raises(WrongState, match=f"belongs to #{sweep.number}, which is Queued"):
        delete(store, child)


def test_an_experiment_gives_its_name_away_when_it_is_deleted(store, ended, submit):
    first = [ended(), ended(), ended()]
    delete(store, first[0])
    with store.write() as c:
        gone = experiment_trash.delete_experiment(c, "digits")
        assert experiment_trash.delete_experiment(c, "digits") == gone
    assert gone.run_count == 2
    assert trash(store) == [("experiment", "digits", 2), ("run", first[0].id, 1)]
    with store.read() as c, pytest.raises(NotFound, match="mlws experiments restore digits"):
        experiments.get_experiment(c, "digits")
    with pytest.raises(WrongState, match="The experiment digits of run #1 is in the trash"):
        restore(store, first[0])
    other = submit()
    assert (listed(store, experiment="digits"), count(store)) == ([other.number], 1)
    with store.write() as c, pytest.raises(AlreadyExists, match="--as NAME"):
        experiment_trash.restore_experiment(c, "digits", None)
    with store.write() as c:
        back = experiment_trash.restore_experiment(c, "digits", "old-digits")
    assert (back.run_count, listed(store, experiment="old-digits")) == (2, [3, 2])
    assert listed(store, search="old-digits") == [3, 2]
    assert listed(store) == [4, 3, 2]
    assert restore(store, first[0]).experiment == "old-digits"
    with store.read() as c:
        assert experiments.count_all_runs(c) == 4


def test_a_name_is_not_taken_for_another_that_it_begins_with(store, ended):
    ended("digits_2")
    with store.write() as c:
        experiment_trash.delete_experiment(c, "digits_2")
        for other in ("digits", "digits_", "digitsx2", "DIGITS_2"):
            with pytest.raises(NotFound):
                experiment_trash.restore_experiment(c, other, None)
        assert experiment_trash.restore_experiment(c, "digits_2", None).name == "digits_2"


def test_an_archived_experiment_is_left_out_and_takes_no_runs(store, ended, submit):
    ended()
    with store.write() as c:
        archived = experiments.update_experiment(c, "digits", ExperimentUpdate(archived=True, description="2024"))
        assert experiments.update_experiment(c, "digits", ExperimentUpdate(archived=True)) == archived
    with store.read() as c:
        assert experiments.page_experiments(c, 10, None).items == ()
        assert experiments.page_experiments(c, 10, None, include_archived=True).items == (archived,)
        assert experiments.get_experiment(c, "digits") == archived
    assert len(listed(store, experiment="digits")) == 1
    with pytest.raises(WrongState, match="mlws experiments reactivate digits"):
        submit()
    with store.write() as c:
        assert experiments.update_experiment(c, "digits", ExperimentUpdate(archived=False)).archived_at is None
    submit()


def test_tags_of_an_experiment_are_set_removed_and_limited(store, ended):
    ended()
    with store.write() as c:
        tags = experiments.update_experiment(c, "digits", ExperimentUpdate(tags={"a": "1", "b": ""})).tags
        assert tags == {"a": "1", "b": ""}
        tags = experiments.update_experiment(c, "digits", ExperimentUpdate(tags={"a": None, "c": "3"})).tags
        assert tags == {"b": "", "c": "3"}
        with pytest.raises(TooLarge):
            experiments.update_experiment(c, "digits", ExperimentUpdate(tags={f"t{i}": "" for i in range(50)}))


def test_properties_are_added_once_and_never_changed(store, ended):
    run = ended()
    with store.write() as c:
        assert store_runs.update_run(c, run.id, RunUpdate(properties={"a": "1"})).properties == {"a": "1"}
        again = store_runs.update_run(c, run.id, RunUpdate(properties={"a": "1", "b": "2"}))
        assert again.properties == {"a": "1", "b": "2"}
        with pytest.raises(Conflict, match="has the property 'a' already"):
            store_runs.update_run(c, run.id, RunUpdate(properties={"c": "3", "a": "2"}))
        assert store_runs.get_run(c, run.id).properties == {"a": "1", "b": "2"}
        with pytest.raises(TooLarge, match="properties were given"):
            store_runs.update_run(c, run.id, RunUpdate(properties={f"p{i}": "" for i in range(49)}))
    with pytest.raises(TooLarge):
        RunUpdate(properties={"x" * 101: ""})


def test_the_trash_is_paged_in_its_order(store, ended):
    made = [ended(f"e{i}") for i in range(6)]
    with store.write() as c:
        for run in made[:3]:
            deletion.delete_run(c, run.id)
        for i in (3, 4, 5):
            experiment_trash.delete_experiment(c, f"e{i}")
        # Of one moment, as where a clock is coarse.
        c.execute(update(deleted_runs).values(deleted_at=now()))
    whole = trash(store)
    paged, cursor = [], None
    while True:
        with store.read() as c:
            page = page_trash(c, 7.0, 1, cursor)
        paged += [(item.kind, item.name, item.run_count) for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert paged == whole
    assert len(whole) == 6
    with store.read() as c, pytest.raises(InvalidInput):
        page_trash(c, 7.0, 1, "WyJ4Il0")


def test_whoever_watches_is_told_of_what_came_and_went(store, ended):
    run = ended()
    for change in (delete, restore):
        with store.read() as c:
            before = changes.last(c)
        change(store, run)
        with store.read() as c:
            told = {(item.kind, item.subject) for item in changes.since(c, before, 100).changes}
        assert {("run", run.id), ("experiment", "digits")} <= told


POINTS = ("metric_chunks", "metric_packs", "metric_outlines", "metric_values")


def test_a_purged_run_leaves_no_row_anywhere(store, ended):
    kept, gone = ended(tags={"a": "1"}, params={"b": "2"}), ended(tags={"a": "1"}, params={"b": "2"})
    sweep = ended(sweep=SWEEP, kind="sweep")

    def rows() -> dict[str, int]:
        with store.read() as c:
            return {table.name: c.scalar(select(func.count()).select_from(table)) for table in metadata.sorted_tables}

    delete(store, gone)
    delete(store, sweep)
    with store.write() as c:
        for table in metadata.sorted_tables:
            if table.name in (*POINTS, "typed_metrics", "stream_offsets", "mailbox_requests"):
                c.execute(insert(table), [_row(table, kept.number), _row(table, gone.number)])
    purge(store)
    after = rows()
    assert after["runs"] == after["run_tags"] == after["run_params"] == 1
    assert [after[name] for name in (*POINTS, "stream_offsets")] == [1] * 5
    assert after["mailbox_requests"] == after["typed_metrics"] == 1
    assert after["deleted_runs"] == 0
    with store.read() as c:
        assert not [item for item in changes.since(c, 0, 1000).changes if item.subject in (gone.id, sweep.id)]
        assert store_runs.get_run(c, kept.id) == kept


def purge(store: Store) -> None:
    with store.write() as c:
        purging.decide(c, now())
    for step in (lambda c: purging.purge_points(c)[0], purging.purge_runs):
        while True:
            with store.write() as c:
                if not step(c):
                    break
    with store.write() as c:
        purging.purge_experiments(c)


def _row(table: object, number: int) -> dict[str, object]:
    made: dict[str, object] = {}
    for column in table.c:
        kind = str(column.type).upper()
        if column.name == "run_number":
            made[column.name] = number
        elif "BLOB" in kind or "BYTE" in kind:
            made[column.name] = b""
        elif column.name.endswith("_at"):
            made[column.name] = now()
        elif column.name == "reply":
            made[column.name] = {}
        else:
            made[column.name] = "x" if "TEXT" in kind else 1
    return made


def test_what_is_being_purged_cannot_come_back(store, ended):
    run = ended()
    delete(store, run)
    with store.write() as c:
        purging.decide(c, now() - timedelta(days=1))
    assert trash(store) == [("run", run.id, 1)]
    with store.write() as c:
        purging.decide(c, now())
    assert trash(store) == []
    for call in (delete, restore):
        with pytest.raises(NotFound, match="There is no run"):
            call(store, run)


def test_thousands_of_runs_are_deleted_in_a_moment_and_purged_in_short_steps(store):
    submissions = metadata.tables["submissions"]
    with store.write() as c:
        place = experiments.ensure(c, "large").id
        body = c.scalar(insert(submissions).values(body="{}").returning(submissions.c.id))
        row = dict.fromkeys(("user", "host", "compute_target", "environment", "owner", "waiting_for"), "")
        row |= dict.fromkeys(("display_name", "description", "document", "document_id", "search_text"), "")
        row |= {"experiment_id": place, "submission_id": body, "kind": "script", "status": "Completed"}
        row |= {"status_sequence": 1, "created_at": now(), "attempt": 0, "child_count": 0, "children_ended": 0}
        c.execute(insert(runs), [row | {"number": i + 1, "id": f"r{i}"} for i in range(5000)])
        experiments.count_runs(c, place, 5000)
    began = time.perf_counter()
    with store.write() as c:
        assert experiment_trash.delete_experiment(c, "large").run_count == 5000
    assert time.perf_counter() - began < SLACK * 2.0
    assert listed(store) == []
    with store.write() as c:
        purging.decide(c, now())
    longest = 0.0
    while True:
        began = time.perf_counter()
        with store.write() as c:
            gone = purging.purge_runs(c)
        longest = max(longest, time.perf_counter() - began)
        if not gone:
            break
    assert longest < SLACK * 0.5

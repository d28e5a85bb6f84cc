"""Lists of runs: made of cards where these are good, and never different from the rows."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any

import pytest
from points import points
from sqlalchemy import event, insert, update

from jupyter_mlws.api import codec
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Run, RunError, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import Store, changes, deletion, later, metrics, purging, run_cards, runs
from jupyter_mlws.store.run_record import load_runs, run_query
from jupyter_mlws.store.stored_run import StoredRun
from jupyter_mlws.store.tables import run_cards as cards_table
from jupyter_mlws.store.tables import run_tags

from .conftest import make_store

RUN = Callable[..., Run]


def listed(store: Store, **how: Any) -> list[Run]:
    with store.read() as c:
        return list(runs.page_runs(c, include_children=True, limit=10_000, **how).items)


def from_rows(store: Store) -> list[Run]:
    with store.read() as c:
        return sorted(load_runs(c, c.execute(run_query()).all(), 12), key=lambda run: -run.number)


def catch_up(store: Store) -> None:
    with store.write() as c:
        while run_cards.catch_up(c):
            pass


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards are made at every look."""
    monkeypatch.setattr(run_cards, "LAG", 1)


@pytest.fixture
def full(store: Store) -> Run:
    """A run with something in every field."""
    with store.write() as c:
        runs.create_run(c, make_store.submission(snapshot_id=None), run_id="r1", user="ada", host="box")
        metrics.append_points(c, "r1", points([1.0, float("nan")]))
        metrics.append_points(c, "r1", points([float("inf")], name="é", start=2))
        error = RunError(code="script_error", message="It failed.", exit_code=3, traceback="x\ny")
        for new in (RunStatus.PREPARING, RunStatus.RUNNING):
            runs.move_run(c, "r1", new)
        runs.move_run(c, "r1", RunStatus.FAILED, error=error, warnings=["mind this"])
        runs.update_run(c, "r1", RunUpdate(tags={"more": "tags"}, properties={"a": "b"}))
        return runs.get_run(c, "r1")


@pytest.mark.usefixtures("eager")
def test_a_run_of_a_list_is_a_run_in_all_that_can_be_seen(store: Store, full: Run) -> None:
    catch_up(store)
    [found] = listed(store)
    assert isinstance(found, StoredRun)
    store.close()
    for _ in range(2):  # taken apart or not
        assert repr(found) == repr(full)
        assert codec.dumps(found) == codec.dumps(full)
    [again] = [pickle.loads(pickle.dumps(found))]
    assert type(again) is Run
    assert dataclasses.replace(found, waiting_for="x").waiting_for == "x"
    assert dataclasses.replace(found, waiting_for="x").tags == full.tags
    assert copy.copy(found).error == full.error
    assert found.duration_s == full.duration_s
    assert found.metrics[1].last == float("inf")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.tags = {}


@pytest.mark.usefixtures("eager")
def test_it_is_equal_to_the_same_run_and_to_no_other(store: Store, submit: RUN) -> None:
    submit(tags={"a": "b"})
    catch_up(store)
    [found], [plain] = listed(store), from_rows(store)
    assert type(plain) is Run
    assert found == plain
    assert plain == found
    assert listed(store) == [found]
    assert found != dataclasses.replace(plain, tags={})
    assert dataclasses.replace(plain, tags={}) != found
    assert found != "a run"


@pytest.mark.usefixtures("eager")
def test_a_summary_of_a_list_is_a_summary_in_all_that_can_be_seen(store: Store, full: Run) -> None:
    catch_up(store)
    [found] = listed(store)
    endless, plain = found.metrics[1], full.metrics[1]
    assert (endless, repr(endless), hash(endless)) == (plain, repr(plain), hash(plain))
    assert plain == endless == found.metrics[1] != found.metrics[0]
    assert endless != "a summary"
    assert type(pickle.loads(pickle.dumps(endless))) is type(dataclasses.replace(endless, count=9)) is MetricSummary
    assert (pickle.loads(pickle.dumps(endless)), copy.deepcopy(endless)) == (plain, plain)
    assert dataclasses.replace(endless, count=9) == dataclasses.replace(plain, count=9) != plain
    with pytest.raises(AttributeError):
        endless.count = 9


@pytest.fixture
def questions(store: Store) -> Iterator[list[str]]:
    """The statements that the store's readers are asked."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(store._reader, "before_cursor_execute", note)
    yield asked
    event.remove(store._reader, "before_cursor_execute", note)


@pytest.mark.usefixtures("eager")
def test_a_list_asks_few_questions_however_many_runs_it_has(store: Store, submit: RUN, questions: list[str]) -> None:
    for i in range(5):
        submit(params={"i": str(i)})
    catch_up(store)
    listed(store)
    few = len(questions)
    for i in range(40):
        submit(experiment=f"e{i % 3}", params={"i": str(i)}, tags={"even": str(i % 2)})
    catch_up(store)
    questions.clear()
    assert len(listed(store)) == 45
    assert len(questions) == few <= 8
    assert not any("run_tags" in question or "metric_latest" in question for question in questions)


def test_what_changed_after_its_card_is_shown_as_it_is(store: Store, submit: RUN) -> None:
    made = [submit(tags={"n": str(i)}, params={"lr": "0.1"}) for i in range(20)]
    with store.write() as c:
        run_cards.make_cards(c, range(1, 21))
        runs.counters.put(c, "card", changes.last(c))
    assert listed(store) == from_rows(store)
    with store.write() as c:
        runs.update_run(c, made[3].id, RunUpdate(tags={"n": "other"}, display_name="new"))
        metrics.append_points(c, made[4].id, points([1.0, 2.0]))
        runs.move_run(c, made[5].id, RunStatus.PREPARING)
        runs.cancel_run(c, made[6].number)
        # As a program does that knows nothing of cards.
        c.execute(update(run_tags).where(run_tags.c.run_number == 8).values(value="from elsewhere"))
        c.execute(insert(run_tags).values(run_number=9, name="more", value="of it"))
        changes.note_many(c, "run", [made[7].id, made[8].id])
    found = {run.number: run for run in listed(store)}
    assert list(found.values()) == from_rows(store)
    assert found[4].tags == {"n": "other"}
    assert found[5].metrics[0].count == 2
    assert found[6].status is RunStatus.PREPARING
    assert found[7].status is RunStatus.CANCELED
    assert found[8].tags == {"n": "from elsewhere"}
    assert found[9].tags == {"n": "8", "more": "of it"}


def test_cards_are_made_by_whoever_writes_a_part_at_a_time(
    store: Store, submit: RUN, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_cards, "LAG", 20)
    monkeypatch.setattr(run_cards, "STEP", 10)
    sweep = submit(kind="sweep", sweep=tuple({"i": str(i)} for i in range(50)))
    counts = []
    for i in range(90):
        with store.write() as c:
            runs.update_run(c, sweep.id, RunUpdate(display_name=str(i)))
        with store.read() as c:
            counts.append(c.exec_driver_sql("SELECT count(*) FROM run_cards").scalar())
        if i % 10 == 0:
            assert listed(store) == from_rows(store)
    steps = [after - before for before, after in pairwise(counts)]
    assert max(steps) <= 10
    assert counts[-1] == 51


def test_where_very_much_has_changed_the_rows_are_read(
    store: Store, submit: RUN, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [submit() for _ in range(5)]
    with store.write() as c:
        run_cards.make_cards(c, range(1, 6))
        runs.counters.put(c, "card", changes.last(c))
        runs.update_run(c, made[0].id, RunUpdate(description="new"))
    monkeypatch.setattr(run_cards, "MOST_LAG", 0)
    found = listed(store)
    assert found == from_rows(store)
    assert not any(isinstance(run, StoredRun) for run in found)


@pytest.mark.usefixtures("eager")
def test_a_card_whose_run_is_gone_shows_nothing(store: Store, submit: RUN) -> None:
    run = submit()
    catch_up(store)
    with store.write() as c:
        row = dict(c.execute(cards_table.select()).mappings().one())
        c.execute(insert(cards_table).values(row | {"run_number": 99}))
        changes.note(c, "run", "gone")
    catch_up(store)
    assert [found.id for found in listed(store)] == [run.id]


def listed_later(store: Store) -> list[Run]:
    with store.read() as c:
        return list(runs.page_runs(c, include_children=True, limit=10_000, later=store.read).items)


@pytest.mark.usefixtures("eager")
def test_a_long_list_reads_what_was_submitted_when_somebody_looks_and_for_many_at_once(
    store: Store, submit: RUN, questions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(later, "AT_ONCE", 10)
    for i in range(20):
        submit(params={"i": str(i)}, arguments=(str(i),))
    submit(kind="sweep", sweep=tuple({"i": str(i)} for i in range(4)))
    catch_up(store)
    found = listed_later(store)
    assert len(found) == 25
    plain = found[:4:-1]  # the oldest first
    assert [run.params["i"] for run in plain] == [str(i) for i in range(20)]
    assert not any("submissions" in question for question in questions)
    questions.clear()
    assert [run.arguments for run in plain[::-1]] == [(str(i),) for i in reversed(range(20))]
    assert sum("submissions" in question for question in questions) == 2
    assert found == from_rows(store) == [pickle.loads(pickle.dumps(run)) for run in listed_later(store)]


@pytest.mark.usefixtures("eager")
def test_what_was_submitted_with_a_run_that_left_for_good_is_not_made_up(store: Store, submit: RUN) -> None:
    made = [submit(arguments=(str(i),)) for i in range(3)]
    catch_up(store)
    found = listed_later(store)
    with store.write() as c:
        runs.cancel_run(c, made[2].number)
        deletion.delete_run(c, made[2].id)
        purging.decide(c, now())
        purging.purge_runs(c)
    again = submit(arguments=("other",))
    assert again.number == 4  # numbers are not given twice
    assert found[0].tags == made[2].tags
    with pytest.raises(NotFound, match="Run #3 was removed for good after it was listed"):
        _ = found[0].arguments
    assert [run.arguments for run in found[1:]] == [("1",), ("0",)]


@pytest.mark.usefixtures("eager")
def test_moments_are_kept_to_the_microsecond(store: Store, submit: RUN) -> None:
    run = submit()
    at = datetime(2026, 11, 21, 9, 30, 0, 123457, tzinfo=timezone.utc)
    with store.write() as c:
        c.exec_driver_sql("UPDATE runs SET created_at = 1795253400123457")
        changes.note(c, "run", run.id)
    catch_up(store)
    [found] = listed(store)
    assert isinstance(found, StoredRun)
    assert found.created_at == at
    assert found.created_at.tzinfo is not None

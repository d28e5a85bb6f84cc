"""Ten thousand runs: what is asked every day is answered from an index, in a fraction of a glance.

The ceilings are several times what a quiet machine needs (see bench/README.md), so that only a way that is lost shows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from jupyter_mlws.domain.run import Run
from jupyter_mlws.services.filters import parse_filter, parse_order
from jupyter_mlws.store import Store, deletion, run_lists, runs
from jupyter_mlws.store.stored_run import StoredRun

COUNT = 10_000


def _many_runs() -> Any:
    spec = spec_from_file_location("many_runs", Path(__file__).parents[2] / "bench" / "many_runs.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["many_runs"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with very many runs."""
    with Store.open(tmp_path_factory.mktemp("many")) as store:
        _many_runs().fill(store, COUNT)
        yield store


def found(store: Store, filter: str | None = None, order_by: str | None = None, **how: Any) -> tuple[Run, ...]:
    wanted = None if filter is None else parse_filter(filter)
    order = () if order_by is None else parse_order(order_by)
    with store.read() as c:
        return runs.page_runs(c, wanted=wanted, order=order, **how).items


def fastest(store: Store, *question: Any, **how: Any) -> float:
    """Seconds of processor time: what others do at that moment counts for little."""
    took = []
    for _ in range(5):
        began = time.thread_time()
        found(store, *question, **how)
        took.append(time.thread_time() - began)
    return min(took)


def test_a_filter_with_half_of_them_and_the_best_hundred_are_there_at_once(many: Store) -> None:
    hits = found(many, "metrics.m0 < 0.5", limit=COUNT)
    assert len(hits) == 5068
    assert all(isinstance(run, StoredRun) for run in hits)
    assert [run.number for run in hits] == sorted((run.number for run in hits), reverse=True)
    assert all(run.metrics[0].last < 0.5 for run in hits)
    assert fastest(many, "metrics.m0 < 0.5", limit=COUNT, later=many.read) < 0.100
    assert fastest(many, "metrics.m0 < 0.5", limit=COUNT) < 0.150
    best = found(many, None, "metrics.m0 desc", limit=100)
    lasts = [run.metrics[0].last for run in best]
    assert lasts == sorted(lasts, reverse=True)
    assert fastest(many, None, "metrics.m0 desc", limit=100) < 0.025


def test_every_value_of_half_of_them_is_read_in_a_moment(many: Store) -> None:
    took = []
    for _ in range(3):
        hits = found(many, "metrics.m0 < 0.5", limit=COUNT, later=many.read)
        began = time.thread_time()
        values = [({each.name: each.last for each in run.metrics}, run.params) for run in hits]
        took.append(time.thread_time() - began)
        assert len(values[0][0]) == len(values[0][1]) == 10
    assert min(took) < 0.4


@pytest.fixture
def plans(many: Store) -> Iterator[list[str]]:
    """How the database goes about the questions that it is asked."""
    noted: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.startswith("SELECT"):
            plan = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            noted.extend(row[3] for row in plan)

    event.listen(many._reader, "before_cursor_execute", note)
    yield noted
    event.remove(many._reader, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "filter",
    [
        None,
        "params.p0 = 'v5'",
        "tags.owner = 'ada'",
        "tags.owner = 'ada' and params.p0 = 'v5'",
        "tags.owner = 'bob'",
        "status = 'Completed'",
        "experiment = 'bench'",
        "experiment = 'bench' and status = 'Completed' and tags.owner = 'ada'",
        "experiment = 'nothing'",
        "metrics.m1 > 0.5",
    ],
)
def test_the_newest_are_found_without_looking_at_all_runs(
    many: Store, plans: list[str], monkeypatch: pytest.MonkeyPatch, filter: str | None
) -> None:
    found(many, filter, limit=50)
    assert plans
    assert "SCAN runs" not in plans
    plans.clear()
    # As if there were so many runs that a hundred of them are not few: then nothing is sorted either.
    monkeypatch.setattr(run_lists, "_few", lambda *_: 1)
    found(many, filter, limit=50)
    assert "SCAN runs" not in plans
    assert "USE TEMP B-TREE FOR ORDER BY" not in plans


def test_what_is_in_the_trash_costs_nothing_and_is_not_found(many: Store) -> None:
    before = fastest(many, "metrics.m0 < 0.5", limit=COUNT)
    hits = found(many, "metrics.m0 < 0.5", limit=COUNT)
    with many.write() as c:
        for run in hits[:5]:
            deletion.delete_run(c, run.id)
    try:
        assert found(many, "metrics.m0 < 0.5", limit=COUNT) == hits[5:]
        gone = {run.id for run in hits[:5]}
        assert not gone & {run.id for run in found(many, None, "metrics.m0 asc", limit=COUNT)}
        assert not gone & {run.id for run in found(many, "tags.owner = 'ada'", limit=COUNT)}
        assert fastest(many, "metrics.m0 < 0.5", limit=COUNT) < 3 * before + 0.02
    finally:
        with many.write() as c:
            for run in hits[:5]:
                deletion.restore_run(c, run.id)


def test_pages_give_every_run_once_whatever_way_they_are_found(many: Store) -> None:
    for filter, order in (
        ("params.p0 = 'v5'", None),
        ("metrics.m0 < 0.2", None),
        ("tags.owner = 'ada' and metrics.m0 < 0.1", "metrics.m1 desc"),
        ("params.p0 like 'v1%' and params.p1 = 'v7'", "params.p2 asc, number desc"),
    ):
        whole = [run.number for run in found(many, filter, order, limit=COUNT)]
        pages: list[int] = []
        cursor = None
        while True:
            with many.read() as c:
                page = runs.page_runs(
                    c, wanted=parse_filter(filter), order=parse_order(order) if order else (), limit=137, cursor=cursor
                )
            pages += [run.number for run in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert pages == whole
        assert len(set(whole)) == len(whole) > 10

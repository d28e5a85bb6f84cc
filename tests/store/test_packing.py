"""Ended runs are packed whole: every point stays as it was, and what is added after all is found behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from points import points
from sqlalchemy import event, func, select

from jupyter_mlws.api.series import Series, decode_series
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store import Store, metrics, packing
from jupyter_mlws.store.packs import LEAST, PACK_POINTS
from jupyter_mlws.store.run_states import move_run
from jupyter_mlws.store.tables import metric_chunks, metric_packs

RUN = Callable[..., Run]
VALUES = np.random.default_rng(3).normal(size=5_000)


def append(store: Store, run: Run, values: Any, start: int = 0, **how: Any) -> None:
    with store.write() as c:
        metrics.append_points(c, run.id, points(values, start=start, **how))


def read(store: Store, run: Run, name: str = "loss", **how: Any) -> Series:
    with store.read() as c:
        return decode_series(*metrics.read_series(c, run.id, name, **how))


def points_in(store: Store, table: Any) -> int:
    with store.read() as c:
        return int(c.scalar(select(func.coalesce(func.sum(table.c.point_count), 0))) or 0)


def pack(store: Store, run: Run) -> int:
    with store.read() as c:
        found = packing.series_to_pack(c, [run.number])
    packed = 0
    for number, name in found:
        with store.write() as c:
            packed += packing.pack_one(c, number, name)
    return packed


def test_the_rest_of_a_series_is_packed_and_stays_as_it_was(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, VALUES)
    append(store, run, VALUES[: LEAST - 1], start=0, stream="t", name="short")
    before, chart = read(store, run), read(store, run, points=50)
    part = read(store, run, points=50, after=1_000)
    assert pack(store, run) == len(VALUES)
    assert pack(store, run) == 0
    assert (points_in(store, metric_packs), points_in(store, metric_chunks)) == (len(VALUES), LEAST - 1)
    for name, column in read(store, run).columns.items():
        assert (np.asarray(column) == np.asarray(before.columns[name])).all()
    for name, column in read(store, run, points=50).columns.items():
        assert np.allclose(column, chart.columns[name])
    for name, column in read(store, run, points=50, after=1_000).columns.items():
        assert np.allclose(column, part.columns[name])


def test_what_is_left_of_many_series_is_one_question(store: Store, submit: RUN) -> None:
    run, other = submit(), submit()
    for name in ("a", "b", "c"):
        append(store, run, VALUES, stream=name, name=name)
        append(store, other, VALUES[:LEAST], stream=name, name=name)
    with store.write() as c:
        packing.pack_one(c, run.number, "b")
    append(store, run, VALUES[:LEAST], start=len(VALUES), stream="b", name="b")
    asked: list[str] = []

    def note(c: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    with store.read() as c:
        event.listen(store._reader, "before_cursor_execute", note)
        found = packing.series_to_pack(c, [run.number, other.number])
        event.remove(store._reader, "before_cursor_execute", note)
    assert found == [(each.number, name) for each in (run, other) for name in ("a", "b", "c")]
    assert len(asked) == 1


def test_what_comes_after_all_goes_on_behind_and_is_packed_as_well(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, VALUES)
    pack(store, run)
    append(store, run, [1.0, 2.0], start=len(VALUES))
    assert read(store, run).value[-3:].tolist() == [VALUES[-1], 1.0, 2.0]
    assert pack(store, run) == 0
    more = np.arange(PACK_POINTS, dtype=float)
    append(store, run, more, start=len(VALUES) + 2)
    everything = np.concatenate([VALUES, [1.0, 2.0], more])
    assert (read(store, run).value == everything).all()
    pack(store, run)
    assert (read(store, run).value == everything).all()
    chart = read(store, run, points=20).columns
    assert max(chart["maximum"]) == PACK_POINTS - 1
    assert sum(chart["count"]) == len(everything)
    assert points_in(store, metric_chunks) < LEAST


def test_runs_are_walked_in_their_order_and_say_what_can_be_packed(store: Store, submit: RUN) -> None:
    ended, going = submit(), submit()
    with store.write() as c:
        move_run(c, ended.id, RunStatus.CANCELED)
    with store.read() as c:
        found = packing.next_runs(c, 0, 10)
        assert packing.next_runs(c, ended.number, 10) == found[1:]
        assert packing.packed_through(c) == 0
    assert [(run.number, run.has_ended, run.is_open) for run in found] == [
        (ended.number, True, False),
        (going.number, False, True),
    ]
    with store.write() as c:
        packing.note_packed_through(c, ended.number)
    with store.read() as c:
        assert packing.packed_through(c) == ended.number

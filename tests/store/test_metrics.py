"""Metric points: each once, as they were, and as cheap to read as the chart is wide."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from points import points
from sqlalchemy import Connection, event

from jupyter_mlws.api.series import Series, decode_series
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import Conflict, NotFound
from jupyter_mlws.store import Store, metric_export, metrics, runs
from jupyter_mlws.store.metrics import CHUNK_POINTS

RUN = Callable[..., Run]


def append(store: Store, run: Run, batch: Any) -> int:
    with store.write() as c:
        return metrics.append_points(c, run.id, batch)


def read(store: Store, run: Run, name: str = "loss", **how: Any) -> Series:
    with store.read() as c:
        return decode_series(*metrics.read_series(c, run.id, name, **how))


def test_points_come_back_as_they_were_with_steps_counted(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, points([3.0, 1.0, 2.0]))
    append(store, run, points([5.0], start=3))
    found = read(store, run)
    assert found.count == 4
    assert list(found.columns["value"]) == [3, 1, 2, 5]
    assert list(found.columns["step"]) == [0, 1, 2, 3]
    assert list(found.columns["time"]) == [0, 1, 2, 3]


def test_given_steps_are_kept_and_implicit_ones_count_the_points_so_far(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, points([1.0, 2.0], steps=[10, 2**53 + 1]))
    append(store, run, points([3.0], start=2))
    with store.read() as c:
        summary = runs.summaries(c, [run.id])[run.id][0]
    assert list(read(store, run).columns["step"]) == [10, float(2**53 + 1), 2]
    assert (summary.count, summary.last_step) == (3, 2)


def test_V01_V02_F17_nan_and_infinities_come_back_and_minimum_and_maximum_leave_nan_out(
    store: Store, submit: RUN
) -> None:
    run = submit()
    values = [1.0, math.nan, math.inf, -math.inf, -0.0, 5e-324]
    append(store, run, points(values))
    append(store, run, points([math.nan], start=6))
    append(store, run, points([math.nan, math.nan], stream="other", name="never"))
    found = read(store, run).columns["value"]
    assert found.tobytes()[: 8 * 6] == np.array(values).tobytes()
    with store.read() as c:
        loss, never = runs.summaries(c, [run.id])[run.id]
    assert math.isnan(loss.last)
    assert (loss.minimum, loss.maximum) == (-math.inf, math.inf)
    assert math.isnan(never.minimum)
    assert math.isnan(never.maximum)


def test_F23_F24_the_same_batch_again_changes_nothing(store: Store, submit: RUN) -> None:
    run = submit()
    batch = points(range(5000))
    assert append(store, run, batch) == 5000
    assert append(store, run, batch) == 0
    assert append(store, run, points(range(10), start=100)) == 0
    assert read(store, run).count == 5000


def test_a_batch_with_a_gap_or_an_overlap_is_refused_and_nothing_is_stored(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, points([1.0, 2.0]))
    for start, count in ((3, 2), (1, 5)):
        with pytest.raises(Conflict, match="goes on at 2"):
            append(store, run, points(range(count), start=start))
    assert read(store, run).count == 2


def test_points_and_offset_are_one_step(store: Store, submit: RUN) -> None:
    run = submit()
    with pytest.raises(ZeroDivisionError), store.write() as c:
        metrics.append_points(c, run.id, points(range(5))) / 0
    with store.read() as c:
        assert metrics.offsets(c, run.id) == {}
    append(store, run, points(range(5)))
    with store.read() as c:
        assert metrics.offsets(c, run.id) == {"s": 5}
    assert read(store, run).count == 5


def test_records_without_points_move_the_offset_alone(store: Store, submit: RUN) -> None:
    run = submit()
    assert append(store, run, points([], records=7)) == 0
    append(store, run, points([1.0], start=7, records=3))
    with store.read() as c:
        assert metrics.offsets(c, run.id) == {"s": 10}


def test_streams_of_several_processes_share_a_series(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, points([1.0, 2.0], stream="a"))
    append(store, run, points([3.0], stream="b"))
    append(store, run, points([4.0], start=2, stream="a"))
    assert list(read(store, run).columns["value"]) == [1, 2, 3, 4]
    assert list(read(store, run).columns["step"]) == [0, 1, 2, 3]


def test_batches_of_many_runs_are_stored_with_a_few_statements(store: Store, submit: RUN) -> None:
    def asked(batches: list[tuple[str, Any]]) -> tuple[int, int]:
        with store.write() as c, noted(c) as statements:
            return metrics.append_together(c, batches), len(statements)

    few = [submit() for _ in range(2)]
    many = [submit() for _ in range(30)]
    append(store, few[0], points([1.0]))
    _, of_two = asked([(run.id, points([1.0, 2.0], stream="b")) for run in few])
    stored, of_thirty = asked([(run.id, points([1.0, 2.0], stream="b")) for run in many])
    assert (stored, of_thirty) == (60, of_two)
    assert [list(read(store, run).columns["value"]) for run in (few[0], *many[:2])] == [[1, 1, 2], [1, 2], [1, 2]]
    # Two streams of one run share a series and number its steps on; what is stored already is left out.
    again = [(many[0].id, points([1.0, 2.0], stream="b")), (many[0].id, points([3.0], stream="c"))]
    again += [(many[0].id, points([4.0], stream="d")), (many[1].id, points([9.0], stream="c", name="acc"))]
    assert asked(again)[0] == 3
    found = read(store, many[0])
    assert (list(found.columns["value"]), list(found.columns["step"])) == ([1, 2, 3, 4], [0, 1, 2, 3])
    with store.read() as c:
        assert [(each.name, each.last) for each in runs.get_run(c, many[1].id).metrics] == [("loss", 2.0), ("acc", 9.0)]
    # All of them, or none.
    with pytest.raises(Conflict):
        asked([(many[2].id, points([5.0], stream="c")), (many[3].id, points([5.0], start=7, stream="b"))])
    assert read(store, many[2]).count == 2
    with pytest.raises(NotFound):
        asked([(many[2].id, points([5.0], stream="c")), ("nobody", points([5.0]))])


@contextmanager
def noted(c: Connection) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    event.listen(c, "before_cursor_execute", note)
    yield statements
    event.remove(c, "before_cursor_execute", note)


def test_a_batch_of_many_names_is_taken_apart_in_order_of_appearance(store: Store, submit: RUN) -> None:
    run = submit()
    batch = SimpleNamespace(
        stream="s",
        start=0,
        end=7,
        names=["unused", "b", "a", "c"],
        name_index=array("Q", [1, 2, 1, 3, 2, 1, 2]),
        step=array("q", [0, 50, 0, 7, 60, 9, 0]),
        implicit=bytes([1, 0, 1, 0, 0, 0, 1]),
        time=array("d", range(7)),
        value=array("d", [10, 20, 11, 30, 21, 12, 22]),
    )
    append(store, run, batch)
    with store.read() as c:
        assert [summary.name for summary in runs.summaries(c, [run.id])[run.id]] == ["b", "a", "c"]
    assert list(read(store, run, "b").columns["value"]) == [10, 11, 12]
    assert list(read(store, run, "b").columns["step"]) == [0, 1, 9]
    assert list(read(store, run, "a").columns["step"]) == [50, 60, 2]


def test_F19_a_thousand_keys_in_one_batch(store: Store, submit: RUN) -> None:
    run = submit()
    count = 1200
    batch = points(range(count))
    batch.names = [f"layer.{i}" for i in range(count)]
    batch.name_index = np.arange(count)
    append(store, run, batch)
    with store.read() as c:
        page = metrics.page_metrics(c, run.id, 1000, None)
        rest = metrics.page_metrics(c, run.id, 1000, page.next_cursor)
    names = [item.name for item in (*page.items, *rest.items)]
    assert names == sorted(batch.names)
    assert rest.next_cursor is None


def test_only_a_short_last_chunk_is_written_again(store: Store, submit: RUN) -> None:
    run = submit()
    whole = CHUNK_POINTS // 16
    at = 0
    for size in (1, whole - 2, 1, 3 * CHUNK_POINTS + 5, 7, 1):
        append(store, run, points(range(at, at + size), start=at))
        at += size
    with store.read() as c:
        chunks = c.exec_driver_sql("SELECT start, point_count FROM metric_chunks ORDER BY start").all()
    even = (3 * CHUNK_POINTS + 5) // 4 + 1
    assert [tuple(chunk) for chunk in chunks] == [
        (0, whole),
        *((whole + i * even, even) for i in range(3)),
        (whole + 3 * even, 3 * CHUNK_POINTS + 5 - 3 * even),
        (at - 8, 8),
    ]
    assert list(read(store, run).columns["value"]) == list(range(at))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=5),
    after=st.integers(0, 9000),
    # So many that whole chunks are never enough: see the next test.
    buckets=st.integers(5, 700),
)
def test_an_envelope_is_what_numpy_says(store: Store, submit: RUN, sizes: list[int], after: int, buckets: int) -> None:
    rng = np.random.default_rng(sum(sizes))
    values = rng.normal(size=sum(sizes))
    values[rng.random(len(values)) < 0.1] = math.nan
    run = submit()
    with store.write() as c:
        at = 0
        for size in sizes:
            metrics.append_points(c, run.id, points(values[at : at + size], start=at))
            at += size
        found = decode_series(*metrics.read_series(c, run.id, "loss", after, buckets))
    left = values[after:]
    assert found.count == len(values)
    if len(left) <= buckets:
        assert found.columns["value"].tobytes() == left.tobytes()
        return
    assert found.points == buckets
    edges = [*(np.arange(buckets) * len(left) // buckets), len(left)]
    for i in range(buckets):
        part = left[edges[i] : edges[i + 1]]
        real = part[~np.isnan(part)]
        assert found.columns["count"][i] == len(part)
        assert found.columns["step"][i] == after + edges[i + 1] - 1
        if len(real):
            assert found.columns["minimum"][i] == real.min()
            assert found.columns["maximum"][i] == real.max()
            assert found.columns["mean"][i] == pytest.approx(real.mean())
        else:
            assert math.isnan(found.columns["mean"][i])
            assert math.isnan(found.columns["minimum"][i])


def test_a_live_chart_receives_only_what_is_new(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, points(range(5000)))
    have = read(store, run).count
    append(store, run, points([1.0, 2.0], start=5000))
    assert list(read(store, run, after=have).columns["value"]) == [1, 2]
    assert read(store, run, after=5002).points == 0
    assert read(store, run, after=10**9).count == 5002


def test_an_unknown_series_is_not_found(store: Store, submit: RUN) -> None:
    run = submit()
    with pytest.raises(NotFound, match="no metric 'loss'"):
        read(store, run)


def test_P32_a_name_like_a_path_is_only_a_name(store: Store, submit: RUN) -> None:
    run = submit()
    name = "../../../../tmp/pwned'; DROP TABLE runs; -- \U0001f600"
    append(store, run, points([1.0], name=name))
    assert list(read(store, run, name).columns["value"]) == [1]


def test_system_metrics_are_in_no_list_that_does_not_ask_for_them(store: Store, submit: RUN) -> None:
    run = submit()
    measured = [f"system/{i}" for i in range(20)]
    batch = points(range(20))
    batch.names, batch.name_index = measured, array("Q", range(20))
    append(store, run, batch)
    append(store, run, points([1.0], stream="b", name="loss"))
    append(store, run, points([2.0], stream="c", name="system/late"))
    append(store, run, points([2.0], stream="d", name="systems"))
    with store.read() as c:
        assert [metric.name for metric in runs.get_run(c, run.id, metrics=2).metrics] == ["loss", "systems"]
        own = metrics.page_metrics(c, run.id, 100, None)
        assert [metric.name for metric in own.items] == ["loss", "systems"]
        asked = metrics.page_metrics(c, run.id, 20, None, system=True)
        assert [metric.name for metric in asked.items] == sorted(measured)
        rest = metrics.page_metrics(c, run.id, 20, asked.next_cursor, system=True)
        assert [metric.name for metric in rest.items] == ["system/late"]
    assert read(store, run, "system/7").columns["value"].tolist() == [7.0]


def test_system_metrics_are_in_no_table_of_points_that_does_not_name_them(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, points([1.0], name="loss"))
    append(store, run, points([2.0], stream="b", name="system/cpu"))
    with store.read() as c:
        ids = metric_export.ids_of(c, [run.number])
        for names, expected in ((None, ["loss"]), (["system/cpu"], ["system/cpu"])):
            for block in (metric_export.latest_block, metric_export.next_block):
                found = block(c, metric_export.Slice(ids, names))
                assert found is not None
                assert [name for _, name, _ in found.series] == expected

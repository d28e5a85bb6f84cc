"""Packed points: every one as it was, in a third of the space, and a chart of them as cheap as it is wide."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from points import points
from sqlalchemy import func, select, update

from jupyter_mlws.api.series import Series, decode_series
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import CorruptData
from jupyter_mlws.store import Store, metrics, pack_format, packs, series
from jupyter_mlws.store.pack_format import pack, unpack
from jupyter_mlws.store.packs import PACK_POINTS
from jupyter_mlws.store.series import Range
from jupyter_mlws.store.tables import metric_chunks, metric_outlines, metric_packs

RUN = Callable[..., Run]
LENGTH = 3 * PACK_POINTS + 5000
WORDS = st.integers(-(2**63), 2**63 - 1)


def append(store: Store, run: Run, values: Any, start: int = 0, **how: Any) -> None:
    with store.write() as c:
        metrics.append_points(c, run.id, points(values, start=start, **how))


def read(store: Store, run: Run, name: str = "loss", **how: Any) -> Series:
    with store.read() as c:
        return decode_series(*metrics.read_series(c, run.id, name, **how))


def rows(store: Store, table: Any) -> int:
    with store.read() as c:
        return c.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture(scope="module")
def values() -> Any:
    found = np.random.default_rng(1).normal(size=LENGTH)
    found[7] = math.nan
    found[70_000] = math.inf
    return found


@pytest.fixture
def long(store: Store, submit: RUN, values: Any) -> Run:
    run = submit()
    at = 0
    for size in (PACK_POINTS - 1, 1, 90_000, LENGTH):
        append(store, run, values[at : at + size], at)
        at += len(values[at : at + size])
    return run


# -- the format


@given(
    count=st.integers(0, 300),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_every_bit_comes_back(count: int, data: st.DataObject) -> None:
    step = data.draw(
        st.builds(lambda first, by: first + by * np.arange(count), st.integers(-100, 100), st.integers(-3, 3))
        | arrays(np.int64, count, elements=WORDS)
        | arrays(np.int64, count, elements=st.integers(0, 300))
    ).astype(np.int64)
    time, value = (data.draw(arrays(np.int64, count, elements=WORDS | st.just(0))).view(np.float64) for _ in range(2))
    found = unpack(pack(step, time, value), count)
    assert [column.tobytes() for column in found] == [step.tobytes(), time.tobytes(), value.tobytes()]


@pytest.mark.parametrize(
    ("value", "most"),
    [
        (np.full(4096, 0.25), 0.1),
        (np.arange(4096) * 1.0, 3),
        (np.random.default_rng(0).normal(size=4096).astype(np.float32).astype(float), 4.5),
        (np.random.default_rng(0).normal(size=4096), 7.5),
    ],
    ids=["constant", "whole", "float32", "noise"],
)
def test_values_take_what_they_tell(value: Any, most: float) -> None:
    count = len(value)
    steps, times = np.arange(count), 1.79e9 + np.arange(count) / 64
    assert len(pack(steps, times, value)) / count < most + 0.1


def test_what_is_damaged_is_said_to_be(values: Any) -> None:
    whole = pack(np.arange(500) % 7, values[:500], values[500:1000])
    rng = np.random.default_rng(0)
    for _ in range(300):
        spoilt = bytearray(whole[: rng.integers(0, len(whole) + 1)])
        for place in rng.integers(0, max(1, len(spoilt)), 3):
            spoilt[place : place + 1] = bytes([rng.integers(0, 256)])
        with suppress(CorruptData):  # noise has no check: what can be read is read
            assert [len(column) for column in unpack(bytes(spoilt), 500)] == [500] * 3
    with pytest.raises(CorruptData, match="damaged"):
        unpack(whole[:-1], 500)
    with pytest.raises(CorruptData, match="damaged"):
        unpack(whole, 501)


# -- in the store


def test_points_are_packed_once_there_are_enough_and_come_back(store: Store, long: Run, values: Any) -> None:
    assert rows(store, metric_packs) == 3
    assert rows(store, metric_chunks) == 3
    found = read(store, long)
    assert found.value.tobytes() == values.tobytes()
    assert (found.step == np.arange(LENGTH)).all()
    assert (found.time == np.arange(LENGTH)).all()
    for after in (1, PACK_POINTS, PACK_POINTS + 1, 2 * PACK_POINTS - 1, LENGTH - 1):
        assert read(store, long, after=after).value.tobytes() == values[after:].tobytes()


def test_a_pack_takes_much_less_than_its_chunks(store: Store, long: Run) -> None:
    with store.read() as c:
        packed = c.scalar(select(func.sum(func.length(metric_packs.c.body))))
        outlines = c.scalar(select(func.sum(func.length(metric_outlines.c.body))))
    assert (packed + outlines) / (3 * PACK_POINTS) < 9


def test_a_series_of_before_there_were_packs_is_packed_as_it_goes_on(
    store: Store, submit: RUN, values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit()
    with monkeypatch.context() as patch:
        patch.setattr(metrics, "pack_full", lambda *_: None)
        append(store, run, values[:150_000])
    assert rows(store, metric_packs) == 0
    assert read(store, run).value.tobytes() == values[:150_000].tobytes()
    append(store, run, values[150_000:], 150_000)
    assert rows(store, metric_packs) == 3
    assert read(store, run).value.tobytes() == values.tobytes()


def test_a_transaction_that_fails_packs_nothing(store: Store, submit: RUN, values: Any) -> None:
    run = submit()
    append(store, run, values[: PACK_POINTS - 1])
    with pytest.raises(ZeroDivisionError), store.write() as c:
        metrics.append_points(c, run.id, points(values[:10], start=PACK_POINTS - 1))
        raise ZeroDivisionError
    assert rows(store, metric_packs) == 0
    assert read(store, run).count == PACK_POINTS - 1


@pytest.mark.parametrize("harm", ["a chunk is gone", "a column is short"])
def test_a_series_that_is_damaged_is_logged_to_and_not_packed(
    store: Store, submit: RUN, values: Any, harm: str
) -> None:
    run = submit()
    append(store, run, values[:60_000])
    with store.write() as c:
        chunk = metric_chunks.c.start == c.scalars(select(metric_chunks.c.start).offset(2)).first()
        if harm == "a chunk is gone":
            c.execute(metric_chunks.delete().where(chunk))
        else:
            c.execute(update(metric_chunks).where(chunk).values(time_bytes=b"12345678"))
    append(store, run, values[60_000:LENGTH], 60_000)
    assert rows(store, metric_packs) == 0
    assert read(store, run, after=LENGTH - 5).value.tobytes() == values[-5:].tobytes()


@pytest.mark.parametrize("harm", ["the first", "one between", "the last", "a column is short"])
def test_a_series_with_missing_points_is_not_read_as_if_it_had_them(store: Store, submit: RUN, harm: str) -> None:
    from jupyter_mlws.store import metric_export

    run = submit()
    append(store, run, np.arange(10_000.0))
    with store.write() as c:
        starts = c.scalars(select(metric_chunks.c.start).order_by(metric_chunks.c.start)).all()
        chunk = metric_chunks.c.start == {"the first": starts[0], "the last": starts[-1]}.get(harm, starts[2])
        if harm == "a column is short":
            c.execute(update(metric_chunks).where(chunk).values(time_bytes=b"12345678"))
        else:
            c.execute(metric_chunks.delete().where(chunk))
    for how in ({}, {"points": 100}):
        with pytest.raises(CorruptData, match="missing"):
            read(store, run, **how)
    with store.read() as c:
        part = metric_export.Slice(metric_export.ids_of(c, [run.number]), None)
        if harm == "a column is short":
            with pytest.raises(CorruptData, match="missing"):
                metric_export.next_block(c, part)
        else:
            block = metric_export.next_block(c, part)
            assert block is not None
            left = np.frombuffer(block.value, "<f8")
            assert len(left) < 10_000
            assert set(left) < set(range(10_000))


def test_a_pack_of_a_format_to_come_is_not_guessed_at(store: Store, long: Run) -> None:
    with store.write() as c:
        c.execute(update(metric_packs).values(format=99))
    with pytest.raises(CorruptData, match="format 99"):
        read(store, long)


def test_archives_and_tables_of_many_runs_have_the_packed_points_too(store: Store, long: Run, values: Any) -> None:
    from jupyter_mlws.store import archive_export, metric_export

    append(store, long, [1.0, 2.0], 0, stream="other", name="acc")
    with store.read() as c:
        found = [piece.value for piece in archive_export.series_of(c, long.number, "loss")]
        assert np.concatenate(found).tobytes() == values.tobytes()
        part = metric_export.Slice(metric_export.ids_of(c, [long.number]), None)
        blocks = []
        while block := metric_export.next_block(c, part):
            blocks.append(block)
    assert [name for block in blocks for _, name, _ in block.series][:2] == ["acc", "loss"]
    assert b"".join(block.value for block in blocks) == np.array([1.0, 2.0]).tobytes() + values.tobytes()


def test_what_is_packed_while_a_table_is_on_its_way_is_in_it_once(
    store: Store, submit: RUN, values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_mlws.store import metric_export

    monkeypatch.setattr(metric_export, "POINTS_AT_ONCE", 30_000)
    run = submit()
    append(store, run, values[: PACK_POINTS - 1])
    with store.read() as c:
        part = metric_export.Slice(metric_export.ids_of(c, [run.number]), None)
        found = [metric_export.next_block(c, part)]
    append(store, run, values[PACK_POINTS - 1 : PACK_POINTS + 5], PACK_POINTS - 1)
    assert rows(store, metric_packs) == 1
    with store.read() as c:
        while block := metric_export.next_block(c, part):
            found.append(block)
    assert b"".join(block.value for block in found if block) == values[: PACK_POINTS - 1].tobytes()


# -- charts


@pytest.mark.parametrize("after", [0, 5, PACK_POINTS, 2 * PACK_POINTS + 77])
@pytest.mark.parametrize("buckets", [4, 300])
def test_F18_a_chart_of_a_long_series_is_drawn_from_its_outlines(
    store: Store, long: Run, values: Any, after: int, buckets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    real = series._points
    monkeypatch.setattr(series, "_points", lambda s, a, b: (taken.append(b - a), real(s, a, b))[1])
    found = read(store, long, points=buckets, after=after)
    if after <= PACK_POINTS:
        assert sum(taken) < 2 * PACK_POINTS
    left = values[after:]
    assert 0.7 * buckets < found.points <= buckets
    assert sum(found.columns["count"]) == len(left)
    # Every bucket is what it says, and they follow one another.
    begin = after
    for i in range(found.points):
        end = begin + int(found.columns["count"][i])
        part = values[begin:end]
        real_part = part[~np.isnan(part)]
        assert found.columns["step"][i] == end - 1
        assert found.columns["minimum"][i] == real_part.min()
        assert found.columns["maximum"][i] == real_part.max()
        if not math.isinf(real_part.max()):
            assert found.columns["mean"][i] == pytest.approx(real_part.mean(), abs=1e-9)
        assert end - begin < 4 * len(left) / buckets
        begin = end


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(low=st.none() | st.integers(-10, LENGTH + 10), width=st.none() | st.integers(0, LENGTH), axis=st.booleans())
def test_a_range_of_a_chart_has_the_points_between_its_ends(
    store: Store, long: Run, values: Any, low: int | None, width: int | None, axis: bool
) -> None:
    high = None if width is None else (low or 0) + width
    within = Range("step" if axis else "time", low, high)
    first, last = max(low or 0, 0), LENGTH if high is None else min(high + 1, LENGTH)
    expected = values[first : max(first, last)]
    assert read(store, long, within=within).value.tobytes() == expected.tobytes()
    chart = read(store, long, within=within, points=50)
    if len(expected) > 50:
        assert sum(chart.columns["count"]) == len(expected)


def test_a_range_of_steps_that_begin_again_has_all_between(store: Store, submit: RUN) -> None:
    run = submit()
    steps = [*range(100), *range(50), *range(200)]
    append(store, run, np.arange(350.0), steps=steps)
    found = read(store, run, within=Range("step", 120, 130))
    assert {120.0 + 150, 130.0 + 150} <= set(found.value)


def test_outlines_that_are_gone_are_done_without(store: Store, long: Run, values: Any) -> None:
    with store.write() as c:
        c.execute(metric_outlines.delete().where(metric_outlines.c.start == PACK_POINTS))
    found = read(store, long, points=300)
    assert sum(found.columns["count"]) == LENGTH
    assert max(found.columns["maximum"]) == math.inf


def test_what_is_known_of_packs_is_kept_in_three_numbers() -> None:
    """A change of these is a change of the format: old packs stay readable, and get a test of their own."""
    assert (pack_format.FORMAT, packs.PACK_POINTS) == (1, 65_536)
    sizes = "110000001100000011000000"
    steps, zeros = "0100000000000000000100000000000000", "0100000000000000000000000000000000"
    ones = "01000000000000f03f0000000000000000"
    assert pack(np.arange(3), np.zeros(3), np.ones(3)).hex() == sizes + steps + zeros + ones

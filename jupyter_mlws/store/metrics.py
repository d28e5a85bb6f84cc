"""Metric points on their way in: each stored exactly once, together with how far its stream has been read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, func, select

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.names import SYSTEM_METRICS
from jupyter_mlws.domain.page import Page
from jupyter_mlws.store import changes
from jupyter_mlws.store.metric_names import SYSTEM_FROM
from jupyter_mlws.store.packs import PACK_POINTS, pack_full
from jupyter_mlws.store.paging import cut, text_after
from jupyter_mlws.store.run_record import summary
from jupyter_mlws.store.runs import run_number, run_numbers, summaries
from jupyter_mlws.store.series import read_series
from jupyter_mlws.store.streams import Advance, advance_all, offsets
from jupyter_mlws.store.tables import metric_chunks, metric_latest
from jupyter_mlws.store.typed_metrics import NewValue, put_values, typed_names, warn_of_types
from jupyter_mlws.store.upsert import upsert

__all__ = [
    "CHUNK_POINTS",
    "Points",
    "append_points",
    "append_together",
    "offsets",
    "page_metrics",
    "put_points",
    "read_series",
    "summaries",
]

# A chunk has so many points at most, so that a million are few rows. The last one is written anew with those that
# follow until it has a sixteenth of that: of many metrics that grow by a few points at a time, what is written again is
# most of what a commit has to wait for.
CHUNK_POINTS = 2048
_PARTS = 16
_PART = 500  # names in one question

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Points(Protocol):
    """A batch of one stream, as the journal's reader gives it, in columns.

    `start` and `end` count the records of the stream before and after this batch, which may hold fewer points than
    records; `name_index` points into `names`; where `implicit` is not zero the step is the number of points that the
    series has so far. Columns are anything with the buffer interface, or a sequence of numbers.
    """

    @property
    def stream(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def names(self) -> Sequence[str]: ...
    @property
    def name_index(self) -> Any: ...
    @property
    def step(self) -> Any: ...
    @property
    def implicit(self) -> Any: ...
    @property
    def time(self) -> Any: ...
    @property
    def value(self) -> Any: ...


@dataclass
class _Batch:
    """Points of one series in the order of their arrival; `number` is the run's."""

    number: int
    name: str
    step: Ints
    implicit: NDArray[np.bool_]
    time: Floats
    value: Floats

    @property
    def key(self) -> tuple[int, str]:
        return self.number, self.name


def append_points(c: Connection, run_id: str, points: Points) -> int:
    """Store a batch and its stream's new offset in the transaction of `c`.

    A batch that was stored already is ignored, so a reader that died after the commit may simply send it again.

    Returns
    -------
    int
        Number of points stored.

    Raises
    ------
    Conflict
        The batch does not begin at the stream's offset: points between are missing, or some are here twice. Read
        again from `offsets`.
    """
    return append_together(c, [(run_id, points)])


def append_together(
    c: Connection,
    found: Sequence[tuple[str, Points]],
    values: Mapping[tuple[str, str], Sequence[NewValue]] = MappingProxyType({}),
) -> int:
    """`append_points` of several batches, of whichever runs: a few statements for all of them.

    Parameters
    ----------
    c : Connection
    found : sequence of (str, Points)
        Ids of runs and batches.
    values : mapping, optional
        What a batch holds beside numbers, by its run's id and its stream.

    Returns
    -------
    int
        Number of points stored.

    Raises
    ------
    Conflict
        One of the batches does not begin at its stream's offset.
    """
    numbers = run_numbers(c, [run_id for run_id, _ in found])
    steps = [Advance(numbers[run_id], points.stream, points.start, points.end) for run_id, points in found]
    news = [each for each, is_new in zip(found, advance_all(c, steps), strict=True) if is_new]
    batches = [batch for run_id, points in news for batch in _split(numbers[run_id], points)]
    ids = {numbers[run_id]: run_id for run_id, _ in news}
    stored = 0
    for part in _parts(batches):
        kept = _of_numbers(c, ids, part)
        _store(c, kept)
        stored += sum(len(batch.value) for batch in kept)
    for run_id, points in news:
        if beside := values.get((run_id, points.stream)):
            put_values(c, run_id, numbers[run_id], beside)
    changes.note_many(c, "metric", ids.values())
    return stored


def _parts(batches: Sequence[_Batch]) -> Iterator[list[_Batch]]:
    """The batches in pieces that a statement can name, in each of which a series is once."""
    part: dict[tuple[int, str], _Batch] = {}
    for batch in batches:
        if len(part) == _PART or batch.key in part:
            yield list(part.values())
            part = {}
        part[batch.key] = batch
    if part:
        yield list(part.values())


def _of_numbers(c: Connection, ids: Mapping[int, str], batches: list[_Batch]) -> list[_Batch]:
    """Those whose name does not belong to a typed metric of the run; it says which were left out."""
    taken = typed_names(c, {batch.number for batch in batches}, {batch.name for batch in batches})
    refused = [batch for batch in batches if batch.key in taken]
    for batch in refused:
        warn_of_types(c, ids[batch.number], [(batch.name, taken[batch.key], "number")])
    return [batch for batch in batches if batch.key not in taken] if refused else batches


def _column(column: Any, kind: type) -> NDArray[Any]:
    if isinstance(column, (bytes, bytearray)):
        column = np.frombuffer(column, np.uint8)
    return np.asarray(column).astype(kind, copy=False)


def _split(number: int, points: Points) -> Iterator[_Batch]:
    """One batch for each series; the order within a series stays."""
    # Few bits are sorted by counting, and there are hardly ever more names than these have room for.
    index = _column(points.name_index, np.int64 if len(points.names) > 1 << 16 else np.uint16)
    step, implicit = _column(points.step, np.int64), _column(points.implicit, np.bool_)
    time, value = _column(points.time, np.float64), _column(points.value, np.float64)
    if len(index) == 0:
        return
    if (index == index[0]).all():
        yield _Batch(number, points.names[index[0]], step, implicit, time, value)
        return
    order = np.argsort(index, kind="stable")
    grouped = index[order]
    edges = np.flatnonzero(grouped[1:] != grouped[:-1]) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(grouped)]
    step, implicit, time, value = step[order], implicit[order], time[order], value[order]
    by_appearance = sorted(zip(starts, ends, strict=True), key=lambda edge: order[edge[0]])
    for first, last in by_appearance:
        part = slice(first, last)
        yield _Batch(number, points.names[grouped[first]], step[part], implicit[part], time[part], value[part])


def put_points(c: Connection, number: int, name: str, step: Ints, time: Floats, value: Floats, at: datetime) -> None:
    """Append points that come from elsewhere than a journal: an archive. A new name is put behind the run's others."""
    batch = _Batch(number, name, step, np.zeros(len(value), np.bool_), time, value)
    _store(c, [batch], at)


def _store(c: Connection, batches: list[_Batch], at: datetime | None = None) -> None:
    """Store batches of several series, each of another one."""
    known = _known(c, batches)
    ordinals = _next_ordinals(c, [batch.key for batch in batches if batch.key not in known])
    chunk_rows: list[dict[str, Any]] = []
    summary_rows: list[dict[str, Any]] = []
    at = at or now()
    for batch in batches:
        before = known.get(batch.key)
        count = 0 if before is None else before.point_count
        _number_steps(batch, count)
        new = _chunks(batch, count, before)
        chunk_rows += new
        row = _summarise(batch, before) | {"updated_at": at, "tail_start": _tail_start(new[-1])}
        row["ordinal"] = next(ordinals[_place(batch.key)]) if before is None else before.ordinal
        summary_rows.append(
            {"run_number": batch.number, "name": batch.name, "point_count": count + len(batch.value)} | row
        )
    upsert(c, metric_chunks, chunk_rows)
    upsert(c, metric_latest, summary_rows)
    for batch, row in zip(batches, summary_rows, strict=True):
        count = row["point_count"]
        if count // PACK_POINTS > (count - len(batch.value)) // PACK_POINTS:
            pack_full(c, batch.number, batch.name, count)


def _known(c: Connection, batches: Sequence[_Batch]) -> dict[tuple[int, str], Any]:
    """What is stored of these series, each with its last chunk where that still has room."""
    numbers, names = {batch.number for batch in batches}, {batch.name for batch in batches}
    latest, chunk = metric_latest.c, metric_chunks.c
    tail = and_(chunk.run_number == latest.run_number, chunk.name == latest.name, chunk.start == latest.tail_start)
    query = select(metric_latest, chunk.start, chunk.step_bytes, chunk.time_bytes, chunk.value_bytes)
    query = query.select_from(metric_latest.outerjoin(metric_chunks, tail))
    rows = c.execute(query.where(latest.run_number.in_(numbers), latest.name.in_(names)))
    return {(row.run_number, row.name): row for row in rows}


def _place(key: tuple[int, str]) -> tuple[int, bool]:
    """Of the run and name of a series: the run, and whether it is a system metric."""
    return key[0], key[1].startswith(SYSTEM_METRICS)


def _next_ordinals(c: Connection, new: Sequence[tuple[int, str]]) -> dict[tuple[int, bool], Iterator[int]]:
    """For each run the places of new series, behind those that it has; those of system metrics are counted apart."""
    column = metric_latest.c
    places = {_place(key) for key in new}
    found: dict[tuple[int, bool], Iterator[int]] = {}
    for system in {system for _, system in places}:
        numbers = {number for number, of_system in places if of_system is system}
        apart = column.ordinal >= SYSTEM_FROM if system else column.ordinal < SYSTEM_FROM
        query = select(column.run_number, func.max(column.ordinal)).where(column.run_number.in_(numbers), apart)
        last = dict(c.execute(query.group_by(column.run_number)).all())
        first = SYSTEM_FROM if system else 0
        found |= {(number, system): itertools.count(last.get(number, first - 1) + 1) for number in numbers}
    return found


def _number_steps(batch: _Batch, count: int) -> None:
    if batch.implicit.any():
        batch.step = np.where(batch.implicit, np.arange(count, count + len(batch.step)), batch.step)


def _chunks(batch: _Batch, count: int, before: Any) -> list[dict[str, Any]]:
    """The rows to write: the tail, longer than before, and the chunks that follow it."""
    start, step, time, value = count, batch.step, batch.time, batch.value
    if before is not None and before.start is not None:
        start = before.start
        step = np.concatenate([np.frombuffer(before.step_bytes, "<i8"), step])
        time = np.concatenate([np.frombuffer(before.time_bytes, "<f8"), time])
        value = np.concatenate([np.frombuffer(before.value_bytes, "<f8"), value])
    key = {"run_number": batch.number, "name": batch.name}
    # As even as can be: a short last one would be written again.
    size = -(-len(value) // -(-len(value) // CHUNK_POINTS))
    return [
        key | {"start": start + i} | _chunk(step[i : i + size], time[i : i + size], value[i : i + size])
        for i in range(0, len(value), size)
    ]


def _range(value: Floats) -> tuple[float, float]:
    """The least and the largest of the values that are numbers; NaN where none is."""
    # With keepdims as mypy does not see the plain form in what numpy 2.5 says of its types.
    return np.fmin.reduce(value, keepdims=True).item(), np.fmax.reduce(value, keepdims=True).item()


# The sum of both infinities is NaN, of huge numbers infinite: facts about the series, no fault.
@np.errstate(invalid="ignore", over="ignore")
def _chunk(step: Ints, time: Floats, value: Floats) -> dict[str, Any]:
    nan = np.isnan(value)
    minimum, maximum = _range(value)
    return {
        "point_count": len(value),
        "nan_count": int(nan.sum()),
        "minimum": minimum,
        "maximum": maximum,
        "total": float(value.sum(where=~nan)),
        "last": float(value[-1]),
        "last_step": int(step[-1]),
        "last_time": float(time[-1]),
        "step_bytes": step.astype("<i8").tobytes(),
        "time_bytes": time.astype("<f8").tobytes(),
        "value_bytes": value.astype("<f8").tobytes(),
    }


def _tail_start(chunk: dict[str, Any]) -> int:
    full = chunk["point_count"] * _PARTS >= CHUNK_POINTS
    return int(chunk["start"] + (chunk["point_count"] if full else 0))


def _summarise(batch: _Batch, before: Any) -> dict[str, Any]:
    minimum, maximum = _range(batch.value)
    if before is not None:
        minimum, maximum = float(np.fmin(before.minimum, minimum)), float(np.fmax(before.maximum, maximum))
    return {
        "last": float(batch.value[-1]),
        "last_step": int(batch.step[-1]),
        "minimum": minimum,
        "maximum": maximum,
    }


def page_metrics(
    c: Connection, run: str, limit: int, cursor: str | None, *, system: bool = False
) -> Page[MetricSummary]:
    """The series of a run, by name; with `system` its system metrics instead of its own."""
    table = metric_latest
    query = select(table).where(table.c.run_number == run_number(c, run)).order_by(table.c.name).limit(limit + 1)
    query = query.where(table.c.ordinal >= SYSTEM_FROM if system else table.c.ordinal < SYSTEM_FROM)
    after = text_after(cursor)
    if after is not None:
        query = query.where(table.c.name > after)
    return cut([summary(row) for row in c.execute(query)], limit, lambda item: item.name)

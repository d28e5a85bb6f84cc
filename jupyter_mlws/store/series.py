"""Metric points on their way out: as they are, or reduced to what a chart can show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, and_, select

from jupyter_mlws.api.series import RAW_COLUMNS, encode_series
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import outlines
from jupyter_mlws.store.deleted import not_deleted
from jupyter_mlws.store.outlines import Columns, Parts
from jupyter_mlws.store.packs import LEAST, OF_CHUNKS, PACK_POINTS, Piece, incomplete, of_chunk, packed, pieces
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import metric_chunks, metric_latest, metric_packs, runs

__all__ = ["AXES", "Part", "Range", "read_many", "read_series"]

# A chart is made of at least so many parts for each of its points: its ends lie between two of them.
_PARTS_A_POINT = 2
_chunk = metric_chunks.c
_pack = metric_packs.c


AXES = ("step", "time")


class Range(NamedTuple):
    """Points between two steps, or two times; both ends belong to it, and None is no end."""

    axis: str
    low: float | None
    high: float | None


class Part(NamedTuple):
    """What is wanted of a series; the words are those of `read_series`."""

    run: str
    name: str
    after: int = 0
    points: int | None = None
    within: Range | None = None


class _Length(NamedTuple):
    """How many points a series has, and where the chunk begins that still grows."""

    size: int
    tail_start: int


class _Series(NamedTuple):
    """A series in the transaction of `c`: so many points, of which so many are packed."""

    c: Connection
    number: int
    name: str
    size: int
    packed: int


def read_series(
    c: Connection, run: str, name: str, after: int = 0, points: int | None = None, within: Range | None = None
) -> list[bytes | memoryview]:
    """A series in its wire form (`jupyter_mlws.api.series`), in pieces.

    Parameters
    ----------
    c : Connection
    run, name : str
    after : int
        Skip so many points.
    points : int, optional
        Reduce to about so many buckets where there are more points than that. A series much longer than the chart is
        wide is summed up from its outlines, reading hardly a point.
    within : Range, optional
        Only these points. Where steps or times go back and forth, all between the first and the last of them.
    """
    return _encoded(_find(c, run, name), Part(run, name, after, points, within))


def read_many(c: Connection, parts: Sequence[Part]) -> list[bytes | memoryview]:
    """Several series in their wire form, as asked, one behind the other in pieces; one that is not there is empty.

    How long they are is one question for all of them, and so are their newest points; no series is read that has
    nothing new.
    """
    numbers = _numbers(c, {part.run for part in parts})
    lengths = _lengths(c, {(numbers[part.run], part.name) for part in parts if part.run in numbers})
    placed = [(part, numbers.get(part.run, 0)) for part in parts]
    tails = _tails(c, {(number, part.name) for part, number in placed if _is_news(part, lengths[number, part.name])})
    found: list[bytes | memoryview] = []
    for part, number in placed:
        size, _ = lengths[number, part.name]
        tail = tails.get((number, part.name))
        if size <= part.after:
            found += _encode(part.name, size, dict.fromkeys(RAW_COLUMNS, np.empty(0, "<f8")))
        elif tail is not None and tail.start <= part.after and _is_news(part, lengths[number, part.name]):
            news = tail.cut(part.after, size)
            columns = {"step": news.step.astype("<f8"), "time": news.time, "value": news.value}
            found += _encode(part.name, size, columns)
        else:
            ended = packed(c, number, part.name) if size >= LEAST else 0
            found += _encoded(_Series(c, number, part.name, size, ended), part)
    return found


def _is_news(part: Part, length: _Length) -> bool:
    """Whether what is wanted are a few points that all lie in the chunk which still grows."""
    fits = part.points is None or length.size - part.after <= part.points
    return part.within is None and fits and length.tail_start <= part.after < length.size


def _encoded(series: _Series, part: Part) -> list[bytes | memoryview]:
    first, end = (0, series.size) if part.within is None else _places(series, part.within)
    columns = _columns(series, max(first, part.after), max(end, part.after), part.points)
    return _encode(series.name, series.size, columns)


def _encode(name: str, size: int, columns: Columns) -> list[bytes | memoryview]:
    return encode_series(name, size, {key: column.view(np.uint8).data for key, column in columns.items()})


def _numbers(c: Connection, names: Set[str]) -> dict[str, int]:
    """The numbers of those runs that are there, by the id or number that names each."""
    found: dict[str, int] = dict(
        c.execute(select(runs.c.id, runs.c.number).where(runs.c.id.in_(names), not_deleted())).all()
    )
    for name in names - found.keys():
        with suppress(NotFound):
            found[name] = run_number(c, name)
    return found


def _lengths(c: Connection, series: Set[tuple[int, str]]) -> defaultdict[tuple[int, str], _Length]:
    """How many points each of these series has; none where it is not there."""
    latest = metric_latest.c
    names = {name for _, name in series}
    query = select(latest.run_number, latest.name, latest.point_count, latest.tail_start)
    rows = c.execute(query.where(latest.run_number.in_({number for number, _ in series}), latest.name.in_(names)))
    found: defaultdict[tuple[int, str], _Length] = defaultdict(lambda: _Length(0, 0))
    found.update({(number, name): _Length(count, start) for number, name, count, start in rows})
    return found


def _tails(c: Connection, series: Set[tuple[int, str]]) -> dict[tuple[int, str], Piece]:
    """The chunk of each of these series that still grows: in one question, as a page of charts asks again and again."""
    if not series:
        return {}
    latest = metric_latest.c
    tail = and_(_chunk.run_number == latest.run_number, _chunk.name == latest.name, _chunk.start == latest.tail_start)
    query = OF_CHUNKS.add_columns(_chunk.run_number, _chunk.name).select_from(metric_latest.join(metric_chunks, tail))
    of_runs, of_names = {number for number, _ in series}, {name for _, name in series}
    rows = c.execute(query.where(latest.run_number.in_(of_runs), latest.name.in_(of_names)))
    return {(number, name): of_chunk(chunk) for *chunk, number, name in rows if (number, name) in series}


def _find(c: Connection, run: str, name: str) -> _Series:
    number = run_number(c, run)
    latest = metric_latest.c
    count = c.scalar(select(latest.point_count).where(latest.run_number == number, latest.name == name))
    if count is None:
        raise NotFound(f"Run {run[:80]} has no metric {name[:80]!r}.", hint="List its metrics to see their names.")
    return _Series(c, number, name, count, packed(c, number, name) if count >= LEAST else 0)


def _columns(series: _Series, first: int, end: int, buckets: int | None) -> Columns:
    count = max(min(end, series.size) - first, 0)
    if buckets is None or count <= buckets:
        return _points(series, first, first + count)
    wanted = _PARTS_A_POINT * buckets
    width = next((width for width in outlines.WIDTHS if series.packed and count >= width * wanted), 1)
    parts = _parts(series, first, first + count, width)
    return outlines.shown(outlines.merged(parts, _edges(parts, buckets)))


def _points(series: _Series, first: int, end: int) -> Columns:
    """The points of a range, as they are."""
    found = {name: np.empty(end - first, "<f8") for name in ("step", "time", "value")}
    at = 0
    for piece in pieces(series.c, series.number, series.name, first, end, packed=series.packed):
        to = at + len(piece.value)
        if piece.start != first + at or not piece.is_whole:
            raise incomplete()
        found["step"][at:to], found["time"][at:to], found["value"][at:to] = piece.step, piece.time, piece.value
        at = to
    if at != end - first:
        raise incomplete()
    return found


def _parts(series: _Series, first: int, end: int, width: int) -> Parts:
    """The points of a range as parts: of one width where packs lie in it whole, at its ends of single points."""
    if width > 1:
        whole = _whole_packs(series, first, end)
        if whole is not None:
            middle = outlines.read_outlines(series.c, series.number, series.name, width, *whole)
            if middle[outlines.COUNT].sum() == whole[1] - whole[0]:
                head, tail = _single(series, first, whole[0]), _single(series, whole[1], end)
                return outlines.joined([head, middle, tail])
    return _single(series, first, end)


def _whole_packs(series: _Series, first: int, end: int) -> tuple[int, int] | None:
    """Where the packs begin and end that lie in a range whole."""
    begins = select(_pack.start, _pack.start + _pack.point_count).where(
        _pack.run_number == series.number, _pack.name == series.name
    )
    head = series.c.execute(begins.where(_pack.start >= first).order_by(_pack.start).limit(1)).first()
    tail = series.c.execute(
        begins.where(_pack.start <= end - PACK_POINTS).order_by(_pack.start.desc()).limit(1)
    ).first()
    return None if head is None or tail is None or tail[1] <= head[0] else (head[0], tail[1])


def _single(series: _Series, first: int, end: int) -> Parts:
    if first >= end:
        return outlines.joined([])
    points = _points(series, first, end)
    return outlines.parts_of(points["step"], points["time"], points["value"])


def _edges(parts: Parts, buckets: int) -> Any:
    """Where buckets of about as many points each begin."""
    ends = np.cumsum(parts[outlines.COUNT])
    wanted = np.arange(buckets) * int(ends[-1]) // buckets
    edges = np.unique(np.searchsorted(ends - parts[outlines.COUNT], wanted))
    return edges[edges < len(ends)]


# -- a range of steps or times


def _places(series: _Series, within: Range) -> tuple[int, int]:
    """The places of the first point that lies in a range, and behind the last one."""
    ends, places = _landmarks(series, within.axis)
    low = -np.inf if within.low is None else within.low
    high = np.inf if within.high is None else within.high
    # The first part that ends in the range or behind it has the first point; what follows the last one that ends in
    # it, or before it, has the last.
    reaching, inside = np.flatnonzero(ends >= low), np.flatnonzero(ends <= high)
    if not len(reaching):
        return series.size, series.size
    first, last = int(reaching[0]), int(inside[-1]) + 1 if len(inside) else 0
    begins = np.append(0, places)
    last = min(last, len(places) - 1)
    head = _points(series, int(begins[first]), int(begins[first + 1]))[within.axis]
    tail = _points(series, int(begins[last]), int(begins[last + 1]))[within.axis]
    before = np.flatnonzero(head >= low)
    within_tail = np.flatnonzero(tail <= high)
    start = int(begins[first]) + int(before[0])
    return start, max(start, int(begins[last]) + (int(within_tail[-1]) + 1 if len(within_tail) else 0))


def _landmarks(series: _Series, axis: str) -> tuple[Any, Any]:
    """Of the parts of a series, the step or time that each ends with, and the place behind each."""
    column, row = (_chunk.last_step, 0) if axis == "step" else (_chunk.last_time, 1)
    parts = outlines.read_outlines(series.c, series.number, series.name, outlines.WIDTHS[0], 0, series.packed)
    chunks = series.c.execute(
        select(column, _chunk.start + _chunk.point_count)
        .where(_chunk.run_number == series.number, _chunk.name == series.name)
        .order_by(_chunk.start)
    ).all()
    ends = np.array([row[0] for row in chunks], np.float64)
    places = np.array([row[1] for row in chunks], np.int64)
    of_packs = np.cumsum(parts[outlines.COUNT]).astype(np.int64)
    return np.append(parts[row], ends), np.append(of_packs, places)

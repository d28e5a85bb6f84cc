"""Metric points on their way out: as they are, or reduced to what a chart can show."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from jupyter_mlws.api.series import encode_series
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import outlines
from jupyter_mlws.store.outlines import Columns, Parts
from jupyter_mlws.store.packs import PACK_POINTS, packed, pieces
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import metric_chunks, metric_latest, metric_packs

__all__ = ["AXES", "Range", "read_series"]

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


class _Series(NamedTuple):
    """A series in the transaction of `c`: so many points, of which so many are packed."""

    c: Connection
    number: int
    name: str
    size: int
    packed: int


def read_series(
    c: Connection, run: str, name: str, after: int = 0, points: int | None = None, within: Range | None = None
) -> bytes:
    """A series in its wire form (`jupyter_mlws.api.series`).

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
    series = _find(c, run, name)
    first, end = (0, series.size) if within is None else _places(series, within)
    columns = _columns(series, max(first, after), max(end, after), points)
    return encode_series(name, series.size, {key: column.view(np.uint8).data for key, column in columns.items()})


def _find(c: Connection, run: str, name: str) -> _Series:
    number = run_number(c, run)
    latest = metric_latest.c
    count = c.scalar(select(latest.point_count).where(latest.run_number == number, latest.name == name))
    if count is None:
        raise NotFound(f"Run {run[:80]} has no metric {name[:80]!r}.", hint="List its metrics to see their names.")
    return _Series(c, number, name, count, packed(c, number, name) if count >= PACK_POINTS else 0)


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
        found["step"][at:to], found["time"][at:to], found["value"][at:to] = piece.step, piece.time, piece.value
        at = to
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

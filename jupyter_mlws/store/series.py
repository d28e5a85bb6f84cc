"""Metric points on their way out: as they are, or reduced to what a chart can show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from jupyter_mlws.api.series import encode_series
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import metric_chunks, metric_latest

__all__ = ["read_series"]

Columns = dict[str, NDArray[np.float64]]
_chunk = metric_chunks.c


def read_series(c: Connection, run: str, name: str, after: int = 0, points: int | None = None) -> bytes:
    """A series in its wire form (`jupyter_mlws.api.series`).

    Parameters
    ----------
    c : Connection
    run, name : str
    after : int
        Skip so many points.
    points : int, optional
        Reduce to about so many buckets where there are more points than that. A series much longer than the chart is
        wide is summed up from its chunks alone, without reading a point.
    """
    number = run_number(c, run)
    latest = metric_latest.c
    count = c.scalar(select(latest.point_count).where(latest.run_number == number, latest.name == name))
    if count is None:
        raise NotFound(f"Run {run[:80]} has no metric {name[:80]!r}.", hint="List its metrics to see their names.")
    columns = _columns(c, number, name, after, count, points)
    return encode_series(name, count, {key: column.astype("<f8").tobytes() for key, column in columns.items()})


# Sums of both infinities or of huge numbers are NaN or infinite: facts about the series, no fault.
@np.errstate(invalid="ignore", over="ignore")
def _columns(c: Connection, number: int, name: str, after: int, count: int, buckets: int | None) -> Columns:
    first = _first_chunk(c, number, name, after)
    if buckets is None or count - after <= buckets:
        return _points(c, number, name, first, after)
    chunks = c.scalar(
        select(func.count()).where(_chunk.run_number == number, _chunk.name == name, _chunk.start >= first)
    )
    if chunks is not None and chunks >= 2 * buckets:
        return _shown(_reduced(_chunks_as_parts(c, number, name, first, after), buckets))
    return _shown(_reduced(_points_as_parts(_points(c, number, name, first, after)), buckets))


def _first_chunk(c: Connection, number: int, name: str, after: int) -> int:
    """Where the chunk begins that holds point `after`."""
    query = select(func.max(_chunk.start)).where(
        _chunk.run_number == number, _chunk.name == name, _chunk.start <= after
    )
    return c.scalar(query) or 0


def _points(c: Connection, number: int, name: str, first: int, after: int, chunks: int | None = None) -> Columns:
    """The points from `after` on, of all chunks from the one that begins at `first`, or of so many of them."""
    rows = c.execute(
        select(_chunk.step_bytes, _chunk.time_bytes, _chunk.value_bytes)
        .where(_chunk.run_number == number, _chunk.name == name, _chunk.start >= first)
        .order_by(_chunk.start)
        .limit(chunks)
    ).all()
    step, time, value = (b"".join(column) for column in zip(*rows, strict=True)) if rows else (b"", b"", b"")
    skip = after - first
    return {
        "step": np.frombuffer(step, "<i8")[skip:].astype(np.float64),
        "time": np.frombuffer(time, "<f8")[skip:],
        "value": np.frombuffer(value, "<f8")[skip:],
    }


# Parts are what an envelope is made of, be they single points or whole chunks: as columns, these of each.
_PARTS = ("last_step", "last_time", "minimum", "maximum", "total", "point_count", "nan_count")


def _points_as_parts(points: Columns) -> Columns:
    value = points["value"]
    nan = np.isnan(value)
    columns = (points["step"], points["time"], value, value, np.where(nan, 0.0, value), np.ones(len(value)), nan * 1.0)
    return dict(zip(_PARTS, columns, strict=True))


def _chunks_as_parts(c: Connection, number: int, name: str, first: int, after: int) -> Columns:
    """The chunks from the one that begins at `first`; of that one only what follows `after`."""
    rows = c.execute(
        select(*(_chunk[column] for column in _PARTS))
        .where(_chunk.run_number == number, _chunk.name == name, _chunk.start >= first)
        .order_by(_chunk.start)
    ).all()
    parts = dict(zip(_PARTS, np.array(rows, np.float64).T, strict=True))
    if after > first:
        head = _reduced(_points_as_parts(_points(c, number, name, first, after, chunks=1)), 1)
        parts = {key: np.append(head[key], column[1:]) for key, column in parts.items()}
    return parts


def _reduced(parts: Columns, buckets: int) -> Columns:
    """`buckets` parts, each of about as many of the given ones."""
    count = len(parts["point_count"])
    edges = np.arange(buckets, dtype=np.int64) * count // buckets
    last = np.append(edges[1:], count) - 1
    return {
        "last_step": parts["last_step"][last],
        "last_time": parts["last_time"][last],
        "minimum": np.fmin.reduceat(parts["minimum"], edges),
        "maximum": np.fmax.reduceat(parts["maximum"], edges),
        **{key: np.add.reduceat(parts[key], edges) for key in ("total", "point_count", "nan_count")},
    }


def _shown(parts: Columns) -> Columns:
    """The columns of the wire form."""
    known = parts["point_count"] - parts["nan_count"]
    return {
        "step": parts["last_step"],
        "time": parts["last_time"],
        "minimum": parts["minimum"],
        "maximum": parts["maximum"],
        "mean": np.where(known > 0, parts["total"] / np.maximum(known, 1), np.nan),
        "count": parts["point_count"],
    }

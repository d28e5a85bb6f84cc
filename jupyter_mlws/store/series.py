"""Metric points on their way out: as they are, or reduced to what a chart can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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


def _columns(c: Connection, number: int, name: str, after: int, count: int, points: int | None) -> Columns:
    left = max(count - after, 0)
    if points is None or left <= points:
        return _points(c, number, name, after)
    first = _first_chunk(c, number, name, after)
    chunks = c.scalar(
        select(func.count()).where(_chunk.run_number == number, _chunk.name == name, _chunk.start >= first)
    )
    if chunks is not None and chunks >= 2 * points:
        return _of_chunks(c, number, name, first, points)
    return _bucketed(_points(c, number, name, after), points)


def _first_chunk(c: Connection, number: int, name: str, after: int) -> int:
    """Where the chunk begins that holds point `after`."""
    query = select(func.max(_chunk.start)).where(
        _chunk.run_number == number, _chunk.name == name, _chunk.start <= after
    )
    return c.scalar(query) or 0


def _points(c: Connection, number: int, name: str, after: int) -> Columns:
    first = _first_chunk(c, number, name, after)
    rows = c.execute(
        select(_chunk.step_bytes, _chunk.time_bytes, _chunk.value_bytes)
        .where(_chunk.run_number == number, _chunk.name == name, _chunk.start >= first)
        .order_by(_chunk.start)
    ).all()
    skip = max(after - first, 0)
    step, time, value = (b"".join(column) for column in zip(*rows, strict=False)) if rows else (b"", b"", b"")
    return {
        "step": np.frombuffer(step, "<i8")[skip:].astype(np.float64),
        "time": np.frombuffer(time, "<f8")[skip:],
        "value": np.frombuffer(value, "<f8")[skip:],
    }


def _edges(items: int, buckets: int) -> NDArray[np.int64]:
    """Where each of `buckets` almost equal parts begins."""
    return np.arange(buckets, dtype=np.int64) * items // buckets


def _bucketed(points: Columns, buckets: int) -> Columns:
    value = points["value"]
    edges = _edges(len(value), buckets)
    last = np.append(edges[1:], len(value)) - 1
    nan = np.isnan(value)
    counts = np.diff(np.append(edges, len(value)))
    totals = np.add.reduceat(np.where(nan, 0.0, value), edges)
    return {
        "step": points["step"][last],
        "time": points["time"][last],
        "minimum": np.fmin.reduceat(value, edges),
        "maximum": np.fmax.reduceat(value, edges),
        "mean": _mean(totals, counts - np.add.reduceat(nan.astype(np.int64), edges)),
        "count": counts.astype(np.float64),
    }


def _mean(totals: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def _of_chunks(c: Connection, number: int, name: str, first: int, buckets: int) -> Columns:
    rows: Sequence[Any] = c.execute(
        select(
            _chunk.last_step,
            _chunk.last_time,
            _chunk.minimum,
            _chunk.maximum,
            _chunk.total,
            _chunk.point_count,
            _chunk.nan_count,
        )
        .where(_chunk.run_number == number, _chunk.name == name, _chunk.start >= first)
        .order_by(_chunk.start)
    ).all()
    step, time, minimum, maximum, total, count, nan = (
        np.array(column, np.float64) for column in zip(*rows, strict=False)
    )
    edges = _edges(len(rows), buckets)
    last = np.append(edges[1:], len(rows)) - 1
    counts = np.add.reduceat(count, edges)
    return {
        "step": step[last],
        "time": time[last],
        "minimum": np.fmin.reduceat(minimum, edges),
        "maximum": np.fmax.reduceat(maximum, edges),
        "mean": _mean(np.add.reduceat(total, edges), (counts - np.add.reduceat(nan, edges)).astype(np.int64)),
        "count": counts,
    }

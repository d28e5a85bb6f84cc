"""What a chart needs of points: their extent and sum, part by part, at several resolutions.

A part is some points that follow one another. As columns, parts have `FACTS` each: where they end (step and time),
least, greatest and sum of their values without NaN, how many points they are and how many of these are NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from jupyter_mlws.store.tables import metric_outlines
from jupyter_mlws.store.upsert import upsert

__all__ = [
    "COUNT",
    "FACTS",
    "WIDTHS",
    "Columns",
    "Parts",
    "joined",
    "merged",
    "parts_of",
    "put_outlines",
    "read_outlines",
    "shown",
]

FACTS = ("last_step", "last_time", "minimum", "maximum", "total", "point_count", "nan_count")
COUNT = FACTS.index("point_count")
# Of the parts that are kept of packed points, the widest first: for a chart of very many points, and of many.
WIDTHS = (4096, 128)

Parts = NDArray[np.float64]  # a row for each of `FACTS`, a column for each part
Columns = dict[str, NDArray[np.float64]]
_outline = metric_outlines.c


def parts_of(step: NDArray[np.float64], time: NDArray[np.float64], value: NDArray[np.float64]) -> Parts:
    """Points as parts of one each."""
    nan = np.isnan(value)
    return np.stack([step, time, value, value, np.where(nan, 0.0, value), np.ones(len(value)), nan.astype(float)])


# Sums of both infinities or of huge numbers are NaN or infinite: facts about the series, no fault.
@np.errstate(invalid="ignore", over="ignore")
def merged(parts: Parts, edges: NDArray[np.int64]) -> Parts:
    """One part of those from each edge to the next; the first edge is 0, and none is there twice."""
    if not parts.shape[1]:
        return parts
    last = np.append(edges[1:], parts.shape[1]) - 1
    return np.stack(
        [
            parts[0, last],
            parts[1, last],
            np.fmin.reduceat(parts[2], edges),
            np.fmax.reduceat(parts[3], edges),
            *(np.add.reduceat(parts[i], edges) for i in (4, 5, 6)),
        ]
    )


def joined(pieces: list[Parts]) -> Parts:
    """Parts that follow one another."""
    return np.concatenate([np.empty((len(FACTS), 0)), *pieces], axis=1)


def shown(parts: Parts) -> Columns:
    """The columns of a chart."""
    step, time, minimum, maximum, total, count, nan = parts
    known = count - nan
    mean = np.where(known > 0, total / np.maximum(known, 1), np.nan)
    return {"step": step, "time": time, "minimum": minimum, "maximum": maximum, "mean": mean, "count": count}


def put_outlines(c: Connection, number: int, name: str, start: int, points: Parts) -> None:
    """Keep the outlines of a pack, given its points as parts."""
    fine = points
    rows = []
    for width in reversed(WIDTHS):
        ends = np.cumsum(fine[COUNT])
        begins = np.arange(0, int(ends[-1]), width)
        fine = merged(fine, np.searchsorted(ends, begins, side="right"))
        # Part by part, so that the bytes of several rows follow one another.
        body = np.ascontiguousarray(fine.T).astype("<f8", copy=False).tobytes()
        rows.append({"run_number": number, "name": name, "width": width, "start": start, "body": body})
    upsert(c, metric_outlines, rows)


def read_outlines(c: Connection, number: int, name: str, width: int, first: int, end: int) -> Parts:
    """The parts of one width of the packs that begin from `first` on and before `end`."""
    query = select(_outline.body).where(
        _outline.run_number == number,
        _outline.name == name,
        _outline.width == width,
        _outline.start >= first,
        _outline.start < end,
    )
    data = b"".join(c.scalars(query.order_by(_outline.start)))
    return np.ascontiguousarray(np.frombuffer(data, "<f8").reshape(-1, len(FACTS)).T)

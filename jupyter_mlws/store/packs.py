"""Points that are packed: all of a series but the newest, in a third of the space, with outlines for charts.

They are packed in the transaction that stores the points which make a pack full, and leave the chunks that they were in
with it: every point is in one place. Once their run has ended, what is left of them is packed as well; see `packing`.
A pack is never touched again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, select

from jupyter_mlws.errors import CorruptData
from jupyter_mlws.store.outlines import parts_of, put_outlines
from jupyter_mlws.store.pack_format import FORMAT, pack, unpack
from jupyter_mlws.store.tables import metric_chunks, metric_packs

__all__ = [
    "LEAST",
    "OF_CHUNKS",
    "OF_PACKS",
    "PACK_POINTS",
    "Piece",
    "incomplete",
    "of_chunk",
    "of_pack",
    "pack_full",
    "pack_rest",
    "packed",
    "pieces",
]

PACK_POINTS = 65_536
# Of a series that is not added to any more: fewer points take no less room in a pack with its outlines.
LEAST = 1_024
# In one go: a series that was stored before there were packs must not hold up who logs.
_MOST_AT_ONCE = 8

_pack = metric_packs.c
_chunk = metric_chunks.c
OF_PACKS = select(_pack.start, _pack.point_count, _pack.format, _pack.body)
OF_CHUNKS = select(_chunk.start, _chunk.step_bytes, _chunk.time_bytes, _chunk.value_bytes)


class Piece(NamedTuple):
    """Points that follow one another in a series.

    Attributes
    ----------
    start : int
        Place of the first one in its series.
    step : array of int64
    time, value : array of float64
    """

    start: int
    step: NDArray[np.int64]
    time: NDArray[np.float64]
    value: NDArray[np.float64]

    @property
    def end(self) -> int:
        """Place behind the last one."""
        return self.start + len(self.value)

    @property
    def is_whole(self) -> bool:
        """Whether there are as many steps and times as values."""
        return len(self.step) == len(self.time) == len(self.value)

    def cut(self, first: int, end: int) -> Piece:
        """Those of its points that lie in this range."""
        low, high = max(first - self.start, 0), max(end - self.start, 0)
        return Piece(self.start + low, self.step[low:high], self.time[low:high], self.value[low:high])


def incomplete() -> CorruptData:
    """What is said where points that were stored are not there."""
    return CorruptData("Points of a metric are missing in the database.", hint="Restore it from a backup.")


def packed(c: Connection, number: int, name: str) -> int:
    """How many points of a series are packed: the first ones."""
    end = select(func.max(_pack.start + _pack.point_count)).where(_pack.run_number == number, _pack.name == name)
    return c.scalar(end) or 0


def of_pack(row: Any) -> Piece:
    """The points of a row of packs: `start`, `point_count`, `format` and `body`."""
    start, count, version, body = row
    if version != FORMAT:
        raise CorruptData(f"Points of a metric are packed in format {version}, which nobody here knows.")
    return Piece(start, *unpack(bytes(body), count))


def of_chunk(row: Any) -> Piece:
    """The points of a row of chunks: `start` and the three columns' bytes."""
    start, step, time, value = row
    return Piece(start, np.frombuffer(step, "<i8"), np.frombuffer(time, "<f8"), np.frombuffer(value, "<f8"))


def pieces(
    c: Connection, number: int, name: str, first: int = 0, end: int | None = None, *, packed: int | None = None
) -> Iterator[Piece]:
    """The points of a series from place `first` on and before `end`, in their order.

    Parameters
    ----------
    packed : int, optional
        How many points are packed, where that is known: what cannot be there is not asked for.
    """
    stop = 2**63 - 1 if end is None else end
    sources = []
    if packed is None or first < packed:
        sources.append((_pack, OF_PACKS, of_pack))
    if packed is None or packed < stop:
        sources.append((_chunk, OF_CHUNKS, of_chunk))
    for table, query, made in sources:
        # No row has more points than a pack: this is a range of the primary key.
        part = (table.run_number == number, table.name == name, table.start > first - PACK_POINTS, table.start < stop)
        # Few at a time: a series may be larger than the memory.
        with c.execute(query.where(*part).order_by(table.start).execution_options(yield_per=4)) as found:
            for row in found:
                piece = made(row).cut(first, stop)
                if len(piece.value):
                    yield piece


def pack_full(c: Connection, number: int, name: str, count: int) -> None:
    """Pack the oldest chunks of a series of `count` points, as long as they fill a pack."""
    start = packed(c, number, name)
    for _ in range(_MOST_AT_ONCE):
        if count - start < PACK_POINTS:
            return
        end = _pack_one(c, number, name, start)
        if end == start:
            return
        start = end


def pack_rest(c: Connection, number: int, name: str, count: int) -> int:
    """Pack what is left of a series of `count` points that nobody adds to; how many points that were."""
    start = begun = packed(c, number, name)
    while count - start >= LEAST:
        end = _pack_one(c, number, name, start)
        if end == start:
            break
        start = end
    return start - begun


def _pack_one(c: Connection, number: int, name: str, start: int) -> int:
    """Make a pack of the chunks that lie in it whole; where it ends. What is damaged stays as it is."""
    whole = (
        _chunk.run_number == number,
        _chunk.name == name,
        _chunk.start >= start,
        _chunk.start + _chunk.point_count <= start + PACK_POINTS,
    )
    found = [of_chunk(row) for row in c.execute(OF_CHUNKS.where(*whole).order_by(_chunk.start))]
    if not _follow(found, start):
        return start
    step = np.concatenate([piece.step for piece in found])
    time, value = (np.concatenate([piece[i] for piece in found]) for i in (2, 3))
    row = {"run_number": number, "name": name, "start": start, "point_count": len(value), "format": FORMAT}
    c.execute(insert(metric_packs).values(row | {"body": pack(step, time, value)}))
    put_outlines(c, number, name, start, parts_of(step.astype(np.float64), time, value))
    c.execute(delete(metric_chunks).where(*whole))
    return start + len(value)


def _follow(found: list[Piece], start: int) -> bool:
    """Whether these pieces are there and follow one another from `start` on, each with as many of everything."""
    for piece in found:
        if piece.start != start or not piece.is_whole:
            return False
        start = piece.end
    return bool(found)

"""Points of many runs at once, as they are stored: read in slices, so that neither memory nor a transaction grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import BigInteger as Big
from sqlalchemy import ColumnElement, Connection, func, or_, select, tuple_, type_coerce, union_all

from jupyter_mlws.api.metric_table import Block
from jupyter_mlws.domain.names import SYSTEM_METRICS
from jupyter_mlws.store.packs import OF_CHUNKS, OF_PACKS, PACK_POINTS, Piece, incomplete, of_chunk, of_pack
from jupyter_mlws.store.paging import rows_of
from jupyter_mlws.store.tables import metric_chunks, metric_latest, metric_packs, runs
from jupyter_mlws.store.text_match import among

__all__ = ["RUNS_AT_ONCE", "Slice", "ids_of", "latest_block", "next_block"]

RUNS_AT_ONCE = 200
CHUNKS_AT_ONCE = 256
POINTS_AT_ONCE = 1_048_576
_MICROSECONDS = timedelta(seconds=1) // timedelta(microseconds=1)
_latest = metric_latest.c
_chunk = metric_chunks.c
_pack = metric_packs.c
_Key = tuple[int, str, int, int]  # run's number, metric's name, place of the first point, number of points


@dataclass
class Slice:
    """Some runs on their way out.

    Attributes
    ----------
    runs : mapping of int to str
        Their ids, by number.
    names : sequence of str or None
        Of the metrics that are wanted; None for all but system metrics.
    """

    runs: Mapping[int, str]
    names: Sequence[str] | None
    _counts: dict[tuple[int, str], int] | None = None
    _left: int = 0
    _after: tuple[int, str, int] | None = field(default=None)


def ids_of(c: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """The ids of these runs, by number."""
    return dict(rows_of(c, select(runs.c.number, runs.c.id).where(among(runs.c.number, numbers))))


def latest_block(c: Connection, of: Slice) -> Block:
    """The newest point of each series; its time is that of its arrival."""
    query = select(
        _latest.run_number, _latest.name, _latest.last_step, type_coerce(_latest.updated_at, Big).label("at")
    )
    query = query.add_columns(_latest.last).where(*_wanted(_latest, of))
    rows = c.execute(query.order_by(_latest.run_number, _latest.name)).all()
    return Block(
        [(row.run_number, row.name, 1) for row in rows],
        of.runs,
        np.array([row.last_step for row in rows], "<i8").tobytes(),
        np.array([row.at / _MICROSECONDS for row in rows], "<f8").tobytes(),
        np.array([row.last for row in rows], "<f8").tobytes(),
    )


def next_block(c: Connection, of: Slice) -> Block | None:
    """The next points of the slice; None at its end.

    A series is as long as it was at the first call, however much is logged between the calls.
    """
    if of._counts is None:
        counted = select(_latest.run_number, _latest.name, _latest.point_count).where(*_wanted(_latest, of))
        of._counts = {(number, name): count for number, name, count in rows_of(c, counted)}
        of._left = sum(of._counts.values())
    keys = _next_keys(c, of) if of._left > 0 else []
    if not keys:
        return None
    places = _places(keys, of)
    points = sum(place.points for place in places.values())
    columns = [np.empty(points, kind) for kind in ("<i8", "<f8", "<f8")]
    first, last = keys[0][:3], keys[-1][:3]
    for table, query, made in ((_pack, OF_PACKS, of_pack), (_chunk, OF_CHUNKS, of_chunk)):
        key = tuple_(table.run_number, table.name, table.start)
        part = query.add_columns(table.run_number, table.name).where(*_wanted(table, of))
        # Row by row, as the driver gives them: of all of them the memory would have the points twice.
        with c.execute(part.where(key >= first, key <= last)) as rows:
            for row in iter(rows.cursor.fetchone, None):
                if place := places.get((row[-2], row[-1], row[0])):
                    _put(made(row[:-2]), place, columns)
    number, name, start, count = keys[-1]
    of._after = (number, name, start + count)
    of._left -= points
    series = [(number, name, place.points) for (number, name, _), place in places.items() if place.points]
    return Block(series, {number: of.runs[number] for number, _, _ in series}, *map(_bytes, columns))


def _next_keys(c: Connection, of: Slice) -> list[_Key]:
    """The next packs and chunks of the slice, in their order: so many that their points are not too many."""
    parts = []
    for table in (_pack, _chunk):
        part = select(table.run_number, table.name, table.start, table.point_count).where(*_wanted(table, of))
        if of._after is not None:
            number, name, end = of._after
            # The chunk that was the last one may be in a pack by now, with points that are to follow.
            part = part.where(
                tuple_(table.run_number, table.name, table.start) > (number, name, end - PACK_POINTS),
                or_(table.run_number != number, table.name != name, table.start + table.point_count > end),
            )
        parts.append(part.order_by(table.run_number, table.name, table.start).limit(CHUNKS_AT_ONCE).subquery())
    both = union_all(*(select(part) for part in parts)).order_by("run_number", "name", "start").limit(CHUNKS_AT_ONCE)
    found: list[_Key] = []
    points = 0
    for number, name, start, count in c.execute(both):
        points += count
        if found and points > POINTS_AT_ONCE:
            break
        found.append((number, name, start, count))
    return found


def _wanted(table: Any, of: Slice) -> list[ColumnElement[bool]]:
    found = [among(table.run_number, of.runs)]
    if of.names is not None:
        found.append(table.name.in_(of.names))
    else:
        found.append(func.substr(table.name, 1, len(SYSTEM_METRICS)) != SYSTEM_METRICS)
    return found


class _Place(NamedTuple):
    """What is wanted of a pack or chunk, from a place of its series to another, and where it goes in the block."""

    first: int
    end: int
    at: int

    @property
    def points(self) -> int:
        return self.end - self.first


def _places(keys: Sequence[_Key], of: Slice) -> dict[tuple[int, str, int], _Place]:
    """The place of each, in their order."""
    assert of._counts is not None
    found: dict[tuple[int, str, int], _Place] = {}
    at = 0
    for number, name, start, count in keys:
        begun = of._after[2] if of._after is not None and of._after[:2] == (number, name) else 0
        first, end = max(start, begun), min(start + count, of._counts.get((number, name), 0))
        found[number, name, start] = place = _Place(first, max(first, end), at)
        at += place.points
    return found


def _put(piece: Piece, place: _Place, columns: Sequence[Any]) -> None:
    part = piece.cut(place.first, place.end)
    if not part.is_whole or len(part.value) != place.points:
        raise incomplete()
    for column, numbers in zip(columns, (part.step, part.time, part.value), strict=True):
        column[place.at : place.at + place.points] = numbers


def _bytes(column: Any) -> memoryview:
    found: memoryview = column.view(np.uint8).data
    return found

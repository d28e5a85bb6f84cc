"""Points of many runs at once, as they are stored: read in slices, so that neither memory nor a transaction grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import BigInteger as Big
from sqlalchemy import ColumnElement, Connection, func, or_, select, tuple_, type_coerce, union_all

from jupyter_mlws.api.metric_table import Block
from jupyter_mlws.domain.names import SYSTEM_METRICS
from jupyter_mlws.store.packs import OF_CHUNKS, OF_PACKS, PACK_POINTS, Piece, of_chunk, of_pack
from jupyter_mlws.store.paging import rows_of
from jupyter_mlws.store.tables import metric_chunks, metric_latest, metric_packs, runs
from jupyter_mlws.store.text_match import among

__all__ = ["RUNS_AT_ONCE", "Slice", "ids_of", "latest_block", "next_block"]

RUNS_AT_ONCE = 200
CHUNKS_AT_ONCE = 256
POINTS_AT_ONCE = 600_000
_MICROSECONDS = timedelta(seconds=1) // timedelta(microseconds=1)
_latest = metric_latest.c
_chunk = metric_chunks.c
_pack = metric_packs.c


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
    keys = _next_keys(c, of)
    if not keys:
        return None
    rows = {}
    for table, query, made in ((_pack, OF_PACKS, of_pack), (_chunk, OF_CHUNKS, of_chunk)):
        key = tuple_(table.run_number, table.name, table.start)
        part = query.add_columns(table.run_number, table.name).where(*_wanted(table, of))
        for row in rows_of(c, part.where(key >= keys[0], key <= keys[-1])):
            rows[row[-2], row[-1], row[0]] = made(row[:-2])
    found = [(number, name, rows[number, name, start]) for number, name, start in keys]
    block = _block(found, of)
    number, name, last = found[-1]
    of._after = (number, name, last.end)
    return block


def _next_keys(c: Connection, of: Slice) -> list[tuple[int, str, int]]:
    """Where the next packs and chunks of the slice are, in their order: so many that their points are not too many."""
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
    found: list[tuple[int, str, int]] = []
    points = 0
    for number, name, start, count in c.execute(both):
        points += count
        if found and points > POINTS_AT_ONCE:
            break
        found.append((number, name, start))
    return found


def _wanted(table: Any, of: Slice) -> list[ColumnElement[bool]]:
    found = [among(table.run_number, of.runs)]
    if of.names is not None:
        found.append(table.name.in_(of.names))
    else:
        found.append(func.substr(table.name, 1, len(SYSTEM_METRICS)) != SYSTEM_METRICS)
    return found


def _block(rows: Sequence[tuple[int, str, Piece]], of: Slice) -> Block:
    assert of._counts is not None
    series: list[tuple[int, str, int]] = []
    parts: list[tuple[Any, Any, Any]] = []
    for number, name, piece in rows:
        begun = of._after[2] if of._after is not None and of._after[:2] == (number, name) else 0
        part = piece.cut(begun, of._counts.get((number, name), 0))
        if len(part.value):
            series.append((number, name, len(part.value)))
            parts.append((part.step, part.time, part.value))
    columns = [b"".join(column) for column in zip(*parts, strict=True)] or [b"", b"", b""]
    return Block(series, {number: of.runs[number] for number, _, _ in series}, *columns)

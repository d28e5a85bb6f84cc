"""Points of many runs at once, as they are stored: read in slices, so that neither memory nor a transaction grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import BigInteger as Big
from sqlalchemy import ColumnElement, Connection, select, tuple_, type_coerce

from jupyter_mlws.api.metric_table import Block
from jupyter_mlws.store.paging import rows_of
from jupyter_mlws.store.tables import metric_chunks, metric_latest, runs
from jupyter_mlws.store.text_match import among

__all__ = ["RUNS_AT_ONCE", "Slice", "ids_of", "latest_block", "next_block"]

RUNS_AT_ONCE = 200
CHUNKS_AT_ONCE = 256
_MICROSECONDS = timedelta(seconds=1) // timedelta(microseconds=1)
_latest = metric_latest.c
_chunk = metric_chunks.c


@dataclass
class Slice:
    """Some runs on their way out.

    Attributes
    ----------
    runs : mapping of int to str
        Their ids, by number.
    names : sequence of str or None
        Of the metrics that are wanted; None for all.
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
    columns = (_chunk.run_number, _chunk.name, _chunk.start, _chunk.step_bytes, _chunk.time_bytes, _chunk.value_bytes)
    query = select(*columns).where(*_wanted(_chunk, of))
    keys = (_chunk.run_number, _chunk.name, _chunk.start)
    if of._after is not None:
        query = query.where(tuple_(*keys) > of._after)
    rows = rows_of(c, query.order_by(*keys).limit(CHUNKS_AT_ONCE))
    if not rows:
        return None
    of._after = tuple(rows[-1][:3])
    return _block(rows, of)


def _wanted(table: Any, of: Slice) -> list[ColumnElement[bool]]:
    found = [among(table.run_number, of.runs)]
    if of.names is not None:
        found.append(table.name.in_(of.names))
    return found


def _block(rows: Sequence[Any], of: Slice) -> Block:
    assert of._counts is not None
    series: list[tuple[int, str, int]] = []
    parts: list[tuple[bytes, bytes, bytes]] = []
    for number, name, start, step, time, value in rows:
        room = of._counts.get((number, name), 0) - start
        if room > 0:
            size = min(room * 8, len(value))
            series.append((number, name, size // 8))
            parts.append((step[:size], time[:size], value[:size]))
    columns = [b"".join(column) for column in zip(*parts, strict=True)] or [b"", b"", b""]
    return Block(series, {number: of.runs[number] for number, _, _ in series}, *columns)

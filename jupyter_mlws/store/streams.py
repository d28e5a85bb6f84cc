"""How far the streams of a run folder have been read: known to the same transaction as what was read from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from jupyter_mlws.errors import Conflict
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import stream_offsets
from jupyter_mlws.store.upsert import upsert

__all__ = ["Advance", "advance", "advance_all", "offsets"]


class Advance(NamedTuple):
    """A stream of a run, given by number, that was read from `start` to `end`."""

    number: int
    stream: str
    start: int
    end: int


def offsets(c: Connection, run_id: str) -> dict[str, int]:
    """How much of each stream of a run is stored: records of its journal, bytes of its values."""
    table = stream_offsets
    query = select(table.c.stream, table.c.consumed).where(table.c.run_number == run_number(c, run_id))
    return dict(c.execute(query).all())


def advance(c: Connection, number: int, stream: str, start: int, end: int) -> bool:
    """Note that a stream is read up to `end`; False when it was already, and nothing of the batch is to be stored.

    Raises
    ------
    Conflict
        The batch does not begin at the stream's offset: something between is missing, or is here twice. Read again
        from `offsets`.
    """
    return advance_all(c, [Advance(number, stream, start, end)])[0]


def advance_all(c: Connection, steps: Sequence[Advance]) -> list[bool]:
    """`advance` of several streams, in their order, with a few statements."""
    table = stream_offsets.c
    query = select(table.run_number, table.stream, table.consumed).where(
        table.run_number.in_({step.number for step in steps}), table.stream.in_({step.stream for step in steps})
    )
    have: dict[tuple[int, str], int] = {(row.run_number, row.stream): row.consumed for row in c.execute(query)}
    news = []
    for number, stream, start, end in steps:
        before = have.get((number, stream), 0)
        news.append(end > before)
        if end <= before:
            continue
        if start != before:
            raise Conflict(f"Stream {stream} of run {number} goes on at {before}, not at {start}.")
        have[number, stream] = end
    gone_on = {step[:2] for step, is_new in zip(steps, news, strict=True) if is_new}
    upsert(
        c,
        stream_offsets,
        [{"run_number": number, "stream": stream, "consumed": have[number, stream]} for number, stream in gone_on],
    )
    return news

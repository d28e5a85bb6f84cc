"""How far the streams of a run folder have been read: known to the same transaction as what was read from them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from jupyter_mlws.errors import Conflict
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import stream_offsets
from jupyter_mlws.store.upsert import upsert

__all__ = ["advance", "offsets"]


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
    table = stream_offsets
    have: int = c.scalar(select(table.c.consumed).where(table.c.run_number == number, table.c.stream == stream)) or 0
    if end <= have:
        return False
    if start != have:
        raise Conflict(f"Stream {stream} of run {number} goes on at {have}, not at {start}.")
    upsert(c, table, [{"run_number": number, "stream": stream, "consumed": end}])
    return True

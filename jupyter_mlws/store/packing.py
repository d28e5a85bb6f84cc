"""Packing the rest of runs that have ended: nothing is added to their series any more, so all of it can be packed.

Who packs walks the runs by number, again and again, and keeps how far all of them are done: that is one small number,
and what is lost of it is only work done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from jupyter_mlws.domain.status import TERMINAL
from jupyter_mlws.store import counters
from jupyter_mlws.store.packs import LEAST, pack_rest
from jupyter_mlws.store.run_states import values_of
from jupyter_mlws.store.tables import deleted_runs, metric_latest, runs
from jupyter_mlws.store.tables import metric_packs as packs

__all__ = ["Walked", "next_runs", "note_packed_through", "pack_one", "packed_through", "series_to_pack"]

_COUNTER = "packed_through"


class Walked(NamedTuple):
    """A run that was walked by.

    Attributes
    ----------
    number : int
    has_ended : bool
        Whether it can be packed: it has ended, and nobody is about to delete it.
    is_open : bool
        It has not ended: there will be something to pack.
    """

    number: int
    has_ended: bool
    is_open: bool


def packed_through(c: Connection) -> int:
    """Up to which number all runs were packed."""
    return counters.last(c, _COUNTER)


def note_packed_through(c: Connection, number: int) -> None:
    """Keep up to which number all runs are packed."""
    counters.put(c, _COUNTER, number)


def next_runs(c: Connection, after: int, limit: int) -> list[Walked]:
    """The runs behind a number, in their order."""
    ended = set(values_of(TERMINAL))
    query = (
        select(runs.c.number, runs.c.status, deleted_runs.c.run_number)
        .select_from(runs.outerjoin(deleted_runs, deleted_runs.c.run_number == runs.c.number))
        .where(runs.c.number > after)
        .order_by(runs.c.number)
        .limit(limit)
    )
    return [
        Walked(number, status in ended and deleted is None, status not in ended)
        for number, status, deleted in c.execute(query)
    ]


def series_to_pack(c: Connection, numbers: Sequence[int]) -> list[tuple[int, str]]:
    """The series of these runs that have so much outside of packs that it pays to pack it."""
    # One question for all of them: who asks is waited for, and runs may have thousands of series.
    latest, pack = metric_latest.c, packs.c
    ends = select(pack.run_number, pack.name, func.max(pack.start + pack.point_count).label("packed"))
    ends = ends.where(pack.run_number.in_(numbers)).group_by(pack.run_number, pack.name)
    known = ends.subquery()
    same = (known.c.run_number == latest.run_number) & (known.c.name == latest.name)
    query = select(latest.run_number, latest.name).select_from(metric_latest.outerjoin(known, same))
    left = latest.point_count - func.coalesce(known.c.packed, 0)
    query = query.where(latest.run_number.in_(numbers), latest.point_count >= LEAST, left >= LEAST)
    return [(number, name) for number, name in c.execute(query.order_by(latest.run_number, latest.ordinal))]


def pack_one(c: Connection, number: int, name: str) -> int:
    """Pack all of one series; how many points were packed. In a transaction of its own, for others wait meanwhile."""
    latest = metric_latest.c
    query = select(latest.point_count).where(latest.run_number == number, latest.name == name)
    count = c.scalar(query.with_for_update())  # of two that pack the same series, one waits for the other
    return 0 if count is None else pack_rest(c, number, name, count)

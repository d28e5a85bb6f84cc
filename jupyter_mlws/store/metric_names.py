"""The names of a run's series, which may be many more than a record of the run has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from jupyter_mlws.domain.metric import MetricNames
from jupyter_mlws.store.paging import cut, text_after
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import metric_latest
from jupyter_mlws.store.text_match import ilike

__all__ = ["SYSTEM_FROM", "page_names"]

# Where the places of system metrics begin, so that they are nowhere among the first series of a run.
SYSTEM_FROM = 1 << 40
_latest = metric_latest.c
# What means something in a pattern, and how it means itself.
_SPECIAL, _LITERALLY = re.compile(r"[\\%_]"), r"\\\g<0>"


def page_names(
    c: Connection, run: str, words: Sequence[str], limit: int, cursor: str | None, *, system: bool = False
) -> MetricNames:
    """Names that have all of some words, in their order, and how many there are at all.

    Parameters
    ----------
    c : Connection
    run : str
    words : sequence of str
        Pieces of a name, in any case; letters beyond ASCII as they are written.
    limit : int
    cursor : str, optional
    system : bool
        The run's system metrics instead of its own.
    """
    of_run = _latest.run_number == run_number(c, run)
    part = _latest.ordinal >= SYSTEM_FROM if system else _latest.ordinal < SYSTEM_FROM
    query = select(_latest.name).where(of_run, part, *map(_has, words)).order_by(_latest.name).limit(limit + 1)
    after = text_after(cursor)
    if after is not None:
        query = query.where(_latest.name > after)
    page = cut(c.scalars(query).all(), limit, str)
    return MetricNames(items=page.items, total=_count(c, of_run, part, system=system), next_cursor=page.next_cursor)


def _has(word: str) -> ColumnElement[bool]:
    return ilike(_latest.name, f"%{_SPECIAL.sub(_LITERALLY, word)}%")


def _count(c: Connection, *where: Any, system: bool) -> int:
    """How many there are: they are numbered as they come, and none ever goes, so that a million need no counting."""
    last: int | None = c.scalar(select(func.max(_latest.ordinal)).where(*where))
    return 0 if last is None else last + 1 - (SYSTEM_FROM if system else 0)

"""Numbers that only grow."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from jupyter_mlws.store.tables import counters

__all__ = ["last", "take"]


def take(c: Connection, name: str, count: int = 1) -> int:
    """The first of `count` fresh numbers of this name; the first ever is 1."""
    statement = update(counters).where(counters.c.name == name).values(value=counters.c.value + count)
    if c.execute(statement).rowcount == 0:
        c.execute(insert(counters).values(name=name, value=count))
    return last(c, name) - count + 1


def last(c: Connection, name: str) -> int:
    """The highest number taken so far; 0 before the first."""
    return c.scalar(select(counters.c.value).where(counters.c.name == name)) or 0

"""Numbers that only grow."""

from __future__ import annotations

from sqlalchemy import Connection, case, insert, select, update

from jupyter_mlws.store.tables import counters

__all__ = ["last", "last_of", "put", "take", "take_at_least"]


def take(c: Connection, name: str, count: int = 1) -> int:
    """The first of `count` fresh numbers of this name; the first ever is 1."""
    statement = update(counters).where(counters.c.name == name).values(value=counters.c.value + count)
    if c.execute(statement).rowcount == 0:
        c.execute(insert(counters).values(name=name, value=count))
    return last(c, name) - count + 1


def take_at_least(c: Connection, name: str, wanted: int) -> int:
    """`wanted` where it is beyond all numbers taken so far, else the next one."""
    value = counters.c.value
    next_one = case((value < wanted, wanted), else_=value + 1)
    if c.execute(update(counters).where(counters.c.name == name).values(value=next_one)).rowcount == 0:
        c.execute(insert(counters).values(name=name, value=wanted))
    return last(c, name)


def put(c: Connection, name: str, value: int) -> None:
    """Say how far something has come."""
    if c.execute(update(counters).where(counters.c.name == name).values(value=value)).rowcount == 0:
        c.execute(insert(counters).values(name=name, value=value))


def last(c: Connection, name: str) -> int:
    """The highest number taken so far; 0 before the first."""
    return c.scalar(select(counters.c.value).where(counters.c.name == name)) or 0


def last_of(c: Connection, *names: str) -> tuple[int, ...]:
    """`last` of several names, at one moment."""
    query = select(counters.c.name, counters.c.value).where(counters.c.name.in_(names))
    found = dict(c.execute(query).all())
    return tuple(found.get(name, 0) for name in names)

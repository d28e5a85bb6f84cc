"""A run and all that descends from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, select

from jupyter_mlws.store.tables import runs

__all__ = ["family", "in_parts", "numbers_below"]

T = TypeVar("T")


def in_parts(items: Sequence[T], size: int = 5000) -> Iterator[Sequence[T]]:
    """The items in pieces that a statement can name."""
    return (items[i : i + size] for i in range(0, len(items), size))


def numbers_below(number: int) -> Select[tuple[int]]:
    """The numbers of all descendants of a run, as a part of a question."""
    children = select(runs.c.number).where(runs.c.parent_number == number).cte("below", recursive=True)
    theirs = select(runs.c.number).join(children, runs.c.parent_number == children.c.number)
    return select(children.union(theirs).c.number)


def family(c: Connection, numbers: Iterable[int]) -> list[Any]:
    """Number, id, status and parent_number of runs and of all their descendants, parents before their children."""
    columns = (runs.c.number, runs.c.id, runs.c.status, runs.c.parent_number)
    found: list[Any] = []
    newest, column = list(numbers), runs.c.number
    while newest:
        rows = [
            row
            for part in in_parts(newest)
            for row in c.execute(select(*columns).where(column.in_(part)).order_by(runs.c.number))
        ]
        found += rows
        newest, column = [row.number for row in rows], runs.c.parent_number
    return found

"""Runs that are listed for what lies below them: what a child fulfils finds the run above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, union

from jupyter_mlws.store.deleted import not_deleted
from jupyter_mlws.store.tables import runs

__all__ = ["at_or_below", "lifted"]

# Children, and theirs: what a sweep's runs make.
_DEPTH = 2


def at_or_below(holds: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """The condition on a row of `runs` that something holds for it, or for a run below it that is not in the trash.

    Parameters
    ----------
    holds : callable
        Makes the condition on a row of the table of runs that it is given, which goes by another name below.
    """
    return or_(holds(runs), _below(runs, holds, _DEPTH))


def _below(above: Any, holds: Callable[[Any], ColumnElement[bool]], depth: int) -> ColumnElement[bool]:
    # By the index of children, and only for runs that have some: a list asks for no more than its page needs.
    child = runs.alias()
    found = holds(child)
    if depth > 1:
        found = or_(found, _below(child, holds, depth - 1))
    below = exists().where(child.c.parent_number == above.c.number, found, not_deleted(child)).correlate(above)
    return and_(above.c.child_count > 0, below)


def lifted(holds: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """The same as `at_or_below`, begun with the few runs for which something holds: an index has to find them."""
    hit, above = runs.alias(), runs.alias()
    hits = select(hit.c.number, hit.c.parent_number).where(holds(hit), not_deleted(hit)).cte("hits")
    whole: Select[Any] = select(above.c.parent_number).join(hits, above.c.number == hits.c.parent_number)
    numbers = union(
        select(hits.c.number),
        select(hits.c.parent_number).where(hits.c.parent_number.is_not(None)),
        whole.where(above.c.parent_number.is_not(None)),
    ).subquery()
    return runs.c.number.in_(select(numbers.c[0]))

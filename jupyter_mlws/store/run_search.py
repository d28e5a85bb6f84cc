"""Which runs a piece of text finds, as a condition of a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_

from jupyter_mlws.store.tables import deleted_runs, runs

__all__ = ["found_by"]

# Children, and theirs: what a sweep's runs make.
_DEPTH = 2


def found_by(search: str | None, *, with_those_below: bool) -> Iterator[ColumnElement[bool]]:
    """The condition on a row of `runs` that its text has the piece; none where nothing is searched for.

    In a list without children (`with_those_below`) their text, and that of their children, finds the run above them.
    """
    if not search:
        return
    text = search.casefold()
    found = runs.c.search_text.contains(text, autoescape=True)
    yield or_(found, _found_below(runs, text, _DEPTH)) if with_those_below else found


def _found_below(above: Any, text: str, depth: int) -> ColumnElement[bool]:
    # By the index of children, and only for runs that have some: a list asks for no more than its page needs.
    child = runs.alias()
    found = child.c.search_text.contains(text, autoescape=True)
    if depth > 1:
        found = or_(found, _found_below(child, text, depth - 1))
    in_trash = exists().where(deleted_runs.c.run_number == child.c.number).correlate(child)
    below = exists().where(child.c.parent_number == above.c.number, found, ~in_trash).correlate(above)
    return and_(above.c.child_count > 0, below)

"""Which runs a piece of text finds, as a condition of a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement

from jupyter_mlws.store.run_below import at_or_below
from jupyter_mlws.store.tables import runs

__all__ = ["found_by"]


def found_by(search: str | None, *, with_those_below: bool) -> Iterator[ColumnElement[bool]]:
    """The condition on a row of `runs` that its text has the piece; none where nothing is searched for.

    In a list without children (`with_those_below`) their text, and that of their children, finds the run above them.
    """
    if not search:
        return
    text = search.casefold()

    def holds(of: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = of.c.search_text.contains(text, autoescape=True)
        return found

    yield at_or_below(holds) if with_those_below else holds(runs)

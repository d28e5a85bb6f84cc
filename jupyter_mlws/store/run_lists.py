"""Pages of runs, newest first or in another order, with the way to them that touches the fewest rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, union

from jupyter_mlws.domain.filters import All, Filter, OrderKey
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.run import Run
from jupyter_mlws.store import counters
from jupyter_mlws.store.later import Read
from jupyter_mlws.store.paging import encode, number_after, rows_of
from jupyter_mlws.store.run_below import at_or_below, lifted
from jupyter_mlws.store.run_cards import load_listed
from jupyter_mlws.store.run_filters import along, condition, found_by, inherited, rarest, single_value, without
from jupyter_mlws.store.run_order import ordered_numbers
from jupyter_mlws.store.tables import runs

__all__ = ["all_numbers", "count_found", "page_of_runs"]

# A run that is looked at in the order of the numbers costs so many times what it costs to collect one by an index.
_DEARER = 3


def page_of_runs(
    c: Connection,
    query: Select[Any],
    *,
    wanted: Filter | None,
    order: Sequence[OrderKey],
    document: str | None,
    limit: int,
    cursor: str | None,
    later: Read | None = None,
    with_those_below: bool = False,
) -> Page[Run]:
    """One page of the runs whose numbers `query` finds, as `jupyter_mlws.store.runs.page_runs` explains them."""
    query, rest, count = _led(c, query, wanted, _few(c, limit), with_those_below)
    if order:
        if rest is not None:
            query = query.where(condition(rest))
        if document is not None:
            query = query.where(or_(runs.c.document == document, runs.c.document_id == document))
        numbers, more = ordered_numbers(c, query, order, limit, cursor, few=count is not None)
    elif count is not None and document is None and count <= limit:
        numbers, more = _sorted_here(c, query, number_after(cursor)), None
    else:
        numbers, more = _newest(c, query, rest, document, limit, number_after(cursor))
    return Page(items=load_listed(c, numbers, later), next_cursor=more)


def all_numbers(c: Connection, query: Select[Any], wanted: Filter | None) -> list[int]:
    """The numbers of all runs that `query` and the filter find, the oldest first."""
    return sorted(row[0] for row in rows_of(c, _filtered(c, query, wanted)))


def count_found(
    c: Connection,
    query: Select[Any],
    wanted: Filter | None,
    document: str | None,
    most: int,
    *,
    with_those_below: bool = False,
) -> int:
    """How many runs `query`, the filter and the document find, counted up to `most`."""
    if document is not None:
        query = query.where(or_(runs.c.document == document, runs.c.document_id == document))
    found = _filtered(c, query, wanted, with_those_below=with_those_below).limit(most).subquery()
    return c.scalar(select(func.count()).select_from(found)) or 0


def _filtered(
    c: Connection, query: Select[Any], wanted: Filter | None, *, with_those_below: bool = False
) -> Select[Any]:
    query, rest, _ = _led(c, query, wanted, _few(c, counters.last(c, "run")), with_those_below)
    return query if rest is None else query.where(condition(rest))


def _led(
    c: Connection, query: Select[Any], wanted: Filter | None, few: int, with_those_below: bool
) -> tuple[Select[Any], Filter | None, int | None]:
    """The query with the rarest condition in front, what it does not ask yet, and how many runs that condition finds.

    That is None where no condition finds only a few.
    """
    if wanted is None:
        return query, None, None
    if with_those_below:
        return _led_from_below(c, query, wanted, few)
    part, count = rarest(c, wanted, few)
    if part is None:
        return query, wanted, None
    return query.where(found_by(part), condition(without(wanted, part))), None, count


def _led_from_below(
    c: Connection, query: Select[Any], wanted: Filter, few: int
) -> tuple[Select[Any], Filter | None, int | None]:
    shared = inherited(wanted)
    own = without(wanted, *shared)
    if not own.parts:
        return query, wanted, None
    query = query.where(condition(All(shared)))
    part, count = rarest(c, own, few)
    if part is None:
        return query.where(at_or_below(lambda of: condition(own, of))), None, None
    rest = without(own, part)
    return query.where(lifted(lambda of: and_(found_by(part, of), condition(rest, of)))), None, count


def _few(c: Connection, limit: int) -> int:
    """How many runs are few enough to collect them all by an index and sort them.

    Going through N runs by number until a page is full looks at ``limit * N / found`` of them; collecting looks at as
    many as are found.
    """
    return max(1000, isqrt(_DEARER * limit * counters.last(c, "run")))


def _sorted_here(c: Connection, query: Select[Any], before: int | None) -> list[int]:
    """All that the query finds, the newest first; the database would take longer to sort so many."""
    if before is not None:
        query = query.where(runs.c.number < before)
    return sorted((row[0] for row in rows_of(c, query)), reverse=True)


def _newest(
    c: Connection, query: Select[Any], wanted: Filter | None, document: str | None, limit: int, before: int | None
) -> tuple[list[int], str | None]:
    number: Any = runs.c.number
    if wanted is not None:
        exact = single_value(wanted) if document is None else None
        if exact is None:
            query = query.where(condition(wanted))
        else:
            # The runs with this value lie in the index in the order of their numbers.
            query, number = along(query, exact)
            query = query.where(condition(without(wanted, exact)))
    if before is not None:
        query = query.where(number < before)
    found = [row[0] for row in rows_of(c, _of_document(query, document, number, limit + 1))]
    return found[:limit], encode(found[limit - 1]) if len(found) > limit else None


def _of_document(query: Select[Any], document: str | None, number: Any, limit: int) -> Any:
    if document is None:
        return query.order_by(number.desc()).limit(limit)
    # Two walks along two indexes: one condition with OR would sort all runs of the document for each page.
    walks = [
        select(query.where(column == document).order_by(number.desc()).limit(limit).subquery())
        for column in (runs.c.document, runs.c.document_id)
    ]
    both = union(*walks).subquery()
    return select(both.c.number).order_by(both.c.number.desc()).limit(limit)

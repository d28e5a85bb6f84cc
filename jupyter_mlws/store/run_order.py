"""Pages of runs in an order of the reader's choice, by keyset: the cursor is the keys of the last run of the page.

Runs without a value for a key come after all others, in either direction; ties are broken by the run's number, in the
direction of the first key. An order by one metric walks the metric's index, so that the best of a million runs are
found at once; then follow the runs that lack it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    Select,
    and_,
    exists,
    false,
    literal,
    not_,
    or_,
    select,
    type_coerce,
)

from jupyter_mlws.domain.filters import OrderKey
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.store.paging import decode, encode
from jupyter_mlws.store.run_filters import attribute
from jupyter_mlws.store.tables import metric_latest, run_params, run_tags, runs

__all__ = ["ordered_numbers"]

# One place of an order: the values of the keys, None where there is none, and the run's number.
Place = tuple[tuple[Any, ...], int]


def ordered_numbers(
    c: Connection, query: Select[Any], order: Sequence[OrderKey], limit: int, cursor: str | None, *, few: bool
) -> tuple[list[int], str | None]:
    """The numbers of one page of `query`, in their order, and the cursor of the next page.

    Parameters
    ----------
    c : Connection
    query : Select
        Of run numbers, with all conditions.
    order : sequence of OrderKey
    limit : int
    cursor : str or None
    few : bool
        Whether the query itself finds few runs, which are then sorted; else a metric's index is walked.
    """
    after = None if cursor is None else _place(decode(cursor), order)
    if len(order) == 1 and order[0].field.kind == "metric" and not few:
        places = _along_metric(c, query, order[0], limit + 1, after)
    else:
        places = _sorted(c, query, order, limit + 1, after)
    kept = places[:limit]
    more = encode(_cursor(kept[-1], order)) if len(places) > limit else None
    return [number for _, number in kept], more


# -- sorting what the query finds


def _sorted(
    c: Connection, query: Select[Any], order: Sequence[OrderKey], limit: int, after: Place | None
) -> list[Place]:
    keys = [_key(key) for key in order]
    down = order[0].descending
    if after is not None:
        query = query.where(_behind(keys, order, after))
    found: Select[Any] = query.add_columns(*keys)
    for key, expression in zip(order, keys, strict=True):
        found = found.order_by(expression.is_(None), expression.desc() if key.descending else expression.asc())
    found = found.order_by(runs.c.number.desc() if down else runs.c.number.asc()).limit(limit)
    return [(tuple(values), number) for number, *values in c.execute(found)]


def _key(key: OrderKey) -> ColumnElement[Any]:
    """What is sorted by; plain numbers and texts, so that a cursor holds them as they are."""
    field = key.field
    if field.kind == "attribute":
        expression = attribute(field)
        return type_coerce(expression, BigInteger) if field.type == "time" else expression
    if field.kind == "metric":
        column: ColumnElement[Any] = type_coerce(metric_latest.c.last, Float(53))
        table: Any = metric_latest
    else:
        table = run_params if field.kind == "param" else run_tags
        column = table.c.value
    return (
        select(column)
        .where(table.c.run_number == runs.c.number, table.c.name == field.name)
        .correlate(runs)
        .scalar_subquery()
    )


def _behind(keys: Sequence[ColumnElement[Any]], order: Sequence[OrderKey], after: Place) -> ColumnElement[bool]:
    """What comes after a place: behind it by the first key, or level with it and behind by the second, and so on."""
    values, number = after
    ways = []
    level: list[ColumnElement[bool]] = []
    for key, expression, value in zip(order, keys, values, strict=True):
        if value is None:
            level.append(expression.is_(None))
            continue
        beyond = expression < literal(value) if key.descending else expression > literal(value)
        ways.append(and_(*level, or_(beyond, expression.is_(None))))
        level.append(expression == literal(value))
    ways.append(and_(*level, _next(number, descending=order[0].descending)))
    return or_(false(), *ways)


def _next(number: int, *, descending: bool) -> ColumnElement[bool]:
    return runs.c.number < number if descending else runs.c.number > number


# -- walking a metric's index


def _along_metric(c: Connection, query: Select[Any], key: OrderKey, limit: int, after: Place | None) -> list[Place]:
    places: list[Place] = []
    if after is None or after[0][0] is not None:
        places = _with_metric(c, query, key, limit, after)
        after = None
    if len(places) < limit:
        places += _without_metric(c, query, key, limit - len(places), after)
    return places


def _with_metric(c: Connection, query: Select[Any], key: OrderKey, limit: int, after: Place | None) -> list[Place]:
    # By another name, since the conditions of `query` look into the table too.
    latest = metric_latest.alias("walked")
    last: ColumnElement[Any] = type_coerce(latest.c.last, Float(53))
    query = query.join(latest, latest.c.run_number == runs.c.number).where(
        latest.c.name == key.field.name, latest.c.last.is_not(None)
    )
    if after is not None:
        [value], number = after
        beyond = last < literal(value) if key.descending else last > literal(value)
        in_turn = latest.c.run_number < number if key.descending else latest.c.run_number > number
        query = query.where(or_(beyond, and_(last == literal(value), in_turn)))
    found: Select[Any] = query.add_columns(last)
    for column in (latest.c.last, latest.c.run_number):
        found = found.order_by(column.desc() if key.descending else column.asc())
    return [((value,), number) for number, value in c.execute(found.limit(limit))]


def _without_metric(c: Connection, query: Select[Any], key: OrderKey, limit: int, after: Place | None) -> list[Place]:
    latest = metric_latest
    has_it = (
        exists()
        .where(latest.c.run_number == runs.c.number, latest.c.name == key.field.name, latest.c.last.is_not(None))
        .correlate(runs)
    )
    query = query.where(not_(has_it))
    if after is not None:
        query = query.where(_next(after[1], descending=key.descending))
    query = query.order_by(runs.c.number.desc() if key.descending else runs.c.number.asc()).limit(limit)
    return [((None,), number) for (number,) in c.execute(query)]


# -- cursors


def _cursor(place: Place, order: Sequence[OrderKey]) -> list[Any]:
    return [_name(order), *(_plain(value) for value in place[0]), place[1]]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) and value in (float("inf"), -float("inf")) else value


def _name(order: Sequence[OrderKey]) -> str:
    return ",".join(f"{key.field.kind}.{key.field.name}{'-' if key.descending else '+'}" for key in order)


def _place(decoded: object, order: Sequence[OrderKey]) -> Place:
    """The place in a cursor, which must have been given out for this order."""
    if (
        isinstance(decoded, list)
        and len(decoded) == len(order) + 2
        and decoded[0] == _name(order)
        and isinstance(decoded[-1], int)
    ):
        values = tuple(_checked(key, value) for key, value in zip(order, decoded[1:-1], strict=True))
        if 0 <= decoded[-1] < 2**63:
            return values, decoded[-1]
    raise InvalidInput("The cursor of the page was not given out for this order.", hint="Start again without a cursor.")


def _checked(key: OrderKey, value: object) -> Any:
    if value is None:
        return None
    if key.field.type == "text":
        if isinstance(value, str):
            return value
    elif isinstance(value, str) and value in ("inf", "-inf"):
        return float(value)
    elif (isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2**63) or (
        isinstance(value, float) and key.field.kind == "metric"
    ):
        return value
    raise InvalidInput("The cursor of the page is not one that was given out.", hint="Start again without a cursor.")

"""A filter of runs as a condition in SQL.

Every condition is true or false, never unknown, so `Not` means what it says. Names and values are bound parameters.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
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
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from jupyter_mlws.domain.filters import All, Comparison, Field, Filter, Not
from jupyter_mlws.domain.filters import Any as Either
from jupyter_mlws.store.tables import experiments, metric_latest, run_params, run_tags, runs
from jupyter_mlws.store.text_match import ilike, like, number_in

__all__ = ["along", "attribute", "condition", "found_by", "inherited", "rarest", "single_value", "without"]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LABELS = {"param": run_params, "tag": run_tags}
_COLUMNS = {"name": "display_name"}
_INHERITED = ("experiment",)


def condition(wanted: Filter, of: Any = runs) -> ColumnElement[bool]:
    """The condition on a row of `runs`, or of another name `of` that table."""
    if isinstance(wanted, All):
        return and_(true(), *(condition(part, of) for part in wanted.parts))
    if isinstance(wanted, Either):
        return or_(false(), *(condition(part, of) for part in wanted.parts))
    if isinstance(wanted, Not):
        return not_(condition(wanted.part, of))
    if wanted.field.kind == "attribute":
        return _of_attribute(wanted, of)
    present = _rows_of(wanted.field)
    table = _table(wanted.field)
    found = exists().where(present, table.c.run_number == of.c.number).correlate(of)
    return not_(found) if wanted.operator == "is null" else found.where(_holds(wanted))


def rarest(c: Connection, wanted: Filter, most: int) -> tuple[Comparison | None, int]:
    """The condition that all runs have to fulfil which an index finds at most `most` runs for; the rarest of them.

    With it comes how many these are; `most` where there is none.

    Without this, a rare value among a million runs would be looked for run by run.
    """
    best: Comparison | None = None
    for part in _needed(wanted):
        if part.field.kind == "attribute" or part.operator == "is null":
            continue
        found = _numbers(part).limit(most + 1).subquery()
        count = c.scalar(select(func.count()).select_from(found)) or 0
        if count <= most:
            best, most = part, count
    return best, most


def found_by(part: Comparison, of: Any = runs) -> ColumnElement[bool]:
    """The condition of `part`, as a set that its index gives."""
    found: ColumnElement[bool] = of.c.number.in_(_numbers(part))
    return found


def single_value(wanted: Filter) -> Comparison | None:
    """A condition that all runs have to fulfil which says that a param or tag has one certain text."""
    for part in _needed(wanted):
        if part.field.kind in _LABELS and part.operator == "=" and isinstance(part.values[0], str):
            return part
    return None


def along(query: Select[Any], exact: Comparison) -> tuple[Select[Any], ColumnElement[int]]:
    """The query that walks the runs with this value, and the number to order it by."""
    table = _table(exact.field).alias("walked")
    query = query.join(table, table.c.run_number == runs.c.number)
    walked = query.where(table.c.name == exact.field.name, table.c.value == exact.values[0])
    return walked, table.c.run_number


def without(wanted: Filter, *parts: Comparison) -> All:
    """The rest of the filter, where `parts` are some of those that all runs have to fulfil."""
    return All(tuple(each for each in _needed_parts(wanted) if not any(each is part for part in parts)))


def inherited(wanted: Filter) -> tuple[Comparison, ...]:
    """The conditions that all runs have to fulfil which hold for a run where they hold for the one above it."""
    return tuple(part for part in _needed(wanted) if part.field.name in _INHERITED and part.field.kind == "attribute")


def _needed_parts(wanted: Filter) -> Sequence[Filter]:
    return wanted.parts if isinstance(wanted, All) else (wanted,)


def _needed(wanted: Filter) -> Iterator[Comparison]:
    return (part for part in _needed_parts(wanted) if isinstance(part, Comparison))


def _numbers(part: Comparison) -> Select[tuple[int]]:
    return select(_table(part.field).c.run_number).where(_rows_of(part.field), _holds(part))


def _table(field: Field) -> Any:
    return metric_latest if field.kind == "metric" else _LABELS[field.kind]


def _rows_of(field: Field) -> ColumnElement[bool]:
    found: ColumnElement[bool] = _table(field).c.name == field.name
    return found


def _holds(wanted: Comparison) -> ColumnElement[bool]:
    """The condition on the row of a metric, param or tag."""
    if wanted.operator == "is not null":
        return true()
    if wanted.field.kind == "metric":
        last = metric_latest.c.last
        # NULL is NaN, with which no comparison holds.
        return and_(last.is_not(None), _compared(last, wanted.operator, wanted.values))
    return _text_holds(_table(wanted.field).c.value, wanted)


def _text_holds(value: ColumnElement[str], wanted: Comparison) -> ColumnElement[bool]:
    texts = [each for each in wanted.values if isinstance(each, str)]
    numbers = [each for each in wanted.values if not isinstance(each, str)]
    if not numbers:
        return _compared(value, wanted.operator, texts)
    number = number_in(value)
    if wanted.operator == "in":
        return or_(value.in_(texts), and_(number.is_not(None), number.in_(numbers)))
    if wanted.operator == "not in":
        return and_(value.not_in(texts), or_(number.is_(None), number.not_in(numbers)))
    if wanted.operator == "!=":
        return or_(number.is_(None), number != numbers[0])
    return and_(number.is_not(None), _compared(number, wanted.operator, numbers))


def _compared(value: ColumnElement[Any], word: str, values: Sequence[Any]) -> ColumnElement[bool]:
    if word == "in":
        return value.in_(values)
    if word == "not in":
        return value.not_in(values)
    if word in ("like", "ilike"):
        return (like if word == "like" else ilike)(value, values[0])
    if word in ("not like", "not ilike"):
        return not_((like if word == "not like" else ilike)(value, values[0]))
    compared: ColumnElement[bool] = _COMPARE[word](value, values[0])
    return compared


def attribute(field: Field, of: Any = runs) -> ColumnElement[Any]:
    """The expression of an attribute, as it is compared and sorted."""
    if field.name == "experiment":
        return select(experiments.c.name).where(experiments.c.id == of.c.experiment_id).scalar_subquery()
    if field.name == "duration_s":
        return type_coerce(of.c.ended_at, BigInteger) - type_coerce(of.c.started_at, BigInteger)
    column: ColumnElement[Any] = of.c[_COLUMNS.get(field.name, field.name)]
    return column


def _of_attribute(wanted: Comparison, of: Any) -> ColumnElement[bool]:
    field = wanted.field
    if field.name == "experiment":
        if wanted.operator == "=":
            # One number, so that the runs of an experiment are walked in their order; no experiment has number 0.
            one = select(experiments.c.id).where(experiments.c.name == wanted.values[0])
            found: ColumnElement[bool] = of.c.experiment_id == func.coalesce(one.scalar_subquery(), 0)
            return found
        # By the few names, not run by run.
        named = select(experiments.c.id).where(_plain(experiments.c.name, wanted))
        by_name: ColumnElement[bool] = of.c.experiment_id.in_(named)
        return by_name
    return _plain(attribute(field, of), wanted)


def _plain(value: ColumnElement[Any], wanted: Comparison) -> ColumnElement[bool]:
    # What people call empty: a text of no characters, a time that has not come.
    empty = or_(value.is_(None), value == "") if wanted.field.type == "text" else value.is_(None)
    if wanted.operator == "is null":
        return empty
    if wanted.operator == "is not null":
        return not_(empty)
    values = [_stored(wanted.field, each) for each in wanted.values]
    return and_(value.is_not(None), _compared(value, wanted.operator, values))


def _stored(field: Field, value: Any) -> Any:
    """A value as it is compared: durations are differences of microseconds, whole numbers meet fractions."""
    if field.type == "number":
        return literal(value * 1e6 if field.name == "duration_s" else value, Float(53))
    assert isinstance(value, (str, datetime))
    return value

"""What a filter and an order of runs say, once they are understood: a small tree without text.

A condition on a metric, param or tag holds when the run *has* it and the comparison holds; so ``metrics.acc != 1``
leaves out runs without `acc`, and ``not metrics.acc = 1`` keeps them. A metric counts by its last value; with NaN no
comparison holds, yet it is there (``metrics.acc is not null``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Union

__all__ = ["ATTRIBUTES", "All", "Any", "Comparison", "Field", "Filter", "Not", "OrderKey", "Value"]

# What a run can be filtered and sorted by besides metrics, params and tags, and of what type it is.
ATTRIBUTES: dict[str, str] = {
    "id": "text",
    "number": "number",
    "name": "text",
    "experiment": "text",
    "kind": "text",
    "status": "text",
    "created_at": "time",
    "started_at": "time",
    "ended_at": "time",
    "duration_s": "number",
    "user": "text",
    "host": "text",
    "compute_target": "text",
    "environment": "text",
    "document": "text",
    "description": "text",
    "snapshot_id": "text",
    "child_count": "number",
}

Value = Union[str, float, datetime]


@dataclass(frozen=True)
class Field:
    """What is looked at: `kind` is 'metric', 'param', 'tag' or 'attribute'."""

    kind: str
    name: str

    @property
    def type(self) -> str:
        """'number', 'text' or 'time'."""
        if self.kind == "attribute":
            return ATTRIBUTES[self.name]
        return "number" if self.kind == "metric" else "text"


@dataclass(frozen=True)
class Comparison:
    """One condition.

    Attributes
    ----------
    field : Field
    operator : str
        ``=  !=  <  <=  >  >=  in  not in  like  not like  ilike  not ilike  is null  is not null``.
    values : tuple
        One value; several for ``in``; none for ``is null``. A number compared with a param or tag compares numbers.
    """

    field: Field
    operator: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Any:
    """At least one part holds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: Filter


Filter = Union[Comparison, All, Any, Not]


@dataclass(frozen=True)
class OrderKey:
    """One key of an order; runs without a value come last either way."""

    field: Field
    descending: bool = False

"""Metrics: series of numbers under a name, and values that are more than numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = [
    "MAX_SERIES",
    "MetricNames",
    "MetricSummary",
    "MetricValue",
    "SeriesWanted",
    "TypedMetric",
    "WantedSeries",
]

# Of one question for many series.
MAX_SERIES = 500


@dataclass(frozen=True, kw_only=True)
class MetricSummary:
    """The latest value of a series and its extent; minimum and maximum leave NaN out."""

    name: str
    count: int
    last: float
    last_step: int
    minimum: float
    maximum: float
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class MetricNames:
    """A page of the names of a run's series.

    Attributes
    ----------
    items : tuple of str
    total : int
        How many series the run has, whatever was searched for.
    next_cursor : str, optional
        Where the next page begins; None at the end.
    """

    items: tuple[str, ...]
    total: int
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class SeriesWanted:
    """What is wanted of one series, with the words of `MetricsApi.read`."""

    run: str
    name: str
    after: int = 0
    points: int | None = None
    axis: str = "step"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class WantedSeries:
    """Series that are read together, at most `MAX_SERIES`."""

    series: tuple[SeriesWanted, ...]


@dataclass(frozen=True, kw_only=True)
class TypedMetric:
    """A metric of values that are more than numbers.

    Attributes
    ----------
    name : str
        A name of a run belongs to one type.
    type : str
        'list', 'row', 'table', 'text', 'histogram', 'image', 'figure', 'audio', 'confusion_matrix', 'accuracy_table',
        'residuals' or 'predictions'; a newer program may have logged others.
    count : int
        How many values were logged.
    updated_at : datetime
    """

    name: str
    type: str
    count: int
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class MetricValue:
    """One value of a `TypedMetric`.

    Attributes
    ----------
    index : int
        Its place among the values of its name, from 0.
    type : str
    at : datetime
        When it was logged.
    step : int or None
    description : str
    value : any
        What was logged, as JSON; numbers that JSON lacks are the texts 'NaN', 'Infinity' and '-Infinity'. A picture,
        figure, sound or large table is an object that names its `file` among the outputs of the run.
    """

    index: int
    type: str
    at: datetime
    step: int | None = None
    description: str = ""
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column of a table; its type is 'int', 'float', 'bool', 'str', or 'json' for a mixture."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class TableRows:
    """Some rows of a large table.

    Attributes
    ----------
    columns : tuple of TableColumn
    cells : tuple of lists
        Of each column the values of these rows; numbers that JSON lacks as in `MetricValue`.
    first : int
        Place of the first of these rows, from 0.
    row_count : int
        How many rows the whole table has.
    """

    columns: tuple[TableColumn, ...]
    cells: tuple[Any, ...]
    first: int
    row_count: int

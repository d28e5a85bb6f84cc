"""Metrics: series of numbers under a name, and values that are more than numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["MetricSummary", "MetricValue", "TypedMetric"]


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
class TypedMetric:
    """A metric of values that are more than numbers.

    Attributes
    ----------
    name : str
        A name of a run belongs to one type.
    type : str
        'list', 'row', 'table', 'image', 'confusion_matrix', 'accuracy_table', 'residuals' or 'predictions'; a newer
        program may have logged others.
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
        What was logged, as JSON; numbers that JSON lacks are the texts 'NaN', 'Infinity' and '-Infinity'.
    """

    index: int
    type: str
    at: datetime
    step: int | None = None
    description: str = ""
    value: Any = None

"""Metrics: series of numbers under a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["MetricSummary"]


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

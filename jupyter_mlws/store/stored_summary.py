"""The summaries of a card's series, tens of thousands at once: each is what was decoded, under its names.

To make a frozen record takes ten times as long as to decode it, and as many again to be looked after as garbage.
"""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from jupyter_mlws.domain.metric import MetricSummary

__all__ = ["series_of", "summaries_from"]

_NAMES = ("name", "count", "last", "last_step", "minimum", "maximum", "updated_at")
_new: Any = object.__new__
series_of = attrgetter(*_NAMES)


class _Series(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One series as a card has it, by place: later versions add at the end."""

    name: str
    count: int
    last: float
    last_step: int
    minimum: float
    maximum: float
    updated_at: datetime


_decode = msgspec.msgpack.Decoder(tuple[_Series, ...]).decode


class _StoredSummary(MetricSummary):
    """A `MetricSummary` in all that can be seen of it."""

    __slots__ = ("_series",)

    # Of what is changed in it a plain one is made.
    def __new__(cls, **values: Any) -> Any:
        return MetricSummary(**values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MetricSummary):
            return NotImplemented
        return bool(series_of(self) == series_of(other))

    __hash__ = MetricSummary.__hash__

    def __reduce__(self) -> Any:
        return _plain, series_of(self)


_StoredSummary.__qualname__ = MetricSummary.__qualname__  # which is what the record calls itself
for _name in _NAMES:
    setattr(_StoredSummary, _name, property(attrgetter(f"_series.{_name}")))
_put: Any = _StoredSummary.__dict__["_series"].__set__


def _plain(*values: Any) -> MetricSummary:
    return MetricSummary(**dict(zip(_NAMES, values, strict=True)))


def _summary(series: _Series) -> MetricSummary:
    summary: MetricSummary = _new(_StoredSummary)
    _put(summary, series)
    return summary


def summaries_from(encoded: bytes | msgspec.Raw) -> tuple[MetricSummary, ...]:
    """The summaries, from the bytes of an array of `series_of` each."""
    return tuple(map(_summary, _decode(encoded)))

"""Column types that behave the same on every database."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import BigInteger, Float, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

__all__ = ["BIG", "TEXT", "Json", "Moment", "Number"]

# Every whole number has 64 bits, as in SQLite, so that what is asked for is compared and not refused.
# SQLite numbers its rows by themselves only where the column's type is exactly INTEGER.
BIG = BigInteger().with_variant(Integer, "sqlite")

# In the order of the characters' numbers, which is that of SQLite; a server's own order depends on how it was set up.
TEXT = Text().with_variant(Text(collation="C"), "postgresql")

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A time in UTC, kept as whole microseconds since 1970: exact, ordered, and the same everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


class Number(TypeDecorator[float]):
    """A float64 that keeps NaN: SQLite would turn it into NULL anyway, so NULL means NaN on every database."""

    impl = Float(53)
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        # SQLite stores -0.0 as 0; so does every database then.
        return None if value is None or math.isnan(value) else value + 0.0

    def process_result_value(self, value: float | None, dialect: Dialect) -> float:
        return math.nan if value is None else value


class Json(TypeDecorator[Any]):
    """A JSON value as ASCII text, so that every database can hold every string."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)

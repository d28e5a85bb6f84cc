"""Cursors of lists: where the page before ended, as opaque text."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Select

from jupyter_mlws.domain.page import Page, clamp_limit
from jupyter_mlws.errors import InvalidInput

__all__ = ["clamp_limit", "cut", "decode", "encode", "malformed", "number_after", "rows_of", "text_after"]

T = TypeVar("T")
_BIGGEST = 2**63 - 1


def cut(items: Sequence[T], limit: int, key: Callable[[T], int | str]) -> Page[T]:
    """A page of `limit` from items of which one more was asked for, to see whether there is a next page."""
    if len(items) <= limit:
        return Page(items=tuple(items))
    kept = tuple(items[:limit])
    return Page(items=kept, next_cursor=encode(key(kept[-1])))


def number_after(cursor: str | None) -> int | None:
    """The number where the page before ended; None for the first page."""
    value = decode(cursor)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _BIGGEST):
        raise malformed()
    return value


def text_after(cursor: str | None) -> str | None:
    """The name where the page before ended; None for the first page."""
    value = decode(cursor)
    if value is not None and not isinstance(value, str):
        raise malformed()
    return value


def encode(value: object) -> str:
    """Opaque text for what names the end of a page."""
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def decode(cursor: str | None) -> object:
    """What a cursor holds; None for the first page."""
    if cursor is None:
        return None
    try:
        value = json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise malformed() from None
    if value is None:
        raise malformed()
    return value


def malformed() -> InvalidInput:
    """The error for a cursor that is none of ours."""
    return InvalidInput("The cursor of the page is not one that was given out.", hint="Start again without a cursor.")


def rows_of(c: Connection, query: Select[Any]) -> list[Any]:
    """All rows as the driver gives them: rows with names, made of thousands, would cost more than reading them."""
    return list(c.execute(query).cursor.fetchall())

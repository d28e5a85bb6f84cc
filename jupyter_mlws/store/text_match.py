"""Comparing in SQL so that every database gives the same answer.

``LIKE`` minds the case of letters on PostgreSQL and not on SQLite; collations and casts differ too. What is here does
not: `like` minds the case, `ilike` takes A to Z for a to z, and `number_in` reads a text as a number or gives NULL.
`among` takes numbers by the thousand, as one parameter.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Float, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["add_functions", "among", "ilike", "like", "number_in"]

# Read alike by both databases and never out of a float's range.
NUMBER = r"^[-+]?([0-9]{1,150}(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][-+]?[0-9]{1,2})?$"
_number = re.compile(NUMBER)
_PARTS = re.compile(r"\\(.)|(.)", re.DOTALL)


class _Like(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _ILike(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True


class _Numbers(FunctionElement[int]):
    """The numbers of a text, as rows."""

    type = BigInteger()
    inherit_cache = True


class _NumberIn(FunctionElement[float]):
    type = Float(53)
    inherit_cache = True


def like(value: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """Whether `value` is like `pattern`: ``%`` any text, ``_`` any character, a backslash makes the next one itself."""
    return _Like(value, literal(_glob(pattern)), literal(_escaped(pattern)))


def ilike(value: ColumnElement[str], pattern: str) -> ColumnElement[bool]:
    """`like` that takes A to Z for a to z."""
    return _ILike(value, literal(_escaped(pattern)))


def number_in(value: ColumnElement[str]) -> ColumnElement[float]:
    """The number that a text is, or NULL."""
    return _NumberIn(value)


def among(value: ColumnElement[int], numbers: Iterable[int]) -> ColumnElement[bool]:
    """Whether `value` is one of the numbers: ``IN`` with a parameter for each would take longer than the search."""
    text = ",".join(map(str, numbers))
    found: ColumnElement[bool] = value.op("IN", is_comparison=True)(
        _Numbers(literal(f"[{text}]"), literal(f"{{{text}}}"))
    )
    return found


def _pieces(pattern: str) -> list[tuple[str, str]]:
    """The pattern as wildcards and literal characters; a backslash at the end is itself."""
    return [(match[1] or "", match[2] or "") for match in _PARTS.finditer(pattern)]


def _glob(pattern: str) -> str:
    def piece(escaped: str, plain: str) -> str:
        if plain in ("%", "_"):
            return "*" if plain == "%" else "?"
        character = escaped or plain
        return f"[{character}]" if character in ("*", "?", "[") else character

    return "".join(piece(*each) for each in _pieces(pattern))


def _escaped(pattern: str) -> str:
    def piece(escaped: str, plain: str) -> str:
        character = escaped or plain
        return f"\\{character}" if character == "\\" or (escaped and character in ("%", "_")) else character

    return "".join(piece(*each) for each in _pieces(pattern))


def _texts(element: FunctionElement[Any], compiler: Any, which: tuple[int, ...], keywords: Any) -> list[str]:
    clauses = list(element.clauses)
    return [compiler.process(clauses[place], **keywords) for place in which]


@compiles(_Like, "sqlite")
def _like_sqlite(element: _Like, compiler: Any, **keywords: Any) -> str:
    return "({} GLOB {})".format(*_texts(element, compiler, (0, 1), keywords))


@compiles(_Like, "postgresql")
def _like_postgresql(element: _Like, compiler: Any, **keywords: Any) -> str:
    return "({} LIKE {} ESCAPE '\\')".format(*_texts(element, compiler, (0, 2), keywords))


@compiles(_ILike, "sqlite")
def _ilike_sqlite(element: _ILike, compiler: Any, **keywords: Any) -> str:
    return "({} LIKE {} ESCAPE '\\')".format(*_texts(element, compiler, (0, 1), keywords))


@compiles(_ILike, "postgresql")
def _ilike_postgresql(element: _ILike, compiler: Any, **keywords: Any) -> str:
    return '(lower(({}) COLLATE "C") LIKE lower(({}) COLLATE "C") ESCAPE \'\\\')'.format(
        *_texts(element, compiler, (0, 1), keywords)
    )


@compiles(_Numbers, "sqlite")
def _numbers_sqlite(element: _Numbers, compiler: Any, **keywords: Any) -> str:
    [text] = _texts(element, compiler, (0,), keywords)
    return f"(SELECT value FROM json_each({text}))"  # noqa: S608 - of a parameter


@compiles(_Numbers, "postgresql")
def _numbers_postgresql(element: _Numbers, compiler: Any, **keywords: Any) -> str:
    [text] = _texts(element, compiler, (1,), keywords)
    return f"(SELECT unnest(CAST({text} AS BIGINT[])))"


@compiles(_NumberIn, "sqlite")
def _number_sqlite(element: _NumberIn, compiler: Any, **keywords: Any) -> str:
    return "mlws_number({})".format(*_texts(element, compiler, (0,), keywords))


@compiles(_NumberIn, "postgresql")
def _number_postgresql(element: _NumberIn, compiler: Any, **keywords: Any) -> str:
    [text] = _texts(element, compiler, (0,), keywords)
    return f"(CASE WHEN {text} ~ '{NUMBER}' THEN CAST({text} AS DOUBLE PRECISION) END)"


def add_functions(connection: sqlite3.Connection) -> None:
    """Give a connection of SQLite what it lacks."""
    connection.create_function("mlws_number", 1, _as_number, deterministic=True)


def _as_number(text: str | None) -> float | None:
    return float(text) if text is not None and _number.match(text) else None

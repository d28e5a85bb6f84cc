"""What may be logged beside numbers: lists, rows and tables, as JSON can say them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

from jupyter_mlws.domain.names import check_text
from jupyter_mlws.errors import InvalidInput, TooLarge

__all__ = [
    "MAX_COLUMNS",
    "as_document",
    "as_list",
    "as_row",
    "as_table",
    "as_text",
    "check_lengths",
    "column_of",
    "columns_of",
    "scalar",
]

MAX_COLUMNS = 1_000
MAX_COLUMN_NAME = 255
_MAX_TEXT = 1_000_000
_MAX_INTEGER = 2**63


def scalar(where: str, value: Any) -> Any:
    """A number, text, truth value or None in JSON's words; NaN and infinities become the texts "NaN" and so on.

    Scalars of numpy, pandas and torch are taken as what they stand for, times as ISO 8601.

    Raises
    ------
    InvalidInput
        The value is a collection or an object of another kind; the message says where.
    """
    kind = type(value)
    if kind is str:
        return check_text(f"text in {where}", value, _MAX_TEXT)
    if value is None or kind is bool:
        return value
    if kind is int:
        if -_MAX_INTEGER <= value < _MAX_INTEGER:
            return value
        raise InvalidInput(f"{where} has an integer of more than 64 bits.", hint="Log it as text: str(value).")
    if kind is float:
        return value if math.isfinite(value) else _number_name(value)
    return _foreign_scalar(where, value)


def _number_name(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _foreign_scalar(where: str, value: Any) -> Any:
    """A scalar of another library, or a subclass of a builtin."""
    if isinstance(value, Enum):
        return scalar(where, value.value)
    if isinstance(value, str):
        return scalar(where, str.__str__(value))
    if isinstance(value, (int, float)):  # a subclass, such as numpy's float64
        return scalar(where, int(value) if isinstance(value, int) else float(value))
    if isinstance(value, datetime):
        return "NaN" if str(value) == "NaT" else _time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return scalar(where, float(value))
    plain = _item(value)
    if plain is not value:
        return scalar(where, plain)
    if type(value).__name__ in ("NAType", "NaTType"):  # what pandas puts where nothing is
        return None
    raise InvalidInput(
        f"{where} has a {_kind(value)}, which is neither a number nor text.",
        hint="Log numbers, text, truth values or None, or upload a file.",
    )


def _time(value: datetime) -> str:
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()


def _item(value: Any) -> Any:
    """The builtin that an array's scalar stands for, or `value` itself."""
    item = getattr(value, "item", None)
    try:
        return item() if callable(item) else value
    except (TypeError, ValueError, RuntimeError):  # it has more than one
        return value


def _kind(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _items(where: str, value: Any) -> list[Any]:
    """The items of anything that is a row of values: list, tuple, set, range, array, series, generator."""
    if isinstance(value, (str, bytes, bytearray, Mapping)) or not hasattr(value, "__iter__"):
        raise InvalidInput(f"{where} was given a {_kind(value)}, which is no list.", hint="Give a list of values.")
    listed = getattr(value, "tolist", None) or getattr(value, "to_list", None)
    try:
        found = listed() if callable(listed) else list(value)
    except TypeError:  # an array of no dimension
        found = None
    if not isinstance(found, list):
        raise InvalidInput(f"{where} was given one value, not a list.", hint="Use run.log for a single number.")
    return found


def _capital(where: str) -> str:
    return where[:1].upper() + where[1:]


def as_list(where: str, value: Any) -> list[Any]:
    """The values of `log_list`."""
    return [scalar(where, item) for item in _items(where, value)]


def as_row(where: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of `log_row`, each with one value."""
    if not columns:
        raise InvalidInput(
            f"{_capital(where)} was given no column.", hint="For example run.log_row('epoch', loss=0.1, seen=64)."
        )
    return {name: scalar(f"Column {name!r} of {where}", value) for name, value in _columns(where, columns)}


def as_text(where: str, value: Any) -> str:
    """The text of `log_text`."""
    if not isinstance(value, str):
        raise InvalidInput(f"{where} was given a {_kind(value)}, which is no text.", hint="Give str(value).")
    return check_text(where[:1].lower() + where[1:], str.__str__(value), _MAX_TEXT)


def columns_of(where: str, value: Any) -> dict[str, Any]:
    """The columns of a table as they were given, by checked names.

    Parameters
    ----------
    value : mapping of str to list, or a DataFrame
        Of pandas or polars; its index is left out. A column may also be one value, for a table of one row.
    """
    if not isinstance(value, Mapping):
        value = _frame(where, value)
    if not value:
        raise InvalidInput(f"{_capital(where)} has no column.", hint="Give a dict such as {'x': [1, 2], 'y': [3, 4]}.")
    return dict(_columns(where, value))


def column_of(where: str, name: str, column: Any) -> list[Any]:
    """A column in JSON's words."""
    place = f"Column {name!r} of {where}"
    single = isinstance(column, (str, bytes)) or not hasattr(column, "__iter__") or getattr(column, "ndim", 1) == 0
    return [scalar(place, column)] if single else as_list(place, column)


def check_lengths(where: str, lengths: Mapping[str, int]) -> int:
    """The one length of the columns of a table."""
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in list(lengths.items())[:5])
        raise InvalidInput(f"The columns of {where} differ in length ({shown}).", hint="Give them one length.")
    return next(iter(lengths.values()))


def as_table(where: str, value: Any) -> dict[str, list[Any]]:
    """The columns of a table, all of one length; see `columns_of`."""
    table = {name: column_of(where, name, column) for name, column in columns_of(where, value).items()}
    check_lengths(where, {name: len(column) for name, column in table.items()})
    return table


def _frame(where: str, value: Any) -> Any:
    """A DataFrame's columns by name."""
    if hasattr(value, "columns") and hasattr(value, "__getitem__"):
        names = [str(name) for name in value.columns]
        if len(set(names)) < len(names):
            raise InvalidInput(f"Two columns of {where} have one name.", hint="Rename one of them.")
        return dict(zip(names, (value[name] for name in value.columns), strict=True))
    raise InvalidInput(
        f"{_capital(where)} was given a {_kind(value)}, which is no table.",
        hint="Give a dict of columns such as {'x': [1, 2]}, or a DataFrame.",
    )


def _columns(where: str, columns: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    if len(columns) > MAX_COLUMNS:
        raise TooLarge(f"{_capital(where)} has {len(columns):,} columns.", hint=f"At most {MAX_COLUMNS:,} are kept.")
    return [
        (check_text(f"name of a column of {where}", name, MAX_COLUMN_NAME, empty=False), value)
        for name, value in columns.items()
    ]


def as_document(where: str, value: Any) -> Any:
    """Nested lists and mappings of scalars, from JSON text where it is text."""
    if isinstance(value, (str, bytes, bytearray)):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{where} was given text that is not JSON ({error}).", hint="Give a dict.") from error
    return _nested(where, value, 0)


def _nested(where: str, value: Any, depth: int) -> Any:
    if depth > 8:
        raise InvalidInput(f"{where} is nested too deeply.")
    if isinstance(value, Mapping):
        return {str(key): _nested(where, item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or (hasattr(value, "tolist") and bool(getattr(value, "ndim", 0))):
        return [_nested(where, item, depth + 1) for item in _items(where, value)]
    return scalar(where, value)

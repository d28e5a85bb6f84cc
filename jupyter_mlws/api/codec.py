"""JSON of the words, with the standard library alone.

Times are UTC ISO 8601 with ``Z``, enums their values, NaN and infinities the strings "NaN", "Infinity", "-Infinity".
Unknown fields are ignored in answers and refused in requests.
"""

from __future__ import annotations

import json
import math
import types
import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, timezone
from enum import Enum
from functools import cache
from typing import Any

from jupyter_mlws.errors import InvalidInput

__all__ = ["decode", "dumps", "fields_of", "from_builtins", "loads", "to_builtins"]

_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NONE = type(None)


def to_builtins(value: Any) -> Any:
    """`value` as JSON-ready dicts, lists, text and numbers."""
    if value is None or (isinstance(value, (bool, int)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _number_name(value)
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {str(key): to_builtins(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_builtins(item) for item in value]
    if is_dataclass(value):
        return {field.name: to_builtins(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _number_name(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def dumps(value: Any) -> bytes:
    """`value` as compact JSON in UTF-8."""
    return json.dumps(to_builtins(value), separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()


def loads(data: bytes | str) -> Any:
    """Plain JSON, or `InvalidInput` for anything else (deep nesting and NaN literals included)."""
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The body is not valid JSON.") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def decode(kind: Any, data: bytes | str, *, strict: bool = False) -> Any:
    """JSON text as a value of type `kind`; see `from_builtins`."""
    return from_builtins(kind, loads(data), strict=strict)


def from_builtins(kind: Any, value: Any, *, strict: bool = False, at: str = "") -> Any:
    """JSON-ready `value` as one of type `kind`.

    Parameters
    ----------
    kind : type
        A dataclass, enum, `datetime`, builtin, or tuple/dict/optional of these.
    strict : bool
        Refuse unknown fields (requests); otherwise they are ignored (answers of a newer version).
    at : str
        Path of the value, for the message.

    Raises
    ------
    InvalidInput
        The value does not fit; the message names where.
    """
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _union(kind, value, strict, at)
    if origin is tuple:
        _expect(isinstance(value, (list, tuple)), "a list", value, at)
        item = typing.get_args(kind)[0]
        return tuple(from_builtins(item, entry, strict=strict, at=f"{at}[{i}]") for i, entry in enumerate(value))
    if origin is dict:
        _expect(isinstance(value, dict), "an object", value, at)
        item = typing.get_args(kind)[1]
        return {key: from_builtins(item, entry, strict=strict, at=f"{at}.{key}") for key, entry in value.items()}
    if is_dataclass(kind) or (origin is not None and is_dataclass(origin)):
        return _record(kind, value, strict, at)
    return _scalar(kind, value, at)


def _union(kind: Any, value: Any, strict: bool, at: str) -> Any:
    options = typing.get_args(kind)
    if value is None and _NONE in options:
        return None
    rest = [option for option in options if option is not _NONE]
    return from_builtins(rest[0], value, strict=strict, at=at)


def _record(kind: Any, value: Any, strict: bool, at: str) -> Any:
    _expect(isinstance(value, dict), "an object", value, at)
    known = fields_of(kind)
    unknown = sorted(set(value) - set(known))
    if unknown and strict:
        raise InvalidInput(f"{at or 'The request'} has no field {unknown[0]!r}.", hint=f"Known: {', '.join(known)}.")
    missing = [name for name, (_, needed) in known.items() if needed and name not in value]
    if missing:
        raise InvalidInput(f"{at or 'The request'} lacks the field {missing[0]!r}.")
    found = {
        name: from_builtins(hint, value[name], strict=strict, at=f"{at}.{name}".lstrip("."))
        for name, (hint, _) in known.items()
        if name in value
    }
    cls = typing.get_origin(kind) or kind
    return cls(**found)


@cache
def fields_of(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Fields of a dataclass, a generic one with its argument put in: name to type, and whether it must be given."""
    cls = typing.get_origin(kind) or kind
    hints = typing.get_type_hints(cls)
    bound = dict(zip(getattr(cls, "__parameters__", ()), typing.get_args(kind), strict=False))
    return {f.name: (_bind(hints[f.name], bound), _needed(f)) for f in fields(cls)}


def _bind(hint: Any, bound: dict[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return bound[hint]
    if bound and typing.get_origin(hint) is tuple:
        return tuple[_bind(typing.get_args(hint)[0], bound), ...]  # type: ignore[misc]
    return hint


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _scalar(kind: Any, value: Any, at: str) -> Any:
    if kind is Any:
        return value
    if kind is float:
        if isinstance(value, str) and value in _NUMBERS:
            return _NUMBERS[value]
        _expect(isinstance(value, (int, float)) and not isinstance(value, bool), "a number", value, at)
        return float(value)
    if kind is datetime:
        _expect(isinstance(value, str), "a time", value, at)
        try:
            return datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError as error:
            raise InvalidInput(f"{at or 'The value'} is not a time.", hint="Use 2026-01-31T12:00:00Z.") from error
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError as error:
            known = ", ".join(str(member.value) for member in kind)
            raise InvalidInput(f"{at or 'The value'} cannot be {value!r}.", hint=f"Known: {known}.") from error
    _expect(type(value) is kind, _KINDS.get(kind, str(kind)), value, at)
    return value


_KINDS = {str: "text", int: "a whole number", bool: "true or false"}


def _expect(condition: bool, kind: str, value: Any, at: str) -> None:
    if not condition:
        raise InvalidInput(f"{at or 'The value'} must be {kind}, not {type(value).__name__}.")

"""The arguments of an operation, checked by the types that its declaration has: the same refusal by every way."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from jupyter_mlws.api.routes import Operation
from jupyter_mlws.errors import InvalidInput, TooLarge

__all__ = ["bind", "check_argument", "record_type"]

# Of one argument. Longer text travels inside a record, whose fields have limits of their own.
MAX_TEXT = 65_536
_BIGGEST = 2**63 - 1
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NAMES = {str: "text", int: "a whole number", bool: "true or false", float: "a number"}


def bind(operation: Operation, values: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by name.

    Raises
    ------
    InvalidInput
        One is missing, unknown, given twice, or not of the type that the declaration says.
    TooLarge
        A text is too long.
    """
    names = list(operation.types)
    arguments = dict(zip(names, values, strict=False))
    twice = arguments.keys() & named.keys()
    arguments |= named
    optional = {name for name, p in operation.query_arguments.items() if p.default is not inspect.Parameter.empty}
    missing = [name for name in names if name not in arguments and name not in optional]
    if len(values) > len(names) or twice or missing or not arguments.keys() <= set(names):
        raise InvalidInput(
            f"{operation.id} takes {', '.join(names) or 'no arguments'}.", hint="Give each of them once."
        )
    for name, value in arguments.items():
        check_argument(name, value, operation.types[name])
    return arguments


def check_argument(name: str, value: Any, hint: Any) -> None:
    """Raise the error that says what is wrong with one argument; records are looked into elsewhere."""
    kind, may_be_none = record_type(hint)
    if value is None and may_be_none:
        return
    if type(value) is not kind:
        raise InvalidInput(f"{name} must be {_NAMES.get(kind, kind.__name__)}, not {type(value).__name__}.")
    if isinstance(value, str):
        _check_text(name, value)
    elif isinstance(value, int) and not -_BIGGEST <= value <= _BIGGEST:
        raise InvalidInput(f"{name} is out of range.")


def record_type(hint: Any) -> tuple[type, bool]:
    """The type that a declaration names, and whether None will do as well."""
    kinds = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    return kinds[0], type(None) in kinds


def _check_text(name: str, value: str) -> None:
    if len(value) > MAX_TEXT:
        raise TooLarge(f"{name} has {len(value):,} characters.", hint=f"At most {MAX_TEXT:,}.")
    if _UNSTORABLE.search(value):
        raise InvalidInput(f"{name} has characters that no database can keep (NUL or lone surrogates).")

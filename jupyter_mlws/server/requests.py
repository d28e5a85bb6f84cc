"""What a request says, read strictly: typed query parameters, JSON without surprises."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from jupyter_mlws.api import codec
from jupyter_mlws.api.routes import Operation
from jupyter_mlws.domain.page import MAX_LIMIT
from jupyter_mlws.errors import InvalidInput

__all__ = ["MAX_BODY_BYTES", "body_limit", "read_body", "read_path", "read_query"]

MAX_BODY_BYTES = 16 * 2**20
# A notebook with its outputs travels in these.
_LARGE_BODY_BYTES = 64 * 2**20
_LARGE = ("documents.answer", "notebooks.parameters", "notebooks.submit", "snapshots.create")

# Jupyter's own: credentials, the XSRF token, a wish not to count as activity, and the time that defeats caches.
_OF_JUPYTER = ("token", "_xsrf", "no_track_activity")
_CACHE_BUSTER = re.compile(r"\d+", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?(\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?|inf|Infinity)|nan|NaN", re.ASCII)
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
_WORDS = {"true": True, "false": False}
_MAX_INTEGER = 2**63 - 1


def body_limit(operation: Operation) -> int:
    """How many bytes of JSON an operation takes."""
    return _LARGE_BODY_BYTES if operation.id in _LARGE else MAX_BODY_BYTES


def read_path(operation: Operation, values: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of an operation that stand in its path."""
    return {
        name: _read_text(name, operation.types[name], value)
        for name, value in zip(operation.path_arguments, values, strict=True)
    }


def read_query(operation: Operation, given: Mapping[str, list[bytes]]) -> dict[str, Any]:
    """The arguments of an operation that stand in the query, each with its declared type.

    Raises
    ------
    InvalidInput
        A parameter is unknown, repeated, missing, or does not fit its type.
    """
    wanted = {name: values for name, values in given.items() if not _is_of_jupyter(name, values)}
    for name, values in wanted.items():
        if name not in operation.query_arguments:
            known = ", ".join(operation.query_arguments) or "none"
            raise InvalidInput(f"There is no parameter {name[:80]!r} here.", hint=f"Known: {known}.")
        if len(values) > 1:
            raise InvalidInput(f"The parameter {name!r} is given {len(values)} times.", hint="Give it once.")
    for name, parameter in operation.query_arguments.items():
        if name not in wanted and parameter.default is inspect.Parameter.empty:
            raise InvalidInput(f"The parameter {name!r} is missing.")
    found = {name: _read_text(name, operation.types[name], _decode(name, wanted[name][0])) for name in wanted}
    if "cursor" in operation.query_arguments and "limit" in found:
        found["limit"] = min(found["limit"], MAX_LIMIT)
    return found


def _is_of_jupyter(name: str, values: list[bytes]) -> bool:
    return name in _OF_JUPYTER or (values == [b""] and _CACHE_BUSTER.fullmatch(name) is not None)


def _decode(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The parameter {name!r} is not UTF-8.") from error


def _read_text(name: str, hint: Any, value: str) -> Any:
    options = typing.get_args(hint) or (hint,)
    if int in options:
        if not _INTEGER.fullmatch(value):
            raise InvalidInput(f"{name} must be a whole number, not {value[:40]!r}.")
        return int(value)
    if float in options:
        if not _NUMBER.fullmatch(value):
            raise InvalidInput(f"{name} must be a number, not {value[:40]!r}.")
        return float(value)
    if bool in options:
        if value not in _WORDS:
            raise InvalidInput(f"{name} must be true or false, not {value[:40]!r}.")
        return _WORDS[value]
    _check_text(value, name)
    return value


def read_body(kind: Any, data: bytes | bytearray) -> Any:
    """A JSON body as a value of type `kind`.

    Raises
    ------
    InvalidInput
        It is no JSON, has unknown fields, or holds what no database can keep.
    """
    try:
        # The standard library would guess UTF-16 and UTF-32 as well.
        value = codec.loads(bytes(data).decode())
    except UnicodeDecodeError as error:
        raise InvalidInput("The body is not UTF-8.") from error
    for path, item in _leaves(value):
        if isinstance(item, str):
            _check_text(item, path)
        elif isinstance(item, int) and not -_MAX_INTEGER <= item <= _MAX_INTEGER:
            raise InvalidInput(f"{path or 'The value'} is a number beyond 64 bits.")
    return codec.from_builtins(kind, value, strict=True)


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Every text and number inside `value` (an object's names too), without recursion."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, dict):
            yield from ((path, key) for key in item)
            waiting.extend((f"{path}.{key}" if path else key, entry) for key, entry in item.items())
        elif isinstance(item, list):
            waiting.extend((path, entry) for entry in item)
        else:
            yield path, item


def _check_text(value: str, path: str) -> None:
    if _UNKEEPABLE.search(value):
        shown = path.encode("ascii", "backslashreplace").decode()[:80]
        raise InvalidInput(f"{shown or 'A text'} has characters that no database can keep (NUL or lone surrogates).")

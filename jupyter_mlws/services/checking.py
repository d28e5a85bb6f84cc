"""Arguments are checked at the door, by the types that the interface declares, whoever calls."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from typing import Any, TypeVar

import msgspec

from jupyter_mlws.api.arguments import check_argument
from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.routes import operations
from jupyter_mlws.errors import InvalidInput

__all__ = ["check_storable", "implements"]

T = TypeVar("T")
_BIGGEST = 2**63 - 1
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def implements(noun: str, protocol: type) -> Callable[[type[T]], type[T]]:
    """Wrap the operations of a class so that wrong arguments are answered with `InvalidInput`.

    Callers in this process can pass anything; over HTTP the decoder has looked already, and looking again is cheap.
    """

    def decorate(cls: type[T]) -> type[T]:
        for operation in operations(noun, protocol):
            setattr(cls, operation.name, _checked(getattr(cls, operation.name), operation.types))
        return cls

    return decorate


def _checked(method: Callable[..., Any], hints: dict[str, Any]) -> Callable[..., Any]:
    signature = inspect.signature(method)

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidInput(f"{method.__name__}: {error}.") from error
        for name, value in bound.arguments.items():
            if name in hints:
                bound.arguments[name] = _check(name, value, hints[name])
        return method(*bound.args, **bound.kwargs)

    return call


def _check(name: str, value: Any, hint: Any) -> Any:
    check_argument(name, value, hint)
    return _check_record(name, value) if is_dataclass(value) else value


def _check_record(name: str, value: Any) -> Any:
    """The record with every field of its declared type, at any depth."""
    try:
        return msgspec.convert(to_builtins(value), type(value))
    except (msgspec.ValidationError, TypeError) as error:
        raise InvalidInput(f"{name} is not as declared: {error}.") from error


def check_storable(value: Any, at: str) -> None:
    """Refuse NUL, lone surrogates and numbers beyond 64 bits anywhere in JSON-ready data; the message says where."""
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise InvalidInput(f"{at} has characters that no database can keep (NUL or lone surrogates).")
    elif isinstance(value, int):
        if not -_BIGGEST <= value <= _BIGGEST:
            raise InvalidInput(f"{at} is out of range.")
    elif isinstance(value, dict):
        for key, item in value.items():
            check_storable(key, at)
            check_storable(item, f"{at}.{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            check_storable(item, f"{at}[{i}]")

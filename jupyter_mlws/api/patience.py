"""Asking again where a workspace was busy, so that nobody who works with it has to.

An answer of `Unavailable` that says when to ask again (another writer held the database, its server restarted) is no
failure yet. Asking again is harmless: what makes something new carries a key by which the second time is recognised,
also when the first one did succeed and only its answer got lost.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, cast

from jupyter_mlws.api.interface import NOUNS, Api
from jupyter_mlws.api.routes import Operation, Upload, operations
from jupyter_mlws.errors import Unavailable

__all__ = ["PATIENCE_S", "patient"]

# Longer than a writer is waited for twice, and than a database server takes to restart.
PATIENCE_S = 30.0
# These make something new; by its key a second request for the same thing is known.
_KEYED = ("runs.submit", "runs.start", "runs.rerun", "models.register")


def patient(api: Api) -> Api:
    """The same interface, whose operations ask again for a while where the workspace is busy."""
    return cast("Api", _Patient(api))


class _Patient:
    def __init__(self, api: Any) -> None:
        self._api = api
        for noun, protocol in NOUNS.items():
            setattr(self, noun, _Noun(getattr(api, noun), operations(noun, protocol)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def __repr__(self) -> str:
        return repr(self._api)


class _Noun:
    def __init__(self, noun: Any, known: Any) -> None:
        self._noun = noun
        for operation in known:
            # What is uploaded is read once, and never touches the database.
            if operation.body_argument is None or operation.types[operation.body_argument] is not Upload:
                setattr(self, operation.name, _again(getattr(noun, operation.name), operation))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._noun, name)


def _again(call: Callable[..., Any], operation: Operation) -> Callable[..., Any]:
    keyed = operation.id in _KEYED

    @wraps(call)
    def ask(*values: Any, **named: Any) -> Any:
        if keyed:
            values, named = _with_key(operation, values, named)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return call(*values, **named)
            except Unavailable as error:
                pause = error.details.get("retry_after_s")
                if not isinstance(pause, (int, float)) or time.monotonic() + pause > deadline:
                    raise
                time.sleep(max(0.0, pause))

    return ask


def _with_key(
    operation: Operation, values: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    name = cast("str", operation.body_argument)
    if name in named:
        return values, {**named, name: _given_key(named[name])}
    return (_given_key(values[0]), *values[1:]) if values else values, named


def _given_key(record: Any) -> Any:
    """The record with a key of its own; anything else is left to the operation, which says what is wrong with it."""
    return replace(record, key=uuid.uuid4().hex) if getattr(record, "key", None) == "" else record

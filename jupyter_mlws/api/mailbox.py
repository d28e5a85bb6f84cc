"""The API as a script inside a job has it: what an operation is told goes into the run folder's mailbox.

Only operations declared `from_job` are here. They tell and do not wait: a call returns the request's id, the dispatcher
carries it out a moment later, and where a request could be carried out twice its `key` is minted here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.interface import NOUNS
from jupyter_mlws.api.routes import Operation, operations
from jupyter_mlws.errors import Forbidden, InvalidInput
from jupyter_mlws.runfolder.outbox import send

__all__ = ["MailboxApi"]


class MailboxApi:
    """The nouns of the API, each with the operations that a job may ask for.

    Parameters
    ----------
    folder : path
        The run folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = folder

    def __getattr__(self, noun: str) -> _Noun:
        if noun not in NOUNS:
            raise AttributeError(noun)
        return _Noun(self._folder, noun)


class _Noun:
    """One noun of the API."""

    def __init__(self, folder: str | os.PathLike[str], noun: str) -> None:
        self._folder = folder
        self._noun = noun

    def __getattr__(self, name: str) -> Callable[..., str]:
        found = {operation.name: operation for operation in operations(self._noun, NOUNS[self._noun])}
        if name not in found:
            raise AttributeError(name)
        operation = found[name]
        if not operation.from_job:
            raise Forbidden(
                f"{operation.id} cannot be asked from inside a job.",
                hint="A job logs, tags, uploads and registers; ask for the rest where the workspace is.",
            )

        def tell(*args: Any, **kwargs: Any) -> str:
            arguments = _bound(operation, args, kwargs)
            return send(self._folder, operation.id, {key: to_builtins(value) for key, value in arguments.items()})

        return tell


def _bound(operation: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name, each of the type that the declaration says."""
    names = list(operation.types)
    if len(args) > len(names):
        raise TypeError(f"{operation.id} takes {len(names)} arguments, {len(args)} were given")
    arguments = {**dict(zip(names, args, strict=False)), **kwargs}
    for name, value in arguments.items():
        if name not in names:
            raise TypeError(f"{operation.id} has no argument {name!r}")
        kind = operation.types[name]
        if isinstance(kind, type) and not isinstance(value, kind):
            raise InvalidInput(f"{name} must be a {kind.__name__}, not {type(value).__name__}.")
    missing = [name for name in names if name not in arguments and name not in _optional(operation)]
    if missing:
        raise TypeError(f"{operation.id} lacks the argument {missing[0]!r}")
    return {name: _keyed(value) for name, value in arguments.items()}


def _optional(operation: Operation) -> set[str]:
    return {name for name, parameter in operation.query_arguments.items() if parameter.default is not parameter.empty}


def _keyed(value: Any) -> Any:
    """`value` with a fresh `key` where it has an empty one: a request that is read twice has one effect."""
    if is_dataclass(value) and not isinstance(value, type) and any(field.name == "key" for field in fields(value)):
        return value if getattr(value, "key", "") else replace(value, key=os.urandom(16).hex())
    return value

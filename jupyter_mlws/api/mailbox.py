"""The API as a script inside a job has it: what it asks goes into the run folder's mailbox, and so does the answer.

Only operations declared `from_job` are here; the dispatcher limits them further, to the run and its own (see
``docs/run-folder.md``). Most are *questions*: the call waits for its answer, which is what the same call gives in
process or over HTTP, errors included. A few are *told*: nobody needs their answer, so the call returns at once and the
dispatcher carries it out a moment later, also when the script has died by then. Where a request could be carried out
twice its `key` is minted here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, BinaryIO

from jupyter_mlws.api.arguments import bind
from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.api.interface import NOUNS
from jupyter_mlws.api.routes import Download, Operation, operations
from jupyter_mlws.errors import CorruptData, Forbidden, InvalidInput, Unavailable
from jupyter_mlws.runfolder import mailbox
from jupyter_mlws.runfolder.outbox import send

__all__ = ["ANSWER_S", "MailboxApi", "forbidden"]

ANSWER_S = 60.0
# Nobody needs the answer to these, and a training does not wait for them.
_TOLD = frozenset({"runs.update", "runs.create_children", "runs.end", "models.register"})
_CHUNK_BYTES = 1 << 20


def forbidden(operation_id: str) -> Forbidden:
    """The error for an operation that a job may not ask."""
    if operation_id.startswith("secrets."):
        return Forbidden(
            "The vault cannot be asked from inside a job.",
            hint="Name the secret where you submit, such as secrets=['HF_TOKEN'], and take it with run.get_secret.",
        )
    return Forbidden(
        f"{operation_id[:80]} cannot be asked from inside a job.",
        hint="A job logs, tags, uploads, registers and reads what is its own; ask for the rest where the workspace is.",
    )


def offline() -> Unavailable:
    """The error for a question that no workspace can answer."""
    return Unavailable(
        "This run is recorded offline, and no workspace is there to be asked.",
        hint="Import it when it has ended: mlws import, or Workspace.import_offline().",
    )


class MailboxApi:
    """The nouns of the API, each with the operations that a job may ask for.

    Parameters
    ----------
    folder : path
        The run folder.
    wait : bool
        Wait for the answer of every operation. Otherwise those that are told return the request's id at once.
    followed : bool
        Whether a workspace follows this folder. If none does questions are answered with `Unavailable`, and what is
        told is kept for when the folder is imported.
    timeout_s : float
        How long to wait for an answer.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, wait: bool = False, followed: bool = True, timeout_s: float = ANSWER_S
    ) -> None:
        self._folder = folder
        self._wait = wait
        self._followed = followed
        self._timeout_s = timeout_s

    def __getattr__(self, noun: str) -> _Noun:
        if noun not in NOUNS:
            raise AttributeError(noun)
        return _Noun(self, noun)

    def __repr__(self) -> str:
        return f"MailboxApi({os.fspath(self._folder)!r})"

    def _call(self, operation: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        arguments = _json(operation, bind(operation, args, kwargs))
        if operation.id in _TOLD and not (self._wait and self._followed):
            return send(self._folder, operation.id, arguments)
        if not self._followed:
            raise offline()
        return self._ask(operation, arguments)

    def answer(self, operation_id: str, request_id: str) -> Any:
        """Wait for the answer to what was told, by the id that telling gave; it can be had once."""
        if not self._followed:
            raise offline()
        noun, _, name = operation_id.partition(".")
        found = mailbox.wait_reply(self._folder, request_id, self._timeout_s, keep=False)
        return from_builtins(_operations(noun)[name].returns, found)

    def _ask(self, operation: Operation, arguments: dict[str, Any]) -> Any:
        request_id = send(self._folder, operation.id, arguments)
        answer = mailbox.wait_reply(self._folder, request_id, self._timeout_s, keep=False)
        if operation.returns is Download:
            return _download(self._folder, request_id, answer)
        return from_builtins(operation.returns, answer)


class _Noun:
    """One noun of the API."""

    def __init__(self, api: MailboxApi, noun: str) -> None:
        self._api = api
        self._noun = noun

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = _operations(self._noun).get(name)
        if operation is None:
            raise AttributeError(name)
        if not operation.from_job:
            raise forbidden(operation.id)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._api._call(operation, args, kwargs)

        return call


@cache
def _operations(noun: str) -> dict[str, Operation]:
    return {operation.name: operation for operation in operations(noun, NOUNS[noun])}


def _json(operation: Operation, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {name: to_builtins(_keyed(value)) for name, value in arguments.items()}
    except TypeError as error:
        raise InvalidInput(f"{operation.name}: {error}.") from error


def _keyed(value: Any) -> Any:
    """`value` with a fresh `key` where it has an empty one: a request that is read twice has one effect."""
    if is_dataclass(value) and not isinstance(value, type) and any(field.name == "key" for field in fields(value)):
        return value if getattr(value, "key", "") else replace(value, key=os.urandom(16).hex())
    return value


def _download(folder: str | os.PathLike[str], request_id: str, facts: Any) -> Download:
    """The bytes that lie beside the answer; they are taken out of the folder, and gone when they were read."""
    file = mailbox.take_bytes(folder, request_id)
    size_bytes = os.fstat(file.fileno()).st_size
    if not isinstance(facts, dict) or facts.get("size_bytes") not in (None, size_bytes):
        file.close()
        raise CorruptData("The workspace's answer is incomplete.", hint="Ask again.")
    return Download(
        _chunks(file),
        name=str(facts.get("name") or "download"),
        media_type=str(facts.get("media_type") or "application/octet-stream"),
        size_bytes=size_bytes,
        digest=facts.get("digest"),
    )


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk

"""Long work of the engine (pulling, pushing, building), told line by line, and given up at any moment.

The client library cannot be interrupted while an engine says nothing, as when it waits for a registry that does not
answer. So these few requests are made on a socket of our own: hanging up is what makes the engine stop.
"""

from __future__ import annotations

import http.client
import json
import queue
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import IO, Any
from urllib.parse import urlencode

from jupyter_mlws.containers import engine

__all__ = ["Refused", "ask", "listen"]

_POLL_S = 0.1
_CHUNK = 1 << 16
_BLOCK = 1 << 18
_MAX_WORDS = 10_000


class Refused(Exception):
    """The engine says no.

    Attributes
    ----------
    status : int
        Of HTTP.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


def ask(path: str, *, headers: Mapping[str, str] | None = None, check: Callable[[], None]) -> dict[str, Any]:
    """One answer, waited for as `listen` does."""
    return next(listen("GET", path, {}, headers=headers, check=check), {})


def listen(
    method: str,
    path: str,
    query: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    body: IO[bytes] | Iterable[bytes] | None = None,
    check: Callable[[], None],
) -> Iterator[dict[str, Any]]:
    """The objects that the engine answers with, one after the other.

    Parameters
    ----------
    method : str
    path : str
        Such as ``/images/create``; quoted already.
    query : mapping
    headers : mapping, optional
    body : file or iterable of bytes, optional
        A file is sent from where it stands. An archive, unless the headers say something else.
    check : callable
        Called ten times a second and before each object; what it raises ends the engine's work.

    Raises
    ------
    Refused
        The engine says no.
    TargetAway
        It does not answer, or has gone in the middle of it.
    """
    where = engine.address().partition("://")[2]
    version = engine.connect().api_version
    wire = _Wire(where)
    words: queue.SimpleQueue[dict[str, Any] | BaseException | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            for each in wire.talk(method, f"/v{version}{path}?{urlencode(query)}", dict(headers or {}), body):
                words.put(each)
            words.put(None)
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            words.put(error)

    thread = threading.Thread(target=work, name=f"engine {path[:60]}", daemon=True)
    thread.start()
    try:
        yield from _hear(words, check)
    finally:
        wire.hang_up()
        thread.join()
        wire.close()


def _hear(
    words: queue.SimpleQueue[dict[str, Any] | BaseException | None], check: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    while True:
        check()
        try:
            found = words.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if found is None:
            return
        if isinstance(found, (OSError, http.client.HTTPException)):
            raise engine.away() from found
        if isinstance(found, BaseException):
            raise found
        yield found


class _Wire:
    """One request on a socket of its own."""

    def __init__(self, where: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._where = where

    def talk(
        self, method: str, target: str, headers: dict[str, str], body: IO[bytes] | Iterable[bytes] | None
    ) -> Iterator[Any]:
        self._socket.connect(self._where)
        connection = http.client.HTTPConnection("localhost", blocksize=_BLOCK)
        connection.sock = self._socket
        told = {"Connection": "close", **headers}
        if body is not None:
            told.setdefault("Content-Type", "application/x-tar")
        # An engine that refuses before it has read all says why, and hangs up.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, target, body, told, encode_chunked=body is not None)
        with connection.getresponse() as answer:
            if answer.status >= 400:
                raise Refused(answer.status, _reason(answer.read(_MAX_WORDS)))
            yield from _objects(answer)

    def hang_up(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


def _reason(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data.decode(errors="replace")[:1_000]


def _objects(answer: http.client.HTTPResponse) -> Iterator[Any]:
    """Read as they come; an answer that breaks off raises."""
    decoder, kept = json.JSONDecoder(), ""
    # Letters of several bytes are escaped by the engine or not: cut only where a line ends.
    raw = b""
    while True:
        data = answer.read1(_CHUNK)
        raw += data
        cut = len(raw) if not data else raw.rfind(b"\n") + 1
        kept, raw = kept + raw[:cut].decode(errors="replace"), raw[cut:]
        while kept := kept.lstrip():
            try:
                found, end = decoder.raw_decode(kept)
            except ValueError:
                break
            yield found
            kept = kept[end:]
        if not data:
            return

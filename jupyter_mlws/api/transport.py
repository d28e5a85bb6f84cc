"""HTTP with the standard library: one connection per thread, kept open, and failures as our own errors."""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

from jupyter_mlws import __version__
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.errors import InvalidInput, MlwsError, Unavailable, from_payload

__all__ = ["Answer", "Transport"]

TIMEOUT_S = 60.0
_CONNECT_TIMEOUT_S = 5.0
PIECE_BYTES = 2**20
_MAX_ERROR_BYTES = 2**20
# Repeated once when a kept connection turns out to be dead: doing them twice is doing them once.
_REPEATABLE = ("GET", "PUT", "DELETE")
_DEAD = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ConnectionAbortedError)


class _Kept:
    """An open connection; closed when nobody holds it any more: its thread has ended, its answer is read or dropped."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        self._pid = os.getpid()

    def is_usable(self) -> bool:
        """Whether another request may go over it: not after a fork, and not when the server has closed it."""
        sock = self.connection.sock
        return self._pid == os.getpid() and sock is not None and not _is_closed(sock)

    def __del__(self) -> None:
        self.connection.close()


class Answer:
    """A good answer whose content is still to be read: once, whole or in pieces."""

    def __init__(self, response: http.client.HTTPResponse, kept: _Kept) -> None:
        self._response = response
        self._kept = kept
        self.headers = response.headers
        length = response.headers.get("Content-Length")
        self.size_bytes = int(length) if length is not None else None

    def read(self) -> bytes:
        """The whole content."""
        try:
            return self._response.read()
        except (http.client.HTTPException, OSError) as error:
            self._close()
            raise _broke_off() from error

    def pieces(self) -> Iterator[bytes]:
        """The content piece by piece; raises `Unavailable` when it ends too early."""
        received = 0
        try:
            while piece := self._response.read(PIECE_BYTES):
                received += len(piece)
                yield piece
            if self.size_bytes is not None and received != self.size_bytes:
                raise _broke_off()
        except (http.client.HTTPException, OSError) as error:
            raise _broke_off() from error
        finally:
            self._close()

    def _close(self) -> None:
        self._response.close()
        self._kept.connection.close()


def _broke_off() -> Unavailable:
    return Unavailable("The connection broke off before the answer was complete.", hint="Try again.")


class Transport:
    """Requests to one Jupyter server; may be shared by threads and survives a fork.

    Parameters
    ----------
    url : str
        Base URL of the server. A token in its query is taken out and sent in the header only.
    token : str, optional
    """

    def __init__(self, url: str, token: str = "", timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(f"{parts.scheme}://{parts.hostname or ''} is no address of a Jupyter server.")
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        self._parts = urlsplit(self.url)
        self._token = token or parse_qs(parts.query).get("token", [""])[0]
        self._timeout_s = timeout_s
        self._xsrf = os.urandom(16).hex()
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def send(
        self, method: str, path: str, body: bytes | Upload | None = None, *, timeout_s: float | None = None
    ) -> Answer:
        """Ask, and return a good answer.

        Parameters
        ----------
        path : str
            Below the base URL, quoted, with its query.
        body : bytes or Upload, optional
            JSON, or a file that is sent as it is read.

        Raises
        ------
        MlwsError
            The error that the answer describes, or `Unavailable` when there is none.
        """
        try:
            answer = self._exchange(method, self._parts.path + path, body, timeout_s or self._timeout_s)
        except ssl.SSLCertVerificationError as error:
            self._drop()
            hint = "Name the file of its certificate authority in SSL_CERT_FILE."
            raise Unavailable(f"The server's certificate is not trusted: {error.verify_message}.", hint=hint) from error
        except TimeoutError as error:
            self._drop()
            raise Unavailable(f"The server at {self.url} does not answer in time.", hint="Try again.") from error
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            hint = "Is the Jupyter server still running?"
            raise Unavailable(f"The server at {self.url} cannot be reached.", hint=hint) from error
        return self._checked(*answer)

    def read_json(self, path: str) -> Any:
        """The JSON at a path below the base URL."""
        return json.loads(self.send("GET", path).read())

    def keep_apart(self) -> None:
        """Let go of this thread's connection: an answer still streams from it, and will close it."""
        self._local.kept = None

    def _exchange(
        self, method: str, target: str, body: bytes | Upload | None, timeout_s: float
    ) -> tuple[http.client.HTTPResponse, _Kept]:
        kept, used = self._connection(timeout_s)
        try:
            return self._once(kept.connection, method, target, body), kept
        except _DEAD:
            self._drop()
            if not used or method not in _REPEATABLE:
                raise
        kept, _ = self._connection(timeout_s)
        return self._once(kept.connection, method, target, body), kept

    def _once(
        self, connection: http.client.HTTPConnection, method: str, target: str, body: bytes | Upload | None
    ) -> http.client.HTTPResponse:
        content, headers = _content(body)
        headers["User-Agent"] = f"jupyter-mlws/{__version__}"
        if self._token:
            headers["Authorization"] = f"token {self._token}"
        else:
            # A server that asks for no token still wants what a page of another origin cannot send: the same secret
            # in a cookie and in a header.
            headers["Cookie"], headers["X-XSRFToken"] = f"_xsrf={self._xsrf}", self._xsrf
        try:
            connection.request(method, target, content, headers, encode_chunked="Transfer-Encoding" in headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the whole body was sent: the answer says why
        return connection.getresponse()

    def _connection(self, timeout_s: float) -> tuple[_Kept, bool]:
        """The connection of this thread, and whether it was used before."""
        kept: _Kept | None = getattr(self._local, "kept", None)
        if kept is not None and kept.is_usable():
            kept.connection.sock.settimeout(timeout_s)
            return kept, True
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=min(timeout_s, _CONNECT_TIMEOUT_S))
        kept = _Kept(connection)
        # A server that works may take its time, one that is not there is not waited for.
        connection.connect()
        connection.sock.settimeout(timeout_s)
        self._local.kept = kept
        return kept, False

    def _drop(self) -> None:
        self._local.kept = None

    def _checked(self, response: http.client.HTTPResponse, kept: _Kept) -> Answer:
        if response.status < http.client.MULTIPLE_CHOICES:
            return Answer(response, kept)
        # What is left unread would be taken for the next answer.
        self._drop()
        with response:
            raise _failure(response, self.url)


def _content(body: bytes | Upload | None) -> tuple[bytes | BinaryIO | None, dict[str, str]]:
    if body is None:
        return None, {}
    if isinstance(body, bytes):
        return body, {"Content-Type": "application/json"}
    headers = {"Content-Type": "application/octet-stream"}
    size_bytes = _size_of(body)
    if size_bytes is None:
        headers["Transfer-Encoding"] = "chunked"
    else:
        headers["Content-Length"] = str(size_bytes)
    return body.file, headers


def _size_of(upload: Upload) -> int | None:
    if upload.size_bytes is not None or not upload.file.seekable():
        return upload.size_bytes
    here = upload.file.tell()
    end = upload.file.seek(0, os.SEEK_END)
    upload.file.seek(here)
    return end - here


def _is_closed(sock: socket.socket) -> bool:
    """Whether the other side has closed: between requests nothing else can make a connection readable."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])


def _failure(response: http.client.HTTPResponse, url: str) -> MlwsError:
    if response.status < http.client.BAD_REQUEST:
        hint = "A login page may be in between: give the server's own address, and its token."
        return Unavailable(f"The server at {url} sends elsewhere, which is not followed.", hint=hint)
    try:
        payload = json.loads(response.read(_MAX_ERROR_BYTES))
    except (ValueError, RecursionError, OSError, http.client.HTTPException):
        payload = {}
    if isinstance(payload, dict) and "code" in payload:
        return from_payload(payload, response.status)
    return _foreign(response.status, url)


def _foreign(status: int, url: str) -> MlwsError:
    """An error that no handler of ours wrote: a proxy's, or that of a server without the extension."""
    if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN):
        hint = "Give its token: Workspace(url, token=...), or the variable MLWS_TOKEN."
        message = f"The server at {url} does not accept the token, or none was given."
        return from_payload({"code": "forbidden", "message": message, "hint": hint})
    if status == http.client.NOT_FOUND:
        hint = "Is it the base URL of a Jupyter server, and is jupyter-mlws installed in that server's environment?"
        return from_payload({"code": "not_found", "message": f"The server at {url} has no workspaces.", "hint": hint})
    return Unavailable(f"The server at {url} answered with status {status}.", hint="Try again in a moment.")

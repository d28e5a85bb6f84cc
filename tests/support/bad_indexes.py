"""Indexes of packages that do not do what an index should: one that never answers, one that answers with an error."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Asked", "failing", "stuck"]


class Asked:
    """An index on loopback.

    Attributes
    ----------
    url : str
        For ``UV_DEFAULT_INDEX``.
    event : Event
        Somebody has asked it.
    count : int
        How often.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/simple"
        self.event = threading.Event()
        self.count = 0

    def note(self) -> None:
        self.count += 1
        self.event.set()


@contextmanager
def stuck() -> Iterator[Asked]:
    """One that takes every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = Asked(server.getsockname()[1])
        taken: list[socket.socket] = []

        def take() -> None:
            with suppress(OSError):
                while True:
                    taken.append(server.accept()[0])
                    asked.note()

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for each in taken:
                each.close()


@contextmanager
def failing(status: int) -> Iterator[Asked]:
    """One that answers everything with this status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.note()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        asked = Asked(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()

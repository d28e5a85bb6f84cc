"""Between a test and the engine: a socket that passes everything on, until it is told to break at a request.

So an engine can be lost at any moment of a run without being stopped, which others may be using: to whoever speaks
through the relay it is gone, and its containers go on.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_REQUEST = re.compile(rb"(?:GET|POST|DELETE|HEAD|PUT) /v[0-9.]+(/\S*) HTTP/1\.1\r\n")


class Relay:
    """A socket that leads to the engine.

    Attributes
    ----------
    host : str
        For ``DOCKER_HOST``.
    broken : threading.Event
        Nobody gets through at present.
    """

    def __init__(self, path: Path, engine: str) -> None:
        self.host = f"unix://{path}"
        self.broken = threading.Event()
        self._engine = engine.partition("://")[2]
        self._pattern: re.Pattern[str] | None = None
        self._answered = False
        self._spared = 0
        self._turn = threading.Lock()
        self._open: set[socket.socket] = set()
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(path))
        self._server.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def break_at(self, pattern: str, *, answered: bool = False, after: int = 0) -> None:
        """Break when a request whose path matches comes; with `answered`, once the engine has done it.

        The first `after` ones get through.
        """
        with self._turn:
            self.broken.clear()
            self._pattern, self._answered, self._spared = re.compile(pattern), answered, after

    def cut(self) -> None:
        """Break now."""
        self.broken.set()
        with self._turn:
            found, self._open = self._open, set()
        for each in found:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let everybody through again."""
        self.broken.clear()

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            if self.broken.is_set():
                caller.close()
                continue
            engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            engine.connect(self._engine)
            with self._turn:
                self._open |= {caller, engine}
            due = threading.Event()
            threads = [
                threading.Thread(target=self._asked, args=(caller, engine, due), daemon=True),
                threading.Thread(target=self._told, args=(engine, caller, due), daemon=True),
            ]
            for thread in threads:
                thread.start()
            threading.Thread(target=self._bury, args=(threads, caller, engine), daemon=True).start()

    def _asked(self, caller: socket.socket, engine: socket.socket, due: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := caller.recv(1 << 16):
                for path in _REQUEST.findall(data):
                    if self._is_due(path.decode()):
                        if not self._answered:
                            self.cut()
                            return
                        due.set()
                engine.sendall(data)
            engine.shutdown(socket.SHUT_WR)

    def _told(self, engine: socket.socket, caller: socket.socket, due: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := engine.recv(1 << 16):
                if due.is_set():
                    self.cut()
                    return
                caller.sendall(data)
            caller.shutdown(socket.SHUT_WR)

    def _is_due(self, path: str) -> bool:
        with self._turn:
            if self._pattern is None or not self._pattern.search(path):
                return False
            self._spared -= 1
            if self._spared >= 0:
                return False
            self._pattern = None
            return True

    def _bury(self, threads: list[threading.Thread], *sockets: socket.socket) -> None:
        for thread in threads:
            thread.join()
        with self._turn:
            self._open -= set(sockets)
        for each in sockets:
            each.close()


@pytest.fixture
def relay(tmp_path: Path, docker_engine: Any, docker_host: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """Have this test speak to the engine through a relay. To be asked for before `boxes`."""
    found = Relay(tmp_path / "relay.sock", docker_engine.host)
    monkeypatch.setenv("DOCKER_HOST", found.host)
    yield found
    found.close()

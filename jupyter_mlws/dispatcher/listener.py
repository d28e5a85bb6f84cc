"""The dispatcher's socket: who speaks to it is heard at once, and nobody can hold it up."""

from __future__ import annotations

import errno
import json
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_mlws.dispatcher.bell import bell, quiet, ring

__all__ = ["Listener"]

_MAX_WORD = 64
_BACKLOG = 64
# No room for one more connection.
_CROWDED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_S = 0.1


class Listener:
    """Listens on a socket of the user's own, and waits for whatever happens first.

    Parameters
    ----------
    path : Path
        Of the socket; what a dead dispatcher left there is replaced.
    answer : callable
        Given a word, returns the JSON-ready answer.
    """

    def __init__(self, path: Path, answer: Callable[[str], dict[str, Any]]) -> None:
        self._path = path
        self._answer = answer
        self._selector = selectors.DefaultSelector()
        self._bell_read, self._bell_write = bell()
        # One that can be taken twice: a signal handler rings, too.
        self._bell_turn = threading.RLock()
        self._selector.register(self._bell_read, selectors.EVENT_READ)
        self._socket = self._listen()

    def _listen(self) -> socket.socket:
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Between bind and chmod the folder's 0700 guards it.
        listening.bind(str(self._path))
        self._path.chmod(0o600)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
        self._selector.register(listening, selectors.EVENT_READ)
        return listening

    def ring(self) -> None:
        """End the present `wait`; safe from any thread and from a signal handler, also after `close`."""
        with self._bell_turn:
            if self._bell_write >= 0:
                ring(self._bell_write)

    def wait(self, timeout_s: float) -> bool:
        """Wait for a word, a ring or the time-out, and answer; whether anything happened."""
        events = self._selector.select(timeout_s)
        for key, _ in events:
            if key.fd == self._bell_read:
                quiet(self._bell_read)
            elif key.fileobj is self._socket:
                self._accept()
            else:
                self._hear(key.fileobj, key.data)
        return bool(events)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError as error:  # nobody (more) is waiting, or it has gone again
                if error.errno in _CROWDED:
                    time.sleep(_PAUSE_S)  # whoever waits goes on waiting: each look would find him at once
                return
            connection.setblocking(False)
            # Most have said their word already: then one turn is enough.
            if not self._hear(connection, heard := bytearray()):
                self._selector.register(connection, selectors.EVENT_READ, heard)

    def _hear(self, connection: Any, heard: bytearray) -> bool:
        """Read a word and answer it; False when there is more to come."""
        try:
            data = connection.recv(_MAX_WORD)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        heard += data
        if data and b"\n" not in heard and len(heard) < _MAX_WORD:
            return False
        self._reply(connection, heard.partition(b"\n")[0].decode("ascii", "replace"))
        if connection in (key.fileobj for key in self._selector.get_map().values()):
            self._selector.unregister(connection)
        connection.close()
        return True

    def _reply(self, connection: socket.socket, word: str) -> None:
        try:
            connection.sendall(json.dumps(self._answer(word)).encode() + b"\n")
        except OSError:  # a poke does not wait for its answer
            return

    def stop_listening(self) -> None:
        """Refuse whoever comes from now on; those who have come are heard by the next `wait`."""
        self._accept()
        self._selector.unregister(self._socket)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def listen_again(self) -> None:
        """Take `stop_listening` back."""
        self._socket = self._listen()

    def close(self) -> None:
        """Let go of everything."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        # Those who follow runs may ring later, when this number is that of another file.
        with self._bell_turn:
            write_end, self._bell_write = self._bell_write, -1
            os.close(write_end)
        os.close(self._bell_read)
        self._path.unlink(missing_ok=True)

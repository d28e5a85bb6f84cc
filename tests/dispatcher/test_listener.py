"""The dispatcher's socket and its bell."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time

from jupyter_mlws.dispatcher.listener import Listener


def test_a_closed_bell_writes_into_no_file_that_got_its_number_since(tmp_path):
    listener = Listener(tmp_path / "socket", lambda word: {})
    listener.close()
    # What a run that is still being followed opens now gets the numbers that have become free.
    files = [os.open(tmp_path / str(i), os.O_RDWR | os.O_CREAT) for i in range(8)]
    try:
        listener.ring()
        assert [os.fstat(file).st_size for file in files] == [0] * 8
    finally:
        for file in files:
            os.close(file)


def test_a_rung_bell_ends_the_wait(tmp_path):
    listener = Listener(tmp_path / "socket", lambda word: {})
    listener.ring()
    assert listener.wait(30.0)
    assert not listener.wait(0.0)
    listener.close()


def test_who_cannot_be_let_in_for_want_of_a_file_costs_no_processor_and_is_heard_later(tmp_path):
    listener = Listener(tmp_path / "socket", lambda word: {"heard": word})
    real = listener._socket

    class Crowded:
        """A socket that can give nobody a file."""

        def fileno(self) -> int:
            return real.fileno()

        def accept(self) -> None:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(tmp_path / "socket"))
        client.sendall(b"status\n")
        listener._socket = Crowded()
        listener._selector.unregister(real)
        listener._selector.register(listener._socket, selectors.EVENT_READ)
        began, turns = time.monotonic(), 0
        while time.monotonic() - began < 0.5:
            listener.wait(1.0)
            turns += 1
        assert turns <= 10
        listener._selector.unregister(listener._socket)
        listener._socket = real
        listener._selector.register(real, selectors.EVENT_READ)
        listener.wait(30.0)
        assert client.recv(100) == b'{"heard": "status"}\n'
    listener.close()

"""The dispatcher's socket and its bell."""

from __future__ import annotations

import os

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

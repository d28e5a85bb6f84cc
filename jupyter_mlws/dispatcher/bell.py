"""A bell between threads, that a poll can wait for."""

from __future__ import annotations

import os

__all__ = ["bell", "quiet", "ring"]


def bell() -> tuple[int, int]:
    """Both ends of a pipe that never holds anybody up."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    os.set_blocking(write_end, False)
    return read_end, write_end


def ring(write_end: int) -> None:
    """Wake whoever waits at the other end; safe in a signal handler."""
    try:
        os.write(write_end, b"!")
    except OSError:  # it rings already, or nobody listens any more
        return


def quiet(read_end: int) -> None:
    """Forget past rings."""
    try:
        while os.read(read_end, 4096):
            pass
    except BlockingIOError:
        return

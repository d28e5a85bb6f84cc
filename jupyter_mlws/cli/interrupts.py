"""Interrupts that are never lost while a command waits."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interrupts"]


@contextmanager
def interrupts() -> Iterator[Callable[[float], None]]:
    """A pause that ends by an interrupt, also by one that came where Python drops exceptions, as in a finalizer."""
    # No threading.Event: an interrupt may come while this thread holds the event's own lock, and wait for it for ever.
    heard = False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard = True
        raise KeyboardInterrupt

    def pause(seconds: float) -> None:
        if not heard:
            time.sleep(seconds)
        if heard:
            raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGINT, hear)
    try:
        yield pause
    finally:
        signal.signal(signal.SIGINT, earlier)

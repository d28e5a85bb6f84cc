"""The time of events: seconds since 1970 by a clock that only goes forward.

The wall clock may be set back or ahead while a run goes on. Each process reads it once, and counts on from there; so
what a process writes down stays in order, and the difference of two of its times is what really passed.
"""

from __future__ import annotations

import time

__all__ = ["now", "now_ns"]

# Counts while the machine sleeps, too, where the system has such a clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def _passed_ns() -> int:
    return time.monotonic_ns() if _CLOCK is None else time.clock_gettime_ns(_CLOCK)


_BEGAN_NS = time.time_ns() - _passed_ns()


def now_ns() -> int:
    """Nanoseconds since 1970."""
    return _BEGAN_NS + _passed_ns()


def now() -> float:
    """Seconds since 1970."""
    return now_ns() / 1e9

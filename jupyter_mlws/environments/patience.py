"""Trying again what only the network kept from succeeding."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from jupyter_mlws.environments.uv import Stopped
from jupyter_mlws.errors import IndexUnavailable

__all__ = ["patiently"]

T = TypeVar("T")
_POLL_S = 0.1


def patiently(
    work: Callable[[], T], say: Callable[[str], None], wanted: Callable[[], bool], retries: int, pause_s: float
) -> T:
    """Do some work; where the index of packages is away do it again, each time after twice as long.

    Parameters
    ----------
    work : callable
    say : callable
        Given each line of progress.
    wanted : callable
        Asked while it waits.
    retries : int
        So many times beyond the first.
    pause_s : float
        Before the second time.

    Raises
    ------
    IndexUnavailable
        It was away each time. Any other error is raised at once.
    Stopped
        It is not wanted any more.
    """
    for left in range(retries, 0, -1):
        try:
            return work()
        except IndexUnavailable as error:
            say(f"{error.message.rstrip('.')}. Trying again in {pause_s:g} s, {left} more times.")
        until = time.monotonic() + pause_s
        while time.monotonic() < until:
            if not wanted():
                raise Stopped
            time.sleep(min(_POLL_S, pause_s))
        pause_s *= 2
    return work()

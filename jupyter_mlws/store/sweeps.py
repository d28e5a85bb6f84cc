"""Whether somebody is sweeping unused bytes, and who may.

One counter says both. It is odd while a collection may be removing blobs, and grows with each that begins or ends. So
a collection that finds another number than its own was followed by a later one, and must stop; and who finds the same
even number twice knows that nothing was removed in between. One that died leaves it odd: then everybody goes on
looking twice, until the next one has ended.
"""

from __future__ import annotations

from sqlalchemy import Connection

from jupyter_mlws.errors import Conflict
from jupyter_mlws.store import counters

__all__ = ["begin", "check", "end", "is_quiet", "last"]

_COUNTER = "sweep"


def begin(c: Connection) -> int:
    """The turn of a collection that begins: from the commit on, all earlier ones are refused."""
    before = last(c)
    more = 1 if is_quiet(before) else 2
    return counters.take(c, _COUNTER, more) + more - 1


def check(c: Connection, turn: int) -> None:
    """Refuse a collection that another one has followed.

    Raises
    ------
    Conflict
    """
    if last(c) != turn:
        raise Conflict(
            "Another garbage collection of this workspace has begun, and goes on in the place of this one.",
            hint="Wait for its end; what this one has removed stays removed.",
        )


def end(c: Connection, turn: int) -> None:
    """Say that nothing more is removed."""
    check(c, turn)
    counters.take(c, _COUNTER)


def last(c: Connection) -> int:
    """The number as it is now."""
    return counters.last(c, _COUNTER)


def is_quiet(number: int) -> bool:
    """Whether nobody removes anything while this is the number."""
    return number % 2 == 0

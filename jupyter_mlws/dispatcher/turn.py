"""Our turn as the one dispatcher of a place; see `jupyter_mlws.store.dispatchers`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.store import Store
from jupyter_mlws.store.dispatchers import has_turn, take_turn

__all__ = ["Superseded", "Turn"]

_log = logging.getLogger(__name__)


class Superseded(Exception):
    """Another dispatcher has begun in our place: nothing may be written, sent, killed or removed by us any more."""


class Turn:
    """The turn of one dispatcher.

    Parameters
    ----------
    user, host : str
        The place.
    tell : callable
        Called, from any thread, when it is seen that another dispatcher has begun.

    Attributes
    ----------
    number : int
        0 until it was taken.
    lost : Event
        Another one has begun.
    """

    def __init__(self, user: str, host: str, tell: Callable[[], None]) -> None:
        self.number = 0
        self.lost = threading.Event()
        self._user, self._host = user, host
        self._tell = tell

    def take(self, store: Store) -> None:
        """Begin; whoever was the dispatcher before may do nothing from now on. What was taken is not taken again."""
        if self.number:
            return  # a second turn would refuse those of us who still go by the first one
        faults.point("dispatcher.turn")
        with store.write() as c:
            number = take_turn(c, user=self._user, host=self._host)
        self.number = number

    def check(self, c: Connection) -> None:
        """Raise `Superseded` if it is another's turn; `c` is of the write transaction that depends on it."""
        if has_turn(c, self.number, user=self._user, host=self._host):
            return
        if not self.lost.is_set():
            _log.warning("Another dispatcher has begun in the place of this one, which leaves.")
            self.lost.set()
            self._tell()
        raise Superseded

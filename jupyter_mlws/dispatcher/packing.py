"""Packing of ended runs, and giving back what was freed by it, in the moments when nothing else is to be done."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.errors import MlwsError

__all__ = ["Packing"]

_log = logging.getLogger(__name__)
# Runs that are walked by with one question.
_RUNS = 500
# Whoever submits or cancels waits so long at most, and this share of the time at most is spent.
_LONGEST_S = 0.1
_SHARE = 0.2


class Packing:
    """Walks all runs of the workspace again and again, and packs the series of those that have ended.

    Packed points take less room. Once all are, the database is made as much smaller.

    Parameters
    ----------
    context : Context
    is_wanted : callable
        Whether something else is to be done.
    """

    def __init__(self, context: Context, is_wanted: Callable[[], bool] = lambda: False) -> None:
        self._context = context
        self._is_wanted = is_wanted
        self._through: int | None = None
        self._place = 0
        self._first_open: int | None = None
        # Of those behind: what was packed, or had nothing to be.
        self._done: set[int] = set()
        self._waiting: list[tuple[int, str]] = []
        # Runs have ended since the database was last made smaller; by how much it was this time.
        self._has_room = False
        self._given_back = 0
        self._at = time.monotonic() + context.settings.pack_pause_s

    def step(self) -> float:
        """Do a little of it where it is time to; after how long to come again."""
        began = time.monotonic()
        if began < self._at:
            return self._at - began
        try:
            more = self._go_on(began + _LONGEST_S)
        except (MlwsError, OSError) as error:
            # Nobody waits for it: later will do.
            _log.warning("Packing ended runs: %s", error)
            more = False
            self._done.clear()
            self._begin_anew()
        took = time.monotonic() - began
        pause_s = took / _SHARE if more else self._context.settings.pack_pause_s
        self._at = began + pause_s
        return pause_s

    def _go_on(self, until: float) -> bool:
        while time.monotonic() < until and not self._is_wanted():
            if self._waiting:
                self._pack(*self._waiting.pop(0))
            elif not self._walk() and not (self._has_room and self._give_back()):
                self._end_walk()
                return False
        return True

    def _pack(self, number: int, name: str) -> None:
        from jupyter_mlws.store.packing import pack_one

        faults.point("packing.series")
        with self._context.write() as c:
            pack_one(c, number, name)

    def _walk(self) -> bool:
        """Look at the next runs; False at the end of all."""
        # Imported at use: numpy would delay the dispatcher's start.
        from jupyter_mlws.store.packing import next_runs, packed_through, series_to_pack

        with self._context.store.read() as c:
            if self._through is None:
                self._through = self._place = packed_through(c)
            found = next_runs(c, self._place, _RUNS)
            new = [run.number for run in found if run.has_ended and run.number not in self._done]
            self._waiting = series_to_pack(c, new) if new else []
        self._done.update(new)
        self._has_room = self._has_room or bool(new)
        if self._first_open is None:
            self._first_open = next((run.number for run in found if run.is_open), None)
        if found:
            self._place = found[-1].number
        return bool(found)

    def _give_back(self) -> bool:
        """Give the disk a part of what is free by now; False when that is all."""
        with self._context.write():
            size = self._context.store.give_back()
        self._given_back += size
        if size:
            return True
        if self._given_back:
            self._context.store.settle()
        self._has_room, self._given_back = False, 0
        return False

    def _end_walk(self) -> None:
        """Begin anew, behind the runs that are done for good."""
        self._note()
        self._begin_anew()

    def _note(self) -> None:
        """Keep up to where all are done, in the next run of this program too."""
        from jupyter_mlws.store.packing import note_packed_through

        through = self._place if self._first_open is None else self._first_open - 1
        if self._through is None or through <= self._through:
            return
        faults.point("packing.note")
        with self._context.write() as c:
            note_packed_through(c, through)
        self._through = through
        self._done = {number for number in self._done if number > through}

    def _begin_anew(self) -> None:
        self._place = self._through or 0
        self._first_open = None
        self._waiting = []

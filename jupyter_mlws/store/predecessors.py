"""Runs that begin when others have completed: what of them is known while they are in the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from jupyter_mlws.domain.run import AFTER, RunError
from jupyter_mlws.domain.status import TERMINAL, RunStatus
from jupyter_mlws.store.run_states import move_run, set_waiting
from jupyter_mlws.store.tables import runs

__all__ = ["Predecessors"]

_GONE = "Gone"


@dataclass
class _Held:
    """A run that does not begin now: it waits, or it never will, and ends so."""

    words: str
    end: RunStatus | None = None


class Predecessors:
    """Which queued runs of a look at the queue may begin, as far as they name others that come first."""

    def __init__(self, c: Connection) -> None:
        self._c = c
        self._statuses: dict[int, str] = {}
        self._held: dict[str, _Held] = {}

    def let_begin(self, run_id: str, properties: Mapping[str, str] | None) -> bool:
        """Whether all that this run is to follow have completed; else it is noted, for `settle`."""
        named = (properties or {}).get(AFTER, "")
        for number in (int(word) for word in named.split() if word.isdigit()):
            status = self._status(number)
            if status == RunStatus.COMPLETED.value:
                continue
            if status in {end.value for end in TERMINAL} or status == _GONE:
                end = RunStatus.CANCELED if status == RunStatus.CANCELED.value else RunStatus.FAILED
                self._held[run_id] = _Held(
                    f"It was to start after run #{number}, which {_ENDS.get(status, 'is gone')}.", end
                )
            else:
                self._held[run_id] = _Held(f"starts after run #{number}")
            return False
        return True

    def settle(self) -> None:
        """Say of the runs that were held what they wait for, and end those that will never begin."""
        for run_id, held in self._held.items():
            if held.end is None:
                set_waiting(self._c, run_id, held.words)
            else:
                error = RunError(code="predecessor_ended", message=held.words)
                move_run(self._c, run_id, held.end, expected=RunStatus.QUEUED, error=error)

    def _status(self, number: int) -> str:
        if number not in self._statuses:
            found = self._c.scalar(select(runs.c.status).where(runs.c.number == number))
            self._statuses[number] = _GONE if found is None else str(found)
        return self._statuses[number]


_ENDS = {RunStatus.FAILED.value: "failed", RunStatus.CANCELED.value: "was canceled"}

"""The queue as one dispatcher sees it: what it may claim, and what the others are told that they wait for."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.following import Follower
from jupyter_mlws.domain.compute import paused_words
from jupyter_mlws.domain.run import NOT_SUBMITTED, Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store.dispatchers import owner_name
from jupyter_mlws.store.interactive import claim_started, has_started
from jupyter_mlws.store.pauses import is_paused
from jupyter_mlws.store.runs import claim_queued, runs_in, set_waiting
from jupyter_mlws.targets import registry as targets
from jupyter_mlws.targets.base import Target

__all__ = ["Queue"]

_log = logging.getLogger(__name__)

# The front of the queue is told what it waits for; behind it that would be churn.
_TOLD_WAITING = 8
_LONGEST = 200


class Queue:
    """What waits for the targets of a place.

    Parameters
    ----------
    context : Context
    followers : mapping
        Those of the runs under way, by the runs' ids; kept by the dispatcher.

    Attributes
    ----------
    has_waited : bool
        Whether there was ever a run for which there was no room.
    """

    def __init__(self, context: Context, followers: Mapping[str, Follower]) -> None:
        self.has_waited = False
        self._said: dict[str, str] = {}
        self._context = context
        self._followers = followers

    def claim(self, name: str) -> Iterator[tuple[Run, Target]]:
        """Claim what the target of this name has room for; each run is to be followed before the next is asked for."""
        context = self._context
        host = context.host if name == "local" else None
        if name != "local" and not self._has_queued(name):
            return  # nothing is asked of an engine that nobody uses
        target = targets.get(name)
        slots = cache(lambda: (context.settings.local_slots if name == "local" else 0) or target.describe().slots)
        # One after the other: what one takes decides whether there is room for the next.
        while True:
            obstacle = self._pause_of(name, host) or self._obstacle(target, name, slots)
            if obstacle:
                self._tell_waiting(name, host, obstacle)
                return
            with context.write() as c:
                claimed = claim_queued(c, host=host, user=context.user, owner=self._owner(), limit=1, target=name)
            if not claimed:
                return
            faults.point("dispatcher.claimed")
            yield claimed[0], target

    def started(self) -> list[Run]:
        """Claim the runs that log from processes which are there already."""
        context = self._context
        with context.store.read() as c:
            if not has_started(c, user=context.user, host=context.host):
                return []
        with context.write() as c:
            started = claim_started(c, user=context.user, host=context.host, owner=self._owner())
        faults.point("dispatcher.joined")
        return list(started)

    def _owner(self) -> str:
        return owner_name(self._context.host, os.getpid(), self._context.turn.number)

    def _pause_of(self, name: str, host: str | None) -> str:
        """What to tell those that wait where somebody has paused the target; else ''."""
        with self._context.store.read() as c:
            return paused_words(name) if is_paused(c, name, user=self._context.user, host=host) else ""

    def _obstacle(self, target: Target, name: str, slots: Callable[[], int]) -> str:
        """Why no further run can start there; a target that cannot be asked holds up its own runs and no others."""
        running = self._running(name)
        try:
            obstacle = target.obstacle(len(running)) if len(running) < slots() else _behind(running, name)
        except Exception as error:  # noqa: BLE001 - a target may be anybody's
            said = str(error) or type(error).__name__
            if said != self._said.get(name):
                _log.warning("The compute target %s cannot be asked: %s", name, said)
            self._said[name] = said
            return f"waiting for {name}: {said}"[:_LONGEST]
        self._said.pop(name, None)  # what it says the next time is news
        return obstacle

    def _has_queued(self, name: str) -> bool:
        with self._context.store.read() as c:
            return bool(runs_in(c, {RunStatus.QUEUED}, user=self._context.user, target=name, limit=1))

    def _running(self, name: str) -> list[int]:
        followers = (follower.run_record for follower in self._followers.values())
        # What logs from a process of somebody's own takes no slot.
        return sorted(run.number for run in followers if run.compute_target == name and run.kind not in NOT_SUBMITTED)

    def _tell_waiting(self, name: str, host: str | None, text: str) -> None:
        context = self._context
        with context.store.read() as c:
            queued = runs_in(c, {RunStatus.QUEUED}, host=host, user=context.user, target=name, limit=_TOLD_WAITING)
        self.has_waited = self.has_waited or bool(queued)
        silent = [run for run in queued if run.waiting_for != text]
        if silent:
            with context.write() as c:
                for run in silent:
                    set_waiting(c, run.id, text)


def _behind(numbers: list[int], name: str) -> str:
    shown = ", ".join(f"#{number}" for number in numbers[:3])
    return f"behind {shown}{' and others' if len(numbers) > 3 else ''} on {name}"

"""What a live run waits for beyond its place in the queue: a dispatcher that does not start, a disk that is full.

Neither can be written into the record (the disk may be the database's own), so it is asked for whenever somebody looks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.compute import paused_words
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import TERMINAL, RunStatus
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.services.context import Context

__all__ = ["HeldUp"]

# A dispatcher is not asked more often than this; one that is slow to answer, far less often.
_FRESH_S = 0.5
_SLOW_S = 0.5
_SPARED_S = 10.0
# A dispatcher that was just woken takes a moment to come up.
_STARTING_S = 10.0


class HeldUp:
    """Fills `waiting_for` of live runs from what the dispatcher says, or said last."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state: DispatcherState | None = None
        self._good_until = 0.0

    def tell(self, runs: Sequence[Run]) -> tuple[Run, ...]:
        """The runs, with what holds them up."""
        context = self._context
        live = [run for run in runs if run.status not in TERMINAL]
        ours = {run.id for run in live if (run.host, run.user) == (context.host, context.user)}
        if not ours:
            return tuple(runs)
        state = self._ask()
        return tuple(_told(run, state) if run.id in ours else run for run in runs)

    def _ask(self) -> DispatcherState:
        began = time.monotonic()
        state = self._state
        if state is None or began >= self._good_until:
            state = self._state = self._context.wake.state()
            took = time.monotonic() - began
            self._good_until = began + took + (_SPARED_S if took > _SLOW_S else _FRESH_S)
        return state


def _told(run: Run, state: DispatcherState) -> Run:
    queued = run.status is RunStatus.QUEUED
    if queued and run.waiting_for == paused_words(run.compute_target):
        return run  # no dispatcher would help
    if state.alive:
        trouble = state.troubles.get(run.id) or (state.troubles.get("", "") if queued else "")
        return replace(run, waiting_for=trouble) if trouble else run
    if state.message:
        words = "waits for the dispatcher, which did not start" if queued else "the dispatcher that follows it failed"
        return replace(run, waiting_for=f"{words}: {state.sentence}")
    if queued and (now() - run.created_at).total_seconds() > _STARTING_S:
        return replace(run, waiting_for="waits for a dispatcher, and none is running; %runs or mlws doctor starts it")
    return run

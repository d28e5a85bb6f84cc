"""The states of a run and the one table of moves between them."""

from __future__ import annotations

from enum import Enum

__all__ = ["ALLOWED", "LIVE", "ON_TARGET", "TERMINAL", "RunStatus", "can_move", "worst"]


class RunStatus(str, Enum):
    """State of a run, with the words of a classic cloud ML workspace."""

    NOT_STARTED = "NotStarted"
    QUEUED = "Queued"
    PROVISIONING = "Provisioning"
    PREPARING = "Preparing"
    RUNNING = "Running"
    FINALIZING = "Finalizing"
    CANCEL_REQUESTED = "CancelRequested"
    NOT_RESPONDING = "NotResponding"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"

    def __str__(self) -> str:
        return self.value

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended for good."""
        return self in TERMINAL


_S = RunStatus
TERMINAL = frozenset({_S.COMPLETED, _S.FAILED, _S.CANCELED})
LIVE = frozenset(_S) - TERMINAL
# A process of ours may exist for these.
ON_TARGET = frozenset(
    {_S.PROVISIONING, _S.PREPARING, _S.RUNNING, _S.FINALIZING, _S.CANCEL_REQUESTED, _S.NOT_RESPONDING}
)

ALLOWED: dict[RunStatus, frozenset[RunStatus]] = {
    _S.NOT_STARTED: frozenset({_S.QUEUED, _S.RUNNING, _S.CANCELED, _S.FAILED}),
    _S.QUEUED: frozenset({_S.PROVISIONING, _S.PREPARING, _S.RUNNING, _S.CANCELED, _S.CANCEL_REQUESTED, _S.FAILED}),
    _S.PROVISIONING: frozenset({_S.PREPARING, _S.QUEUED, _S.RUNNING, _S.CANCEL_REQUESTED, _S.FAILED}),
    _S.PREPARING: frozenset({_S.QUEUED, _S.RUNNING, _S.FINALIZING, _S.CANCEL_REQUESTED, _S.NOT_RESPONDING, _S.FAILED}),
    _S.RUNNING: frozenset({_S.FINALIZING, _S.NOT_RESPONDING, _S.CANCEL_REQUESTED, _S.COMPLETED, _S.FAILED}),
    _S.NOT_RESPONDING: frozenset({_S.RUNNING, _S.CANCEL_REQUESTED, _S.FINALIZING, _S.FAILED}),
    _S.CANCEL_REQUESTED: frozenset({_S.CANCELED, _S.COMPLETED, _S.FAILED}),
    _S.FINALIZING: frozenset({_S.CANCEL_REQUESTED, _S.COMPLETED, _S.FAILED, _S.CANCELED}),
    _S.COMPLETED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELED: frozenset(),
}


def can_move(old: RunStatus, new: RunStatus) -> bool:
    """Whether a run in state `old` may go to state `new`; terminal states absorb."""
    return new in ALLOWED[old]


# From best to worst for the parent of a sweep: it goes on while any child does, then shows the worst end.
_RANK = [
    _S.COMPLETED,
    _S.CANCELED,
    _S.FAILED,
    _S.NOT_STARTED,
    _S.QUEUED,
    _S.PROVISIONING,
    _S.PREPARING,
    _S.FINALIZING,
    _S.RUNNING,
    _S.CANCEL_REQUESTED,
    _S.NOT_RESPONDING,
]


def worst(statuses: list[RunStatus]) -> RunStatus:
    """Status of a parent with children in these states; Completed when there are none."""
    return max(statuses, key=_RANK.index, default=_S.COMPLETED)

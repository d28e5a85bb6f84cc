"""The states of a run and the one table of moves between them."""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["ALLOWED", "BEGUN", "LIVE", "ON_TARGET", "TERMINAL", "RunStatus", "can_move", "of_children"]


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


# From best to worst, for the parent of a sweep: its end, and how far it has come while none of its children runs.
_WORST_END = (_S.FAILED, _S.CANCELED)
_FURTHEST = (_S.PREPARING, _S.PROVISIONING, _S.QUEUED, _S.NOT_STARTED)
_ENDING = frozenset({_S.FINALIZING, _S.CANCEL_REQUESTED})
# The script has been started, for certain.
BEGUN = frozenset({_S.RUNNING, _S.FINALIZING, _S.NOT_RESPONDING, _S.COMPLETED})


def of_children(statuses: Collection[RunStatus], *, begun: bool) -> RunStatus:
    """Status of the parent of a sweep, from those of its children.

    It shows the worst end once all have ended; CancelRequested or Finalizing once this is so for all that live, so
    that it never comes back from there; and while others are still to come it is Running from the first child's start
    on, or NotResponding while one of them is. So it goes along the table like any other run.

    Parameters
    ----------
    statuses : collection of RunStatus
    begun : bool
        Whether the parent has been in one of `BEGUN`.
    """
    live = set(statuses) - TERMINAL
    if not live:
        return next((end for end in _WORST_END if end in statuses), _S.COMPLETED)
    if live <= _ENDING:
        return _S.FINALIZING if _S.FINALIZING in live else _S.CANCEL_REQUESTED
    if _S.NOT_RESPONDING in live:
        return _S.NOT_RESPONDING
    if begun or BEGUN & set(statuses):
        return _S.RUNNING
    return next(status for status in _FURTHEST if status in live)

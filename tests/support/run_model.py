"""The states of a run, spelled a second time from docs/run-lifecycle.md: what the implementation is held against.

Nothing here imports the table of `jupyter_mlws.domain.status`.
"""

from __future__ import annotations

from functools import cache

__all__ = ["ENDS", "MOVES", "STATES", "can_get", "parent_of"]

MOVES = {
    # Before anything of it runs. Whoever cancels what waits ends it at once.
    "NotStarted": {"Queued", "Running", "Canceled", "Failed"},
    "Queued": {"Provisioning", "Preparing", "Running", "CancelRequested", "Canceled", "Failed"},
    # Claimed: it goes on, goes back into the queue, fails, or is asked to end.
    "Provisioning": {"Preparing", "Queued", "Running", "CancelRequested", "Failed"},
    "Preparing": {"Running", "Queued", "Finalizing", "NotResponding", "CancelRequested", "Failed"},
    # The script runs. A missing heartbeat makes NotResponding, its return Running.
    "Running": {"Finalizing", "NotResponding", "CancelRequested", "Completed", "Failed"},
    "NotResponding": {"Running", "Finalizing", "CancelRequested", "Failed"},
    # From the wish for its end there is no way back, and from the script's end none either.
    "CancelRequested": {"Completed", "Failed", "Canceled"},
    "Finalizing": {"CancelRequested", "Completed", "Failed", "Canceled"},
    "Completed": set(),
    "Failed": set(),
    "Canceled": set(),
}
STATES = tuple(MOVES)
ENDS = {"Completed", "Failed", "Canceled"}


@cache
def can_get(old: str, new: str, moves: int) -> bool:
    """Whether exactly so many moves lead from `old` to `new`."""
    if moves == 0:
        return old == new
    return any(can_get(between, new, moves - 1) for between in MOVES[old])


def parent_of(children: list[str], has_begun: bool) -> str:
    """What the parent of a sweep shows: see docs/run-lifecycle.md, "Sweeps"."""
    living = [status for status in children if status not in ENDS]
    if not living:
        for end in ("Failed", "Canceled"):
            if end in children:
                return end
        return "Completed"
    if all(status in ("Finalizing", "CancelRequested") for status in living):
        return "Finalizing" if "Finalizing" in living else "CancelRequested"
    if "NotResponding" in living:
        return "NotResponding"
    if has_begun or any(status in ("Running", "Finalizing", "Completed") for status in children):
        return "Running"
    return next(status for status in ("Preparing", "Provisioning", "Queued", "NotStarted") if status in living)

"""Who takes a queued run: claim and state change are one step, in one transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import LIVE, ON_TARGET, RunStatus
from jupyter_mlws.store import changes, pauses
from jupyter_mlws.store.predecessors import Predecessors
from jupyter_mlws.store.run_states import follow_children, load_run, move_run, moved, values_of
from jupyter_mlws.store.tables import runs

__all__ = ["claim_queued", "hand_back"]


def claim_queued(
    c: Connection, *, user: str, owner: str, limit: int, target: str, host: str | None = None
) -> list[Run]:
    """Claim the oldest queued runs of a target for one dispatcher.

    Each is Preparing, with a new attempt, when this commits.

    Parameters
    ----------
    c : Connection
        Of a write transaction: claim and state change are one step, so a run is claimed once and a canceled one never.
    user : str
        Only what this user submitted.
    owner : str
        Who claims (the dispatcher's identity); kept with the run.
    limit : int
        At most so many, as many as there are free slots.
    target : str
    host : str, optional
        Only what was submitted on this machine (the local target).

    Returns
    -------
    list of Run
        None while the target is paused.
    """
    if pauses.is_paused(c, target, user=user, host=host):
        return []
    chosen = _choose(c, _queue(c, user, target, host), limit)
    at = now()
    values = moved(RunStatus.PREPARING, at) | {"owner": owner, "claimed_at": at, "attempt": runs.c.attempt + 1}
    claim = update(runs).where(runs.c.status == RunStatus.QUEUED.value).values(**values)
    # A run that was canceled, or claimed by another one, since we chose it is not ours.
    chosen = [run_id for run_id in chosen if c.execute(claim.where(runs.c.id == run_id)).rowcount]
    changes.note_many(c, "run", chosen)
    claimed = [load_run(c, run_id) for run_id in chosen]
    for parent_id in {run.parent_id for run in claimed if run.parent_id}:
        follow_children(c, parent_id)
    return claimed


def _queue(c: Connection, user: str, target: str, host: str | None) -> Any:
    query = select(runs.c.id, runs.c.parent_number, runs.c.properties).where(
        runs.c.status == RunStatus.QUEUED.value,
        runs.c.kind != "sweep",
        runs.c.user == user,
        runs.c.compute_target == target,
    )
    if host is not None:
        query = query.where(runs.c.host == host)
    return query.order_by(runs.c.number)


def _choose(c: Connection, query: Any, limit: int) -> list[str]:
    """First come, first served.

    A sweep with a limit of its own lets others pass while it is at that limit, and so does a run that is to follow one
    which has not ended.
    """
    room = _room_in_sweeps(c)
    full = [number for number, free in room.items() if free <= 0]
    if full:
        query = query.where(runs.c.parent_number.is_(None) | runs.c.parent_number.not_in(full))
    chosen: list[str] = []
    predecessors = Predecessors(c)
    with c.execute(query.execution_options(yield_per=200)) as rows:
        for run_id, parent, properties in rows:
            if len(chosen) >= limit:
                break
            if room.get(parent, 1) <= 0 or not predecessors.let_begin(run_id, properties):
                continue
            if parent in room:
                room[parent] -= 1
            chosen.append(run_id)
    predecessors.settle()
    return chosen


def _room_in_sweeps(c: Connection) -> dict[int, int]:
    """How many more children each live sweep with a limit may have on a target."""
    children = runs.alias("children")
    busy = (
        select(func.count())
        .where(children.c.parent_number == runs.c.number, children.c.status.in_(values_of(ON_TARGET)))
        .scalar_subquery()
    )
    query = select(runs.c.number, runs.c.parallel, busy).where(
        runs.c.status.in_(values_of(LIVE)), runs.c.kind == "sweep", runs.c.parallel.is_not(None)
    )
    return {number: parallel - count for number, parallel, count in c.execute(query)}


def hand_back(c: Connection, run_id: str, *, waiting_for: str = "") -> Run | None:
    """Put a claimed run that has not started back into the queue; None when it is no longer Preparing."""
    run = move_run(c, run_id, RunStatus.QUEUED, expected=(RunStatus.PREPARING, RunStatus.PROVISIONING))
    if run is not None:
        c.execute(update(runs).where(runs.c.id == run_id).values(owner="", waiting_for=waiting_for))
    return run

"""Who is on a target, and who waits for it behind whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from jupyter_mlws.domain.compute import ComputeQueue, WaitingRun
from jupyter_mlws.domain.status import ON_TARGET, RunStatus
from jupyter_mlws.store.run_states import on_targets, values_of
from jupyter_mlws.store.tables import experiments, runs

__all__ = ["queue_of"]


def queue_of(c: Connection, target: str, limit: int, *, host: str | None = None) -> ComputeQueue:
    """The runs on a target, and the first `limit` that wait for it, in the order in which they are taken.

    Parameters
    ----------
    host : str, optional
        For the local target, which each machine has for itself.
    """
    running = _of(target, ON_TARGET, host)
    waiting = _of(target, {RunStatus.QUEUED}, host)
    shown = _found(c, waiting, limit)
    count = c.scalar(select(func.count()).select_from(runs).where(*waiting)) or 0
    before = [None, *(row.number for row in shown)]
    return ComputeQueue(
        name=target,
        running=tuple(_told(row, None) for row in _found(c, running, limit)),
        waiting=tuple(_told(row, number) for row, number in zip(shown, before, strict=False)),
        more=max(0, count - len(shown)),
    )


def _of(target: str, statuses: Collection[RunStatus], host: str | None) -> list[Any]:
    wanted = [runs.c.compute_target == target, runs.c.status.in_(values_of(statuses)), on_targets()]
    return wanted if host is None else [*wanted, runs.c.host == host]


def _found(c: Connection, wanted: list[Any], limit: int) -> Sequence[Any]:
    columns = ("id", "number", "display_name", "status", "user", "created_at", "started_at", "waiting_for")
    query = select(*(runs.c[name] for name in columns), experiments.c.name.label("experiment"))
    query = query.join(experiments, experiments.c.id == runs.c.experiment_id).where(*wanted)
    return c.execute(query.order_by(runs.c.number).limit(limit)).all()


def _told(row: Any, behind: int | None) -> WaitingRun:
    return WaitingRun(
        id=row.id,
        number=row.number,
        experiment=row.experiment,
        display_name=row.display_name,
        status=RunStatus(row.status),
        user=row.user,
        created_at=row.created_at,
        started_at=row.started_at,
        behind=behind,
        waiting_for=row.waiting_for,
    )

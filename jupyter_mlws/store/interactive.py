"""Runs that no dispatcher starts: recorded as Running, and taken up by the dispatcher of their user and machine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.interactive import INTERACTIVE, OFFLINE
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.status import ON_TARGET, RunStatus
from jupyter_mlws.store import changes
from jupyter_mlws.store.run_record import load_runs, run_query
from jupyter_mlws.store.run_states import values_of
from jupyter_mlws.store.runs import create_run, get_run
from jupyter_mlws.store.tables import runs

__all__ = ["claim_started", "start_run"]


def start_run(
    c: Connection,
    submission: RunSubmission,
    *,
    run_id: str,
    user: str,
    host: str,
    properties: dict[str, str] | None = None,
    started_at: datetime | None = None,
) -> Run:
    """Record a run that is Running in a process that is there already; `started_at` is now by default."""
    create_run(c, submission, run_id=run_id, user=user, host=host, status=RunStatus.RUNNING)
    at = now()
    values: dict[str, Any] = {"properties": properties} if properties else {}
    if started_at is not None:
        # A clock of another machine must not make a run begin before it was recorded.
        values |= {"created_at": min(started_at, at), "started_at": min(started_at, at)}
    if values:
        c.execute(update(runs).where(runs.c.id == run_id).values(**values))
        changes.note(c, "run", run_id)
    return get_run(c, run_id)


def claim_started(c: Connection, *, user: str, host: str, owner: str) -> list[Run]:
    """The interactive runs of this user and machine that no dispatcher follows yet; from now on `owner` does."""
    query = run_query().where(
        runs.c.status.in_(values_of(ON_TARGET)),
        runs.c.kind == INTERACTIVE,
        runs.c.user == user,
        runs.c.host == host,
        runs.c.owner == "",
    )
    found = load_runs(c, c.execute(query.order_by(runs.c.number)).all(), 0)
    if found:
        at = now()
        wanted = [run.id for run in found]
        c.execute(update(runs).where(runs.c.id.in_(wanted), runs.c.owner == "").values(owner=owner, claimed_at=at))
    return found


def has_started(c: Connection, *, user: str, host: str) -> bool:
    """Whether there is anything for `claim_started`, without a write."""
    query = select(runs.c.number).where(
        runs.c.status.in_(values_of(ON_TARGET)),
        runs.c.kind == INTERACTIVE,
        runs.c.user == user,
        runs.c.host == host,
        runs.c.owner == "",
    )
    return c.execute(query.limit(1)).first() is not None


def unfinished_imports(c: Connection, *, user: str) -> list[str]:
    """Ids of the imported runs of this user whose end is not known yet."""
    query = select(runs.c.id).where(
        runs.c.status.in_(values_of(ON_TARGET)), runs.c.kind == OFFLINE, runs.c.user == user
    )
    return list(c.scalars(query))

"""The states of runs: every move is one compare-and-set along the table of `jupyter_mlws.domain.status`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select, update

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Run, RunError
from jupyter_mlws.domain.status import ALLOWED, BEGUN, TERMINAL, RunStatus, can_move, of_children
from jupyter_mlws.store import changes
from jupyter_mlws.store.run_record import load_runs, run_query
from jupyter_mlws.store.tables import runs
from jupyter_mlws.store.types import Moment

__all__ = [
    "MAX_WARNINGS",
    "add_warnings",
    "cancel_run",
    "count_by_target",
    "count_ended_children",
    "end_runs",
    "follow_children",
    "load_run",
    "move_run",
    "moved",
    "on_targets",
    "runs_in",
    "set_waiting",
    "values_of",
]

MAX_WARNINGS = 100
_FROM = {new: frozenset(old for old, allowed in ALLOWED.items() if new in allowed) for new in RunStatus}
# Still without a process of ours: a cancel ends them at once.
_WAITING = frozenset({RunStatus.NOT_STARTED, RunStatus.QUEUED})
_WITHOUT_PROCESS = ("sweep", "child", "offline")


def values_of(statuses: Collection[RunStatus]) -> list[str]:
    """Statuses as they are stored, in an order that makes equal questions equal text."""
    return sorted(status.value for status in statuses)


def moved(new: RunStatus, at: datetime) -> dict[str, Any]:
    """What a move to `new` sets besides the error and the warnings."""
    values: dict[str, Any] = {"status": new.value, "status_sequence": runs.c.status_sequence + 1}
    if new is not RunStatus.QUEUED:
        values["waiting_for"] = ""
    if new is RunStatus.RUNNING:
        values["started_at"] = func.coalesce(runs.c.started_at, literal(at, Moment))
    if new in TERMINAL:
        # A clock that was set back must not make a run end before it began.
        values["ended_at"] = case((runs.c.started_at > at, runs.c.started_at), else_=literal(at, Moment))
    return values


def move_run(
    c: Connection,
    run_id: str,
    new: RunStatus,
    *,
    expected: RunStatus | Collection[RunStatus] | None = None,
    sequence: int | None = None,
    error: RunError | None = None,
    at: datetime | None = None,
    warnings: Sequence[str] = (),
) -> Run | None:
    """Move a run to another state, if the table of moves allows it.

    Parameters
    ----------
    c : Connection
        Of a write transaction.
    run_id : str
    new : RunStatus
    expected : RunStatus or collection of them, optional
        Move only from these.
    sequence : int, optional
        Move only if nobody has moved the run since its `status_sequence` was this.
    error : RunError, optional
        Why it failed.
    at : datetime, optional
        When it happened; now by default.
    warnings : sequence of str
        Added to the run's warnings.

    Returns
    -------
    Run or None
        The run as it is now; None when the move was refused, and nothing was changed. The parent of a sweep follows.
    """
    old = _FROM[new]
    if expected is not None:
        old = old & ({expected} if isinstance(expected, RunStatus) else frozenset(expected))
    statement = update(runs).where(runs.c.id == run_id, runs.c.status.in_(values_of(old)))
    if sequence is not None:
        statement = statement.where(runs.c.status_sequence == sequence)
    values = moved(new, at or now())
    if error is not None:
        values["error"] = to_builtins(error)
    if c.execute(statement.values(**values)).rowcount == 0:
        return None
    if warnings:
        add_warnings(c, run_id, warnings)
    changes.note(c, "run", run_id)
    run = load_run(c, run_id)
    if run.kind == "child":
        _count_ended_child(c, run)
    elif run.parent_id is not None:
        follow_children(c, run.parent_id)
    return run


def _count_ended_child(c: Connection, child: Run) -> None:
    """The parent of a child that a script made keeps its own status; it only counts those that have ended."""
    if child.status in TERMINAL and child.parent_id is not None:
        more = {"children_ended": runs.c.children_ended + 1}
        c.execute(update(runs).where(runs.c.id == child.parent_id).values(**more))
        changes.note(c, "run", child.parent_id)


def load_run(c: Connection, run_id: str) -> Run:
    """A run of this id, without its metrics."""
    return load_runs(c, c.execute(run_query().where(runs.c.id == run_id)).all(), 0)[0]


def add_warnings(c: Connection, run_id: str, warnings: Sequence[str]) -> None:
    """Add what a run does not say yet to its warnings; of very many the first are kept."""
    known = c.scalar(select(runs.c.warnings).where(runs.c.id == run_id)) or []
    merged = list(dict.fromkeys([*known, *warnings]))[: max(MAX_WARNINGS, len(known))]
    c.execute(update(runs).where(runs.c.id == run_id).values(warnings=merged))
    changes.note(c, "run", run_id)


def follow_children(c: Connection, parent_id: str) -> None:
    """Give the parent of a sweep the status that its children make together; an ended parent stays as it is.

    The parent runs nothing: it is moved by this alone.
    """
    parent = c.execute(
        select(runs.c.number, runs.c.status, runs.c.children_ended).where(
            runs.c.id == parent_id, runs.c.kind == "sweep"
        )
    ).one_or_none()
    if parent is None or RunStatus(parent.status) in TERMINAL:
        return
    counts = {
        RunStatus(status): count
        for status, count in c.execute(
            select(runs.c.status, func.count()).where(runs.c.parent_number == parent.number).group_by(runs.c.status)
        )
    }
    ended = sum(count for status, count in counts.items() if status in TERMINAL)
    old = RunStatus(parent.status)
    new = of_children(counts, begun=old in BEGUN)
    if new is old and ended == parent.children_ended:
        return
    values = {} if new is old else _followed(parent.number, old, new)
    c.execute(
        update(runs)
        .where(runs.c.number == parent.number, runs.c.status == old.value)
        .values(**values, children_ended=ended)
    )
    changes.note(c, "run", parent_id)


def _followed(number: int, old: RunStatus, new: RunStatus) -> dict[str, Any]:
    values = moved(new, now())
    # What its children did at once may take it two moves of the table on (Running, CancelRequested, Canceled).
    values["status_sequence"] = runs.c.status_sequence + (1 if can_move(old, new) else 2)
    first = select(func.min(runs.c.started_at)).where(runs.c.parent_number == number).scalar_subquery()
    begin = (values["started_at"],) if "started_at" in values else ()
    values["started_at"] = func.coalesce(runs.c.started_at, first, *begin)
    return values


def cancel_run(c: Connection, number: int) -> list[str]:
    """Cancel a run and all its descendants: what waits ends at once, what lives is asked to end.

    Returns
    -------
    list of str
        Ids of the runs that were canceled while they waited.
    """
    family = _family(c, number)
    # The parent of a sweep follows its children; moved by itself it would end before they do.
    own = [row for row in family if row.kind != "sweep" or row.child_count == 0]
    changed = _wish_for_end(c, [row.number for row in own])
    if family[0].kind in ("child", "offline"):
        # Nothing of it has to be ended first: its process is that of its root, or of a machine that nobody asks.
        moved_on = [row for row in own if row.id in changed]
        end_runs(c, [row.number for row in moved_on], RunStatus.CANCELED)
        count_ended_children(c, {row.parent_number for row in moved_on if row.parent_number is not None})
    changes.note_many(c, "run", [row.id for row in own if row.id in changed])
    for parent_id in dict.fromkeys(row.parent_id for row in own if row.id in changed and row.parent_id):
        follow_children(c, parent_id)
    return [row.id for row in own if changed.get(row.id) is RunStatus.CANCELED]


def _wish_for_end(c: Connection, numbers: list[int]) -> dict[str, RunStatus]:
    """Move these runs towards their end, each from where it is at that moment; returns the new status of the moved."""
    at = now()
    waits = runs.c.status.in_(values_of(_WAITING))
    wished = _FROM[RunStatus.CANCEL_REQUESTED] | _WAITING
    # One statement: a run that is claimed, or handed back, meanwhile gets what is right for it then.
    values = moved(RunStatus.CANCELED, at)
    values |= {
        "status": case((waits, RunStatus.CANCELED.value), else_=RunStatus.CANCEL_REQUESTED.value),
        "ended_at": case((waits, values["ended_at"]), else_=runs.c.ended_at),
    }
    statement = update(runs).values(**values).returning(runs.c.id, runs.c.status)
    return {
        run_id: RunStatus(status)
        for part in _parts(numbers)
        for run_id, status in c.execute(
            statement.where(runs.c.number.in_(part), runs.c.status.in_(values_of(wished)))
        ).all()
    }


def _family(c: Connection, number: int) -> list[Any]:
    parents = runs.alias()
    query = select(
        runs.c.number,
        runs.c.id,
        runs.c.kind,
        runs.c.status,
        runs.c.child_count,
        runs.c.parent_number,
        parents.c.id.label("parent_id"),
    ).select_from(runs.outerjoin(parents, runs.c.parent_number == parents.c.number))
    found = list(c.execute(query.where(runs.c.number == number)))
    newest = [number]
    while newest:
        rows = [
            row
            for part in _parts(newest)
            for row in c.execute(query.where(runs.c.parent_number.in_(part)).order_by(runs.c.number))
        ]
        found += rows
        newest = [row.number for row in rows]
    return found


def end_runs(
    c: Connection,
    numbers: Sequence[int],
    new: RunStatus,
    *,
    error: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Move live runs without a process of their own to their end, by the shortest way that the table of moves has."""
    direct = values_of(_FROM[new])
    values = moved(new, at or now())
    # From Running to Canceled it is two moves, the wish for the end being the first.
    values["status_sequence"] = runs.c.status_sequence + case((runs.c.status.in_(direct), 1), else_=2)
    if error is not None:
        values["error"] = error
    live = runs.c.status.not_in(values_of(TERMINAL))
    for part in _parts(list(numbers)):
        c.execute(update(runs).where(runs.c.number.in_(part), live).values(**values))


def count_ended_children(c: Connection, parents: Collection[int]) -> None:
    """Count anew how many children of these runs have ended, and tell whoever looks at them."""
    children = runs.alias("children")
    ended = (
        select(func.count())
        .where(children.c.parent_number == runs.c.number, children.c.status.in_(values_of(TERMINAL)))
        .scalar_subquery()
    )
    for part in _parts(sorted(parents)):
        counted = update(runs).where(runs.c.number.in_(part)).values(children_ended=ended).returning(runs.c.id)
        changes.note_many(c, "run", list(c.scalars(counted)))


def _parts(numbers: list[int], size: int = 5000) -> list[list[int]]:
    return [numbers[i : i + size] for i in range(0, len(numbers), size)]


def set_waiting(c: Connection, run_id: str, text: str) -> None:
    """Say what a run waits for that has not started."""
    before = [status.value for status in (RunStatus.QUEUED, RunStatus.PROVISIONING, RunStatus.PREPARING)]
    changed = c.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.status.in_(before), runs.c.waiting_for != text)
        .values(waiting_for=text)
    )
    if changed.rowcount:
        changes.note(c, "run", run_id)


def runs_in(
    c: Connection,
    statuses: Collection[RunStatus],
    *,
    host: str | None = None,
    user: str | None = None,
    target: str | None = None,
    limit: int | None = None,
) -> list[Run]:
    """Runs in these states, oldest first and at most `limit`: those with a process of their own.

    The parent of a sweep has none, nor a child that a script has made, nor what was recorded offline.
    """
    query = run_query().where(runs.c.status.in_(values_of(statuses)), runs.c.kind.not_in(_WITHOUT_PROCESS))
    for column, value in ((runs.c.host, host), (runs.c.user, user), (runs.c.compute_target, target)):
        if value is not None:
            query = query.where(column == value)
    return load_runs(c, c.execute(query.order_by(runs.c.number).limit(limit)).all(), 0)


def on_targets() -> ColumnElement[bool]:
    """The condition that leaves out runs which have no process on a target."""
    return runs.c.kind.not_in((*_WITHOUT_PROCESS, "interactive"))


def count_by_target(c: Connection, statuses: Collection[RunStatus]) -> dict[str, int]:
    """How many runs of each target are in these states, those left out that have no process on it."""
    query = (
        select(runs.c.compute_target, func.count())
        .where(runs.c.status.in_(values_of(statuses)), on_targets())
        .group_by(runs.c.compute_target)
    )
    return dict(c.execute(query).all())

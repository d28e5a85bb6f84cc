"""Runs on their way into the trash and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, literal, or_, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import LIVE, TERMINAL, RunStatus
from jupyter_mlws.errors import WrongState
from jupyter_mlws.store import changes, experiments
from jupyter_mlws.store.deleted import PURGED, not_deleted
from jupyter_mlws.store.experiment_trash import first_name
from jupyter_mlws.store.run_families import family, in_parts
from jupyter_mlws.store.runs import get_run, missing_run, named_run
from jupyter_mlws.store.tables import deleted_runs, runs
from jupyter_mlws.store.tables import experiments as experiment_table
from jupyter_mlws.store.types import Moment

__all__ = ["DeletedRun", "delete_run", "deleted_with", "foresee_run", "is_root", "restore_run", "run_count_of"]


class DeletedRun(NamedTuple):
    """A run that is in the trash: since when, and how many went with it, itself included."""

    id: str
    number: int
    deleted_at: datetime
    run_count: int


def delete_run(c: Connection, run: str) -> DeletedRun:
    """Put a run and its descendants into the trash; one that is there stays as it is.

    Raises
    ------
    NotFound, WrongState
    """
    found = _find(c, run)
    rows = family(c, (found.number,))
    if found.deleted_at is not None:
        return DeletedRun(found.id, found.number, found.deleted_at, len(_went_at(c, rows, found.deleted_at)))
    _refuse_living(c, found, rows)
    at = now()
    numbers = _visible(c, [row.number for row in rows])
    for part in in_parts(numbers):
        source = select(runs.c.number, literal(at, Moment)).where(runs.c.number.in_(part))
        c.execute(insert(deleted_runs).from_select(["run_number", "deleted_at"], source))
    _count(c, found, -1, -len(numbers))
    _note(c, [row.id for row in rows], found.experiment_id)
    return DeletedRun(found.id, found.number, at, len(numbers))


def foresee_run(c: Connection, run: str) -> tuple[DeletedRun, list[int]]:
    """What `delete_run` would answer at this moment, and the numbers of the runs that would go.

    Raises
    ------
    NotFound, WrongState
    """
    found = _find(c, run)
    rows = family(c, (found.number,))
    if found.deleted_at is not None:
        numbers = _went_at(c, rows, found.deleted_at)
        return DeletedRun(found.id, found.number, found.deleted_at, len(numbers)), numbers
    _refuse_living(c, found, rows)
    numbers = _visible(c, [row.number for row in rows])
    return DeletedRun(found.id, found.number, now(), len(numbers)), numbers


def _find(c: Connection, run: str) -> Any:
    """A run wherever it is, unless it has left the trash for good."""
    query = (
        select(
            runs.c.number,
            runs.c.id,
            runs.c.status,
            runs.c.parent_number,
            runs.c.experiment_id,
            deleted_runs.c.deleted_at,
            deleted_runs.c.experiment_id.label("with_experiment"),
        )
        .select_from(runs.outerjoin(deleted_runs, deleted_runs.c.run_number == runs.c.number))
        .where(named_run(run))
    )
    found = c.execute(query).one_or_none()
    if found is None or found.deleted_at == PURGED:
        raise missing_run(run)
    return found


def _refuse_living(c: Connection, found: Any, rows: Sequence[Any]) -> None:
    living = next((row for row in rows if RunStatus(row.status) in LIVE), None)
    if living is not None:
        raise WrongState(
            f"Run #{living.number} is {living.status}, and what lives is not deleted.",
            hint=f"Cancel it first: mlws run cancel {living.number}.",
            details={"run": living.id, "status": living.status},
        )
    # Of whatever depth: the process of a root may still write for all that is below it.
    above = found.parent_number
    while above is not None:
        run = c.execute(
            select(runs.c.number, runs.c.id, runs.c.status, runs.c.parent_number).where(runs.c.number == above)
        ).one()
        if RunStatus(run.status) in LIVE:
            raise WrongState(
                f"Run #{found.number} belongs to #{run.number}, which is {run.status}.",
                hint=f"Wait for its end, or cancel it: mlws run cancel {run.number}.",
                details={"run": run.id, "status": run.status},
            )
        above = run.parent_number


def _visible(c: Connection, numbers: Sequence[int]) -> list[int]:
    return [
        number
        for part in in_parts(numbers)
        for number in c.scalars(select(runs.c.number).where(runs.c.number.in_(part), not_deleted()))
    ]


def _went_at(c: Connection, rows: Sequence[Any], at: datetime) -> list[int]:
    """Those of a family that went into the trash at this time, for themselves."""
    return [
        number
        for part in in_parts([row.number for row in rows])
        for number in c.scalars(
            select(deleted_runs.c.run_number).where(
                deleted_runs.c.run_number.in_(part), deleted_runs.c.deleted_at == at
            )
        )
    ]


def _count(c: Connection, found: Any, children: int, all_runs: int) -> None:
    """Count the runs of the experiment, and the children of the parent, by what can be seen of them."""
    experiments.count_runs(c, found.experiment_id, all_runs)
    if found.parent_number is not None:
        ended = children if RunStatus(found.status) in TERMINAL else 0
        values = {"child_count": runs.c.child_count + children, "children_ended": runs.c.children_ended + ended}
        c.execute(update(runs).where(runs.c.number == found.parent_number).values(**values))
        parent_id = c.scalar(select(runs.c.id).where(runs.c.number == found.parent_number))
        assert parent_id is not None
        changes.note(c, "run", parent_id)


def _note(c: Connection, run_ids: Sequence[str], experiment_id: int) -> None:
    changes.note_many(c, "run", run_ids)
    name = c.scalar(select(experiment_table.c.name).where(experiment_table.c.id == experiment_id))
    assert name is not None
    changes.note(c, "experiment", first_name(name))


def restore_run(c: Connection, run: str) -> Run:
    """Take a run, and the descendants that went with it, out of the trash; one that is not there stays as it is.

    Raises
    ------
    NotFound, WrongState
    """
    found = _find(c, run)
    if found.deleted_at is None:
        return get_run(c, found.id)
    _refuse_below_deleted(c, found)
    rows = family(c, (found.number,))
    numbers = _went_at(c, rows, found.deleted_at)
    for part in in_parts(numbers):
        c.execute(delete(deleted_runs).where(deleted_runs.c.run_number.in_(part)))
    _count(c, found, 1, len(numbers))
    _note(c, [row.id for row in rows], found.experiment_id)
    return get_run(c, found.id)


def _refuse_below_deleted(c: Connection, found: Any) -> None:
    row = c.execute(
        select(experiment_table.c.name, experiment_table.c.deleted_at).where(
            experiment_table.c.id == found.experiment_id
        )
    ).one()
    if row.deleted_at is not None:
        name = first_name(row.name)
        raise WrongState(
            f"The experiment {name} of run #{found.number} is in the trash.",
            hint=f"Restore it: mlws experiments restore {name}.",
        )
    if found.parent_number is None:
        return
    parent = c.scalar(select(deleted_runs.c.run_number).where(deleted_runs.c.run_number == found.parent_number))
    if parent is not None:
        raise WrongState(
            f"Run #{found.number} belongs to #{parent}, which is in the trash.",
            hint=f"Restore that: mlws run restore {parent}.",
        )


def is_root() -> ColumnElement[bool]:
    """The condition on a row of `deleted_runs`, joined with its run, that it went for itself."""
    above = deleted_runs.alias("above")
    with_parent = exists().where(
        and_(above.c.run_number == runs.c.parent_number, above.c.deleted_at == deleted_runs.c.deleted_at)
    )
    return and_(deleted_runs.c.experiment_id.is_(None), or_(runs.c.parent_number.is_(None), ~with_parent))


def run_count_of(c: Connection, number: int, deleted_at: datetime) -> int:
    """How many runs went into the trash with this one, itself included."""
    return len(_went_at(c, family(c, (number,)), deleted_at))


def deleted_with(c: Connection, gone: DeletedRun) -> list[int]:
    """The numbers of all runs that went into the trash with this one, itself included."""
    return _went_at(c, family(c, (gone.number,)), gone.deleted_at)

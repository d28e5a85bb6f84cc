"""Whole experiments on their way into the trash and back.

A deleted experiment gives its name away at once: in the table it is called ``digits (deleted 7)``, which no experiment
can be named.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, null, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.experiment import Experiment
from jupyter_mlws.domain.status import LIVE
from jupyter_mlws.errors import AlreadyExists, NotFound, WrongState
from jupyter_mlws.store import changes, experiments
from jupyter_mlws.store.deleted import PURGED, not_deleted
from jupyter_mlws.store.run_families import in_parts
from jupyter_mlws.store.run_states import values_of
from jupyter_mlws.store.tables import deleted_runs, runs
from jupyter_mlws.store.tables import experiments as table
from jupyter_mlws.store.types import BIG, Moment

__all__ = ["DeletedExperiment", "delete_experiment", "deleted_with", "find_deleted", "first_name", "restore_experiment"]

_GIVEN_AWAY = re.compile(r" \(deleted [0-9]+\)\Z")


class DeletedExperiment(NamedTuple):
    """An experiment in the trash: since when, and how many runs went with it."""

    id: int
    name: str
    deleted_at: datetime
    run_count: int


def first_name(stored: str) -> str:
    """The name that an experiment had before it was deleted."""
    return _GIVEN_AWAY.sub("", stored)


def find_deleted(c: Connection, name: str) -> DeletedExperiment | None:
    """The experiment that was deleted last under this name and can be restored, or None."""
    query = (
        select(table.c.id, table.c.deleted_at)
        .where(table.c.name.startswith(f"{name} (deleted ", autoescape=True), table.c.deleted_at > PURGED)
        .order_by(table.c.deleted_at.desc(), table.c.id.desc())
    )
    # LIKE knows no upper and lower case on SQLite: look again.
    for row in c.execute(query.add_columns(table.c.name)):
        if first_name(row.name) == name:
            return DeletedExperiment(row.id, name, row.deleted_at, _count(c, row.id))
    return None


def _count(c: Connection, experiment_id: int) -> int:
    query = select(func.count()).select_from(deleted_runs).where(deleted_runs.c.experiment_id == experiment_id)
    return c.scalar(query) or 0


def delete_experiment(c: Connection, name: str) -> DeletedExperiment:
    """Put an experiment and its runs into the trash; one that is there stays as it is.

    Raises
    ------
    NotFound, WrongState
    """
    found = experiments.find_experiment(c, name)
    if found is None:
        known = find_deleted(c, name)
        if known is None:
            experiments.get_experiment(c, name)  # says that there is none
            raise AssertionError
        return known
    _refuse_living(c, found)
    at = now()
    source = select(runs.c.number, literal(at, Moment), literal(found.id, BIG)).where(
        runs.c.experiment_id == found.id, not_deleted()
    )
    c.execute(insert(deleted_runs).from_select(["run_number", "deleted_at", "experiment_id"], source))
    c.execute(update(table).where(table.c.id == found.id).values(deleted_at=at, name=f"{name} (deleted {found.id})"))
    _note(c, found.id, name)
    return DeletedExperiment(found.id, name, at, _count(c, found.id))


def _refuse_living(c: Connection, experiment: Experiment) -> None:
    query = select(runs.c.number, runs.c.id, runs.c.status).where(
        runs.c.experiment_id == experiment.id, runs.c.status.in_(values_of(LIVE))
    )
    living = c.execute(query.order_by(runs.c.number).limit(1)).one_or_none()
    if living is not None:
        raise WrongState(
            f"Run #{living.number} of {experiment.name} is {living.status}, and what lives is not deleted.",
            hint=f"Cancel it first: mlws run cancel {living.number}.",
            details={"run": living.id, "status": living.status},
        )


def _note(c: Connection, experiment_id: int, *names: str) -> None:
    ids = c.scalars(
        select(runs.c.id)
        .join_from(runs, deleted_runs, deleted_runs.c.run_number == runs.c.number)
        .where(deleted_runs.c.experiment_id == experiment_id)
    ).all()
    changes.note_many(c, "run", ids)
    changes.note_many(c, "experiment", names)


def restore_experiment(c: Connection, name: str, new_name: str | None) -> Experiment:
    """Take an experiment, and the runs that went with it, out of the trash; `new_name` where its own is taken.

    Raises
    ------
    NotFound, AlreadyExists
    """
    found = find_deleted(c, name)
    wanted = new_name or name
    there = experiments.find_experiment(c, wanted)
    if found is None:
        if there is not None:
            return there  # asked for before, and the answer got lost
        raise NotFound(
            f"There is no experiment {name[:80]!r} in the trash.", hint="List the trash: mlws runs --deleted."
        )
    if there is not None:
        raise AlreadyExists(
            f"There is an experiment {wanted} again.",
            hint=f"Give the restored one another name: mlws experiments restore {name} --as NAME.",
        )
    c.execute(update(table).where(table.c.id == found.id).values(deleted_at=null(), name=wanted))
    _note(c, found.id, wanted)
    c.execute(delete(deleted_runs).where(deleted_runs.c.experiment_id == found.id))
    if wanted != name:
        _rename_in_search(c, found.id, wanted)
    return experiments.get_experiment(c, wanted)


def _rename_in_search(c: Connection, experiment_id: int, name: str) -> None:
    """Have the runs found by the new name: it is the second line of what a search looks into."""
    rows: Any = c.execute(select(runs.c.number, runs.c.search_text).where(runs.c.experiment_id == experiment_id)).all()
    changed = [
        {"new_number": row.number, "new_text": "\n".join([first, name.casefold(), *rest])}
        for row in rows
        for first, _, *rest in [row.search_text.split("\n")]
    ]
    for part in in_parts(changed):
        statement = (
            update(runs).where(runs.c.number == bindparam("new_number")).values(search_text=bindparam("new_text"))
        )
        c.execute(statement, part)


def deleted_with(c: Connection, gone: DeletedExperiment) -> list[int]:
    """The numbers of the runs that went into the trash with an experiment."""
    return list(c.scalars(select(deleted_runs.c.run_number).where(deleted_runs.c.experiment_id == gone.id)))

"""Removing for good what has left the trash, a piece at a time: each call is short, and may be the last one.

A run's points and values go first, in pieces, then its other rows in one transaction with those of some more runs. What
is left half-way is in the trash, cannot be restored, and is gone on with by the next collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, func, select, tuple_, update

from jupyter_mlws.store.deleted import PURGED
from jupyter_mlws.store.experiment_trash import first_name
from jupyter_mlws.store.tables import (
    changes,
    deleted_runs,
    experiment_tags,
    experiments,
    metadata,
    metric_chunks,
    metric_outlines,
    metric_packs,
    metric_values,
    model_aliases,
    model_files,
    model_tags,
    models,
    runs,
    snapshots,
    submissions,
)

__all__ = [
    "count_due",
    "decide",
    "due_runs",
    "purge_experiments",
    "purge_models",
    "purge_points",
    "purge_runs",
    "purge_snapshots",
    "unused_snapshots",
]

RUNS_AT_ONCE = 100
CHUNKS_AT_ONCE = 500
# A registered model says where it came from after its run has left; see `store.models`.
_RUN = "mlws.run_id"
_OF_A_RUN = ("run", "metric", "log", "file")


def decide(c: Connection, until: datetime) -> None:
    """What was deleted until then leaves the trash for good: from the commit on nobody can restore it."""
    for column in (deleted_runs.c.deleted_at, experiments.c.deleted_at):
        c.execute(update(column.table).where(column <= until, column != PURGED).values(deleted_at=PURGED))


def count_due(c: Connection, until: datetime) -> dict[str, int]:
    """How many runs, experiments and models leave with what was deleted until then."""
    return {
        name: c.scalar(select(func.count()).select_from(column.table).where(column <= until)) or 0
        for name, column in (
            ("runs", deleted_runs.c.deleted_at),
            ("experiments", experiments.c.deleted_at),
            ("models", models.c.deleted_at),
        )
    }


def due_runs(c: Connection, until: datetime) -> dict[int, str]:
    """Numbers and ids of the runs that leave with what was deleted until then."""
    query = select(runs.c.number, runs.c.id)
    query = query.join_from(runs, deleted_runs, deleted_runs.c.run_number == runs.c.number)
    return dict(c.execute(query.where(deleted_runs.c.deleted_at <= until)).all())


def purge_points(c: Connection, at_once: int = CHUNKS_AT_ONCE) -> tuple[int, int]:
    """Remove some of the points and values of leaving runs; returns how many pieces went, 0 at the end, and bytes."""
    leaving = select(deleted_runs.c.run_number).where(deleted_runs.c.deleted_at == PURGED)
    for table in (metric_chunks, metric_packs, metric_outlines, metric_values):
        key = tuple(table.primary_key)
        size = 24 * table.c.point_count if table is metric_chunks else func.length(table.c.body)
        found = c.execute(select(*key, size).where(table.c.run_number.in_(leaving)).limit(at_once)).all()
        if found:
            c.execute(delete(table).where(tuple_(*key).in_([tuple(row)[:-1] for row in found])))
            return len(found), sum(row[-1] for row in found)
    return 0, 0


def purge_runs(c: Connection, at_once: int = RUNS_AT_ONCE) -> list[str]:
    """Remove the rows of some leaving runs, whose points are gone already; returns their ids, none at the end."""
    query = (
        select(runs.c.number, runs.c.id, runs.c.submission_id)
        .join_from(runs, deleted_runs, deleted_runs.c.run_number == runs.c.number)
        .where(deleted_runs.c.deleted_at == PURGED)
        .order_by(runs.c.number.desc())
        .limit(at_once)
    )
    rows = c.execute(query).all()
    if not rows:
        return []
    numbers, ids = [row.number for row in rows], [row.id for row in rows]
    _leave_models(c, rows)
    # Its children leave, too, and are mostly gone already: they are younger.
    c.execute(update(runs).where(runs.c.parent_number.in_(numbers)).values(parent_number=None))
    for table in _tables_of_runs():
        c.execute(delete(table).where(table.c.run_number.in_(numbers)))
    c.execute(delete(runs).where(runs.c.number.in_(numbers)))
    c.execute(delete(changes).where(changes.c.kind.in_(_OF_A_RUN), changes.c.subject.in_(ids)))
    _purge_submissions(c, sorted({row.submission_id for row in rows}))
    return ids


def _tables_of_runs() -> list[Table]:
    """All tables whose rows belong to one run; registered models outlive theirs."""
    return [table for table in metadata.sorted_tables if "run_number" in table.c and table is not models]


def _leave_models(c: Connection, rows: Sequence[Any]) -> None:
    ids = {row.number: row.id for row in rows}
    query = select(models.c.id, models.c.run_number, models.c.properties).where(models.c.run_number.in_(list(ids)))
    for model in c.execute(query).all():
        properties = {_RUN: ids[model.run_number]} | (model.properties or {})
        c.execute(update(models).where(models.c.id == model.id).values(run_number=None, properties=properties))


def _purge_submissions(c: Connection, ids: Sequence[int]) -> None:
    used = exists().where(runs.c.submission_id == submissions.c.id)
    # The newest row stays, or SQLite would give its number again; see `references.last_submission`.
    newest = select(func.max(submissions.c.id)).scalar_subquery()
    c.execute(delete(submissions).where(submissions.c.id.in_(ids), submissions.c.id < newest, ~used))


def purge_experiments(c: Connection) -> list[str]:
    """Remove the leaving experiments that have no runs any more; returns their names."""
    used = exists().where(runs.c.experiment_id == experiments.c.id)
    query = select(experiments.c.id, experiments.c.name).where(experiments.c.deleted_at == PURGED, ~used)
    rows = c.execute(query).all()
    ids = [row.id for row in rows]
    c.execute(delete(experiment_tags).where(experiment_tags.c.experiment_id.in_(ids)))
    c.execute(delete(experiments).where(experiments.c.id.in_(ids)))
    return [first_name(row.name) for row in rows]


def purge_models(c: Connection, until: datetime, at_once: int = RUNS_AT_ONCE) -> list[str]:
    """Remove some of the model versions that were deleted until then; returns their ids, none at the end."""
    query = select(models.c.id, models.c.name, models.c.version).where(models.c.deleted_at <= until)
    rows = c.execute(query.order_by(models.c.id).limit(at_once)).all()
    ids = [row.id for row in rows]
    for table in (model_files, model_tags):
        c.execute(delete(table).where(table.c.model_id.in_(ids)))
    c.execute(delete(models).where(models.c.id.in_(ids)))
    for row in rows:
        alias = model_aliases.c
        c.execute(delete(model_aliases).where(alias.name == row.name, alias.version == row.version))
    return [f"{row.name}:{row.version}" for row in rows]


def unused_snapshots(c: Connection) -> list[str]:
    """Ids of the snapshots that no run has."""
    used = exists().where(runs.c.snapshot_id == snapshots.c.id)
    return list(c.scalars(select(snapshots.c.id).where(~used)))


def purge_snapshots(c: Connection, ids: Sequence[str]) -> int:
    """Remove these snapshots, but for those that a run has by now; returns how many went."""
    used = exists().where(runs.c.snapshot_id == snapshots.c.id)
    return c.execute(delete(snapshots).where(snapshots.c.id.in_(ids), ~used)).rowcount

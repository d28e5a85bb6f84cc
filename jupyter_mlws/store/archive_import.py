"""The records of an archive as runs and models. What an archive says has been checked before it comes here."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, exists, func, insert, or_, select, update

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.domain.archive import (
    ArchivedExperiment,
    ArchivedModel,
    ArchivedRun,
    ArchivedSnapshot,
    ArchivedValues,
)
from jupyter_mlws.domain.file import RunFile
from jupyter_mlws.domain.model import ModelFile
from jupyter_mlws.domain.status import TERMINAL
from jupyter_mlws.store import changes, counters, experiments, files, snapshots
from jupyter_mlws.store.archive_export import EXACT, model_files_of
from jupyter_mlws.store.metrics import put_points
from jupyter_mlws.store.run_families import in_parts
from jupyter_mlws.store.run_record import search_text
from jupyter_mlws.store.run_states import values_of
from jupyter_mlws.store.submissions import IMPORTED
from jupyter_mlws.store.tables import (
    deleted_runs,
    experiment_tags,
    metric_values,
    model_aliases,
    model_files,
    model_tags,
    models,
    run_params,
    run_tags,
    runs,
    submissions,
    typed_metrics,
)
from jupyter_mlws.store.tables import experiments as experiment_rows
from jupyter_mlws.store.tables import snapshots as snapshot_rows

__all__ = [
    "Known",
    "add_experiment",
    "add_model",
    "add_points",
    "add_run",
    "add_snapshot",
    "add_typed",
    "add_values",
    "experiment_id",
    "known_run",
    "missing_files",
    "note_runs",
]


@dataclass(frozen=True)
class Known:
    """A run that is here already."""

    number: int
    submission_id: int
    is_deleted: bool


def known_run(c: Connection, run_id: str) -> Known | None:
    """The run of this id, in the trash or not."""
    gone = deleted_runs.c.run_number
    query = select(runs.c.number, runs.c.submission_id, gone.label("gone")).select_from(
        runs.outerjoin(deleted_runs, gone == runs.c.number)
    )
    row = c.execute(query.where(runs.c.id == run_id)).one_or_none()
    if row is None:
        return None
    return Known(row.number, row.submission_id, row.gone is not None)


def add_experiment(c: Connection, experiment: ArchivedExperiment) -> bool:
    """Make the experiment with all its facts; False where there is one of this name, which stays as it is."""
    if experiments.find_experiment(c, experiment.name) is not None:
        return False
    made = experiments.ensure(c, experiment.name)
    c.execute(
        update(experiment_rows)
        .where(experiment_rows.c.id == made.id)
        .values(
            created_at=experiment.created_at,
            description=experiment.description or None,
            archived_at=experiment.archived_at,
        )
    )
    rows = [{"experiment_id": made.id, "name": name, "value": value} for name, value in experiment.tags.items()]
    if rows:
        c.execute(insert(experiment_tags), rows)
    return True


def add_snapshot(c: Connection, snapshot: ArchivedSnapshot, file_count: int, size_bytes: int) -> bool:
    """Record a snapshot whose files are stored; False where it is known."""
    if snapshots.find_snapshot(c, snapshot.id) is not None:
        return False
    c.execute(
        insert(snapshot_rows).values(
            id=snapshot.id, file_count=file_count, size_bytes=size_bytes, created_at=snapshot.created_at
        )
    )
    return True


def experiment_id(c: Connection, name: str) -> int:
    """The experiment of this name, made if it is missing."""
    found = experiments.find_experiment(c, name) or experiments.ensure(c, name)
    return found.id


def note_runs(c: Connection, run_ids: list[str], counts: dict[str, int], parents: Collection[int]) -> None:
    """Say that these runs are there, how many more each experiment has, and how many children their `parents` have."""
    _count_children(c, parents)
    for name, count in counts.items():
        experiments.count_runs(c, experiment_id(c, name), count)
    changes.note_many(c, "run", run_ids)
    changes.note_many(c, "experiment", counts)


def _count_children(c: Connection, parents: Collection[int]) -> None:
    """Count anew what can be seen: a parent that was here already may have had fewer children."""
    children = runs.alias("children")
    in_trash = exists().where(deleted_runs.c.run_number == children.c.number)
    count = select(func.count()).where(children.c.parent_number == runs.c.number, ~in_trash)
    ended = count.where(children.c.status.in_(values_of(TERMINAL)))
    counted = {"child_count": count.scalar_subquery(), "children_ended": ended.scalar_subquery()}
    for part in in_parts(sorted(parents)):
        statement = update(runs).where(runs.c.number.in_(part)).values(**counted).returning(runs.c.id)
        changes.note_many(c, "run", c.scalars(statement).all())


def add_run(c: Connection, run: ArchivedRun, experiment: int, parent: Known | None) -> Known:
    """Record a run without its files, points and values; `note_runs` has to follow in the same transaction.

    Parameters
    ----------
    c : Connection
    run : ArchivedRun
    experiment : int
        See `experiment_id`.
    parent : Known or None
        Where it is here.
    """
    number = counters.take_at_least(c, "run", run.number)
    if run.submission is None and parent is not None:
        submission_id = parent.submission_id
    else:
        # Whatever it says itself: what somebody else has submitted stays his.
        said = {**(run.submission or {}), IMPORTED: True}
        body = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
        submission_id = c.execute(insert(submissions).values(body=body).returning(submissions.c.id)).scalar_one()
    c.execute(
        insert(runs).values(
            number=number,
            id=run.id,
            experiment_id=experiment,
            submission_id=submission_id,
            parent_number=None if parent is None else parent.number,
            status=run.status.value,
            owner="",
            waiting_for="",
            properties=run.properties or None,
            error=None if run.error is None else to_builtins(run.error),
            warnings=list(run.warnings) or None,
            search_text=search_text(number, run.experiment, run.display_name, run.tags, run.params),
            **{name: getattr(run, name) for name in EXACT},
        )
    )
    for table, labels in ((run_tags, run.tags), (run_params, run.params)):
        rows = [{"run_number": number, "name": name, "value": value} for name, value in labels.items()]
        if rows:
            c.execute(insert(table), rows)
    return Known(number, submission_id, is_deleted=False)


def missing_files(c: Connection, run_id: str, found: Iterable[RunFile]) -> list[RunFile]:
    """Those files that a run here does not have under their names."""
    known = {(file.kind, file.name) for file in files.list_files(c, run_id)}
    return [file for file in found if (file.kind, file.name) not in known]


def add_points(c: Connection, number: int, name: str, data: bytes, updated_at: datetime) -> None:
    """Append points to a series of a new run: the bytes of their steps, times and values, one after another."""
    count = len(data) // 24
    step = np.frombuffer(data, "<i8", count)
    time = np.frombuffer(data, "<f8", count, 8 * count)
    put_points(c, number, name, step, time, np.frombuffer(data, "<f8", count, 16 * count), updated_at)


def add_typed(c: Connection, number: int, run: ArchivedRun) -> None:
    """Record the typed metrics of a new run; their values follow."""
    rows = [
        {
            "run_number": number,
            "name": item.name,
            "type": item.type,
            "ordinal": i,
            "value_count": item.values,
            "updated_at": item.updated_at,
        }
        for i, item in enumerate(run.typed)
    ]
    if rows:
        c.execute(insert(typed_metrics), rows)


def add_values(c: Connection, number: int, piece: ArchivedValues) -> None:
    """Record values of a typed metric of a new run."""
    text = json.dumps(piece.items, separators=(",", ":"), ensure_ascii=False)
    c.execute(
        insert(metric_values).values(
            run_number=number,
            name=piece.name,
            start=piece.start,
            value_count=len(piece.items),
            body=text.encode("utf-8", "replace"),
        )
    )


def add_model(c: Connection, model: ArchivedModel) -> tuple[int, bool]:
    """Record a version; its number here, and whether it is new. One of the same time and files is known.

    A number that is taken by something else gives way to the next one.
    """
    known = _known_version(c, model)
    if known is not None:
        return known, False
    version = counters.take_at_least(c, f"model:{model.name}", model.version)
    run = None if model.run_id is None else known_run(c, model.run_id)
    model_id = c.execute(
        insert(models)
        .values(
            name=model.name,
            version=version,
            created_at=model.created_at,
            run_number=None if run is None else run.number,
            description=model.description,
            properties=model.properties or None,
            framework=model.framework,
            framework_version=model.framework_version,
            updated_at=model.updated_at,
        )
        .returning(models.c.id)
    ).scalar_one()
    c.execute(insert(model_files), [{"model_id": model_id, **vars(file)} for file in model.files])
    tags = [{"model_id": model_id, "name": name, "value": value} for name, value in model.tags.items()]
    if tags:
        c.execute(insert(model_tags), tags)
    _add_aliases(c, model, version)
    changes.note(c, "model", f"{model.name}:{version}")
    return version, True


def _known_version(c: Connection, model: ArchivedModel) -> int | None:
    same = or_(models.c.version == model.version, models.c.created_at == model.created_at)
    query = select(models.c.id, models.c.version, models.c.created_at).where(models.c.name == model.name, same)
    for row in c.execute(query).all():
        found = model_files_of(c, [row]).get(row.id, [])
        if row.created_at == model.created_at and sorted(found, key=_path) == sorted(model.files, key=_path):
            return int(row.version)
    return None


def _path(file: ModelFile) -> str:
    return file.path


def _add_aliases(c: Connection, model: ArchivedModel, version: int) -> None:
    taken = set(c.scalars(select(model_aliases.c.alias).where(model_aliases.c.name == model.name)))
    rows = [{"name": model.name, "alias": alias, "version": version} for alias in model.aliases if alias not in taken]
    if rows:
        c.execute(insert(model_aliases), rows)

"""Runs and models as the records of an archive."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from jupyter_mlws.api.codec import from_builtins
from jupyter_mlws.domain.archive import (
    ArchivedExperiment,
    ArchivedModel,
    ArchivedRun,
    ArchivedSeries,
    ArchivedSnapshot,
    ArchivedTyped,
    ArchivedValues,
)
from jupyter_mlws.domain.filters import Filter
from jupyter_mlws.domain.model import ModelFile
from jupyter_mlws.domain.run import RunError
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store.deleted import not_deleted
from jupyter_mlws.store.models import aliases_of, tags_of
from jupyter_mlws.store.run_filters import condition
from jupyter_mlws.store.submissions import IMPORTED
from jupyter_mlws.store.tables import (
    experiment_tags,
    experiments,
    metric_latest,
    metric_values,
    model_files,
    models,
    run_params,
    run_tags,
    runs,
    snapshots,
    submissions,
    typed_metrics,
)

if TYPE_CHECKING:
    from jupyter_mlws.store.packs import Piece

__all__ = [
    "EXACT",
    "Choice",
    "choose",
    "experiments_of",
    "model_files_of",
    "models_of",
    "read_runs",
    "series_of",
    "snapshots_of",
    "values_of",
]

_PART = 200
# Columns of a run that an archive has under the same names.
EXACT: tuple[str, ...] = (
    "kind",
    "status_sequence",
    "user",
    "host",
    "compute_target",
    "environment",
    "attempt",
    "parallel",
    "child_count",
    "children_ended",
    "display_name",
    "description",
    "document",
    "document_id",
    "created_at",
    "started_at",
    "ended_at",
    "snapshot_id",
)


@dataclass
class Choice:
    """Which runs go into an archive: numbers in their order, parents before their children."""

    numbers: list[int] = field(default_factory=list)
    experiment_ids: set[int] = field(default_factory=set)
    snapshot_ids: set[str] = field(default_factory=set)
    left_out: int = 0


def choose(c: Connection, *, run: int | None = None, wanted: Filter | None = None) -> Choice:
    """The runs that have ended: all, or one, or those that a filter finds; each with all its descendants.

    What lives is left out with its descendants, and counted; what is in the trash is not there.
    """
    choice = Choice()
    kept: set[int] = set()
    out: set[int] = set()
    roots = None if wanted is None else set(c.scalars(select(runs.c.number).where(condition(wanted), not_deleted())))
    query = select(runs.c.number, runs.c.parent_number, runs.c.status, runs.c.experiment_id, runs.c.snapshot_id).where(
        not_deleted()
    )
    for row in c.execute(query.order_by(runs.c.number).execution_options(yield_per=1000)):
        parent = row.parent_number
        asked = row.number in roots if roots is not None else run in (None, row.number)
        if not asked and parent not in kept and parent not in out:
            continue
        if parent in out or not RunStatus(row.status).is_terminal:
            out.add(row.number)
            continue
        kept.add(row.number)
        choice.numbers.append(row.number)
        choice.experiment_ids.add(row.experiment_id)
        if row.snapshot_id is not None:
            choice.snapshot_ids.add(row.snapshot_id)
    choice.left_out = len(out)
    return choice


def experiments_of(c: Connection, choice: Choice, *, whole: bool) -> Iterator[ArchivedExperiment]:
    """The experiments of the chosen runs; of the whole workspace also those without runs."""
    query = select(experiments).where(experiments.c.deleted_at.is_(None)).order_by(experiments.c.id)
    for row in c.execute(query).all():
        if whole or row.id in choice.experiment_ids:
            tags = select(experiment_tags.c.name, experiment_tags.c.value).where(
                experiment_tags.c.experiment_id == row.id
            )
            yield ArchivedExperiment(
                name=row.name,
                created_at=row.created_at,
                description=row.description or "",
                tags=dict(c.execute(tags.order_by(experiment_tags.c.name)).all()),
                archived_at=row.archived_at,
            )


def snapshots_of(c: Connection, choice: Choice) -> Iterator[ArchivedSnapshot]:
    """The snapshots of the chosen runs."""
    for part in _parts(sorted(choice.snapshot_ids)):
        query = select(snapshots).where(snapshots.c.id.in_(part)).order_by(snapshots.c.id)
        for row in c.execute(query):
            yield ArchivedSnapshot(id=row.id, created_at=row.created_at)


def read_runs(c: Connection, numbers: Sequence[int]) -> Iterator[tuple[int, ArchivedRun]]:
    """The runs of these numbers, in their order, each after its number."""
    for part in _parts(numbers):
        yield from _read_part(c, part)


def _read_part(c: Connection, numbers: Sequence[int]) -> Iterator[tuple[int, ArchivedRun]]:
    parents = runs.alias("parents")
    query = (
        select(
            runs,
            experiments.c.name.label("experiment"),
            submissions.c.body,
            parents.c.id.label("parent_id"),
            parents.c.submission_id.label("parent_submission_id"),
        )
        .join_from(runs, experiments, runs.c.experiment_id == experiments.c.id)
        .join(submissions, runs.c.submission_id == submissions.c.id)
        .outerjoin(parents, runs.c.parent_number == parents.c.number)
        .where(runs.c.number.in_(numbers))
        .order_by(runs.c.number)
    )
    tags, params = _labels(c, run_tags, numbers), _labels(c, run_params, numbers)
    series, typed = _series(c, numbers), _typed(c, numbers)
    inside = set(numbers)
    for row in c.execute(query).all():
        shared = row.submission_id == row.parent_submission_id and row.parent_number in inside
        yield (
            row.number,
            ArchivedRun(
                id=row.id,
                number=row.number,
                experiment=row.experiment,
                status=RunStatus(row.status),
                parent_id=row.parent_id,
                properties=row.properties or {},
                error=None if row.error is None else from_builtins(RunError, row.error),
                warnings=tuple(row.warnings or ()),
                tags=tags.get(row.number, {}),
                params=params.get(row.number, {}),
                submission=None if shared else _said(row.body),
                series=tuple(series.get(row.number, ())),
                typed=tuple(typed.get(row.number, ())),
                **{name: getattr(row, name) for name in EXACT},
            ),
        )


def _said(body: str) -> dict[str, Any]:
    """What was submitted; whoever imports it finds by himself that it came with an archive."""
    said: dict[str, Any] = json.loads(body)
    said.pop(IMPORTED, None)
    return said


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[i : i + _PART] for i in range(0, len(items), _PART))


def _labels(c: Connection, table: Any, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    query = select(table).where(table.c.run_number.in_(numbers)).order_by(table.c.run_number, table.c.name)
    for row in c.execute(query):
        found.setdefault(row.run_number, {})[row.name] = row.value
    return found


def _series(c: Connection, numbers: Sequence[int]) -> dict[int, list[ArchivedSeries]]:
    table = metric_latest.c
    query = select(table.run_number, table.name, table.point_count, table.updated_at).where(
        table.run_number.in_(numbers)
    )
    found: dict[int, list[ArchivedSeries]] = {}
    for row in c.execute(query.order_by(table.run_number, table.ordinal)):
        item = ArchivedSeries(name=row.name, points=row.point_count, updated_at=row.updated_at)
        found.setdefault(row.run_number, []).append(item)
    return found


def _typed(c: Connection, numbers: Sequence[int]) -> dict[int, list[ArchivedTyped]]:
    table = typed_metrics.c
    query = select(typed_metrics).where(table.run_number.in_(numbers)).order_by(table.run_number, table.ordinal)
    found: dict[int, list[ArchivedTyped]] = {}
    for row in c.execute(query):
        item = ArchivedTyped(name=row.name, type=row.type, values=row.value_count, updated_at=row.updated_at)
        found.setdefault(row.run_number, []).append(item)
    return found


def series_of(c: Connection, number: int, name: str) -> Iterator[Piece]:
    """The points of a series in their order, at most as many at once as an archive takes."""
    from jupyter_mlws.store.packs import pieces

    return pieces(c, number, name)


def values_of(c: Connection, number: int, name: str) -> Iterator[ArchivedValues]:
    """The values of a typed metric in their order, a chunk at a time."""
    table = metric_values.c
    query = select(table.start, table.body).where(table.run_number == number, table.name == name)
    for row in c.execute(query.order_by(table.start).execution_options(yield_per=20)):
        yield ArchivedValues(name=name, start=row.start, items=tuple(json.loads(row.body)))


def models_of(c: Connection, choice: Choice, *, whole: bool) -> Iterator[ArchivedModel]:
    """The models that were made of the chosen runs; of the whole workspace, all. Not those in the trash."""
    kept = set(choice.numbers)
    query = (
        select(models, runs.c.id.label("run_id"))
        .select_from(models.outerjoin(runs, models.c.run_number == runs.c.number))
        .where(models.c.deleted_at.is_(None))
        .order_by(models.c.id)
    )
    for part in c.execute(query.execution_options(yield_per=_PART)).partitions(_PART):
        rows = [row for row in part if whole or row.run_number in kept]
        tags, aliases, found = tags_of(c, rows), aliases_of(c, rows), model_files_of(c, rows)
        for row in rows:
            yield ArchivedModel(
                name=row.name,
                version=row.version,
                created_at=row.created_at,
                updated_at=row.updated_at,
                files=tuple(found.get(row.id, ())),
                run_id=row.run_id,
                description=row.description,
                tags=tags.get(row.id, {}),
                properties=row.properties or {},
                framework=row.framework,
                framework_version=row.framework_version,
                aliases=aliases.get(row.id, ()),
            )


def model_files_of(c: Connection, rows: Sequence[Any]) -> dict[int, list[ModelFile]]:
    """The files of each version, by its row's id."""
    found: dict[int, list[ModelFile]] = {}
    table = model_files.c
    query = select(model_files).where(table.model_id.in_([row.id for row in rows]))
    for row in c.execute(query.order_by(table.model_id, table.path)):
        file = ModelFile(path=row.path, size_bytes=row.size_bytes, digest=row.digest)
        found.setdefault(row.model_id, []).append(file)
    return found

"""Which stored bytes the records name.

A digest is named by files of runs and of models, by the inputs of a submission, and by a snapshot: itself, for its list
of files is a blob, and all that the list names, which is not in the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, exists, func, select

from jupyter_mlws.store.run_families import in_parts
from jupyter_mlws.store.tables import (
    deleted_runs,
    metric_chunks,
    metric_outlines,
    metric_packs,
    metric_values,
    model_files,
    models,
    run_files,
    runs,
    snapshots,
    submissions,
)

__all__ = [
    "digests_in_columns",
    "files_of",
    "input_digests",
    "inputs_of",
    "known_runs",
    "last_submission",
    "named_by_files",
    "named_outside",
    "points_size",
    "shared_snapshots",
    "snapshot_ids",
    "snapshots_of",
    "submissions_of",
]

_STEP = 10_000


class _Input(msgspec.Struct):
    digest: str
    size_bytes: int = 0


class _Body(msgspec.Struct):
    """The part of a stored submission that names bytes."""

    inputs: tuple[_Input, ...] = ()


_decode = msgspec.json.Decoder(_Body).decode


def _leaving(before: datetime) -> Select[tuple[int]]:
    """The numbers of the runs that leave the trash with everything deleted until `before`."""
    return select(deleted_runs.c.run_number).where(deleted_runs.c.deleted_at <= before)


def digests_in_columns(c: Connection, before: datetime) -> Iterator[str]:
    """Digests of files of runs and models, those apart that were deleted until `before`."""
    of_runs = select(run_files.c.digest).where(run_files.c.run_number.not_in(_leaving(before)))
    of_models = select(model_files.c.digest).join_from(model_files, models, models.c.id == model_files.c.model_id)
    of_models = of_models.where(models.c.deleted_at.is_(None) | (models.c.deleted_at > before))
    for query in (of_runs, of_models):
        yield from c.execution_options(yield_per=_STEP).scalars(query)


def input_digests(
    c: Connection, before: datetime | None = None, *, after: int = 0, without: Collection[int] = ()
) -> Iterator[str]:
    """Digests of the inputs of submissions: of those behind number `after`, and without runs that leave the trash.

    Submissions `without` are left out, too.
    """
    query = select(submissions.c.id, submissions.c.body).where(submissions.c.id > after)
    if before is not None:
        stays = exists().where(runs.c.submission_id == submissions.c.id, runs.c.number.not_in(_leaving(before)))
        query = query.where(stays)
    for submission, body in c.execution_options(yield_per=1000).execute(query):
        # Most submissions have none, and a look at the text is quicker than taking it apart.
        if '"inputs":[]' not in body and submission not in without:
            yield from (item.digest for item in _decode(body).inputs)


def last_submission(c: Connection) -> int:
    """The number of the newest submission. None is given twice, for the newest row is never removed."""
    return c.scalar(select(func.max(submissions.c.id))) or 0


def snapshot_ids(c: Connection, before: datetime | None = None) -> list[str]:
    """Ids of the snapshots; with `before` only of those that a run has which does not leave the trash."""
    query = select(snapshots.c.id)
    if before is not None:
        stays = exists().where(runs.c.snapshot_id == snapshots.c.id, runs.c.number.not_in(_leaving(before)))
        query = query.where(stays)
    return list(c.scalars(query))


def known_runs(c: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these ids that are runs, be it in the trash."""
    return set(c.scalars(select(runs.c.id).where(runs.c.id.in_(ids))))


def named_by_files(c: Connection, digests: Sequence[str]) -> set[str]:
    """Those of these digests that are files of runs or models."""
    return {
        digest
        for part in in_parts(digests, 500)
        for column in (run_files.c.digest, model_files.c.digest)
        for digest in c.scalars(select(column).where(column.in_(part)).distinct())
    }


# -- of some runs only


def files_of(c: Connection, numbers: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Digest and size of the files of these runs."""
    for part in in_parts(numbers):
        query = select(run_files.c.digest, run_files.c.size_bytes).where(run_files.c.run_number.in_(part))
        yield from ((row.digest, row.size_bytes) for row in c.execute(query))


def inputs_of(c: Connection, numbers: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Digest and size of the inputs of these runs."""
    for part in in_parts(numbers):
        ids = select(runs.c.submission_id).where(runs.c.number.in_(part)).distinct()
        for body in c.scalars(select(submissions.c.body).where(submissions.c.id.in_(ids))):
            if '"inputs":[]' not in body:
                yield from ((item.digest, item.size_bytes) for item in _decode(body).inputs)


def snapshots_of(c: Connection, numbers: Sequence[int]) -> set[str]:
    """The snapshots of these runs."""
    return {
        snapshot
        for part in in_parts(numbers)
        for snapshot in c.scalars(select(runs.c.snapshot_id).where(runs.c.number.in_(part)).distinct())
        if snapshot is not None
    }


def submissions_of(c: Connection, numbers: Collection[int]) -> set[int]:
    """The submissions that these runs have alone."""
    return {
        submission
        for part in in_parts(list(numbers))
        for submission in c.scalars(select(runs.c.submission_id).where(runs.c.number.in_(part)).distinct())
    } - _also_of_others(c, runs.c.submission_id, numbers)


def shared_snapshots(c: Connection, numbers: Collection[int]) -> set[str]:
    """Those of the snapshots of these runs that another run outside the trash has, too."""
    return _also_of_others(c, runs.c.snapshot_id, numbers)


def _also_of_others(c: Connection, column: Any, numbers: Collection[int]) -> set[Any]:
    """What these runs have in the column and another one outside the trash has, too."""
    found: set[Any] = set()
    own = runs.alias("own")
    in_trash = exists().where(deleted_runs.c.run_number == runs.c.number)
    for part in in_parts(list(numbers)):
        theirs = select(own.c[column.name]).where(own.c.number.in_(part), own.c[column.name].is_not(None))
        pairs = c.execute(select(column, runs.c.number).where(column.in_(theirs), ~in_trash))
        found.update(value for value, number in pairs if number not in numbers)
    return found


def named_outside(c: Connection, digests: Sequence[str], besides: Collection[int] = ()) -> set[str]:
    """Those of these digests that are files of models, or of runs but for those `besides`, outside the trash."""
    in_trash = exists().where(deleted_runs.c.run_number == run_files.c.run_number)
    of_runs = select(run_files.c.digest, run_files.c.run_number).where(~in_trash)
    of_models = select(model_files.c.digest).join_from(model_files, models, models.c.id == model_files.c.model_id)
    of_models = of_models.where(models.c.deleted_at.is_(None)).distinct()
    found: set[str] = set()
    for part in in_parts(digests, 500):
        rows = c.execute(of_runs.where(run_files.c.digest.in_(part)))
        found.update(digest for digest, number in rows if number not in besides)
        found.update(c.scalars(of_models.where(model_files.c.digest.in_(part))))
    return found


def points_size(c: Connection, numbers: Iterable[int]) -> int:
    """Bytes of the points and values of these runs, as the database keeps them."""
    total = 0
    for part in in_parts(list(numbers)):
        points = select(func.sum(metric_chunks.c.point_count)).where(metric_chunks.c.run_number.in_(part))
        total += 24 * int(c.scalar(points) or 0)
        for table in (metric_packs, metric_outlines, metric_values):
            sizes = select(func.sum(func.length(table.c.body))).where(table.c.run_number.in_(part))
            total += int(c.scalar(sizes) or 0)
    return total

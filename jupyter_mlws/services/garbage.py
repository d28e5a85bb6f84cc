"""Collecting garbage: what has left the trash is removed, then the bytes that nothing uses any more.

Everything is done in short steps, each of which may be the last: records go before the bytes that they name, so whoever
dies on the way leaves bytes that nobody uses, and the next collection takes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.deletion import GarbageReport
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services import garbage_blobs, garbage_folders
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.garbage_blobs import Swept
from jupyter_mlws.services.garbage_folders import Emptied
from jupyter_mlws.store import changes, purging, references, sweeps
from jupyter_mlws.store.trash import count_deleted_runs

__all__ = ["collect", "foresee"]

_SNAPSHOTS_AT_ONCE = 100


@dataclass
class _Purged:
    """What left the records."""

    run_ids: list[str] = field(default_factory=list)
    point_bytes: int = 0
    database_bytes: int = 0
    experiments: int = 0
    models: int = 0
    snapshots: int = 0


def collect(context: Context, *, everything: bool = False) -> GarbageReport:
    """Purge the trash, or what of it is old enough, and free what nothing uses.

    Raises
    ------
    Conflict
        Another collection began meanwhile.
    """
    until = _until(context, everything)
    with _turn(context) as turn:
        purged = _purge(context, turn, until)
        emptied = garbage_folders.remove(context, purged.run_ids, until)
        purged.snapshots = _purge_snapshots(context, turn)
        swept = garbage_blobs.sweep(context, turn)
        purged.database_bytes = _give_back(context, turn)
    return _report(context, purged, emptied, swept, runs=len(purged.run_ids), dry_run=False)


def foresee(context: Context, *, everything: bool = False) -> GarbageReport:
    """What a collection at this moment would do."""
    until = _until(context, everything)
    with context.store.read() as c:
        due = purging.count_due(c, until)
        stay = set(references.snapshot_ids(c, until))
        leave = [snapshot for snapshot in references.snapshot_ids(c) if snapshot not in stay]
        leaving = purging.due_runs(c, until)
        point_bytes = references.points_size(c, leaving)
    old = garbage_blobs.old_snapshots(context, leave)
    purged = _Purged(point_bytes=point_bytes, experiments=due["experiments"], models=due["models"], snapshots=len(old))
    emptied = garbage_folders.foresee(context, leaving.values(), until)
    swept = garbage_blobs.foresee(context, until, set(leave) - set(old))
    return _report(context, purged, emptied, swept, runs=due["runs"], dry_run=True)


def _until(context: Context, everything: bool) -> datetime:
    return now() if everything else now() - timedelta(days=context.keeping().trash_days)


def _report(
    context: Context, purged: _Purged, emptied: Emptied, swept: Swept, *, runs: int, dry_run: bool
) -> GarbageReport:
    with context.store.read() as c:
        in_trash = count_deleted_runs(c)
    return GarbageReport(
        dry_run=dry_run,
        runs=runs,
        experiments=purged.experiments,
        models=purged.models,
        snapshots=purged.snapshots,
        blob_count=swept.count,
        blob_bytes=swept.size_bytes,
        folder_count=emptied.count,
        folder_bytes=emptied.size_bytes,
        freed_bytes=swept.size_bytes + emptied.size_bytes + purged.database_bytes,
        point_bytes=purged.point_bytes,
        database_bytes=purged.database_bytes,
        young_count=swept.young_count,
        young_bytes=swept.young_bytes,
        kept_runs=in_trash - runs if dry_run else in_trash,
        warnings=(*emptied.warnings, *swept.warnings),
    )


def _purge(context: Context, turn: int, until: datetime) -> _Purged:
    """Remove the records of what was deleted until then: no transaction holds up others for long."""
    found = _Purged()
    with _step(context, turn) as c:
        purging.decide(c, until)
    faults.point("garbage.decided")
    while True:
        with _step(context, turn) as c:
            pieces, size = purging.purge_points(c)
        if not pieces:
            break
        found.point_bytes += size
        faults.point("garbage.points_purged")
    while True:
        with _step(context, turn) as c:
            ids = purging.purge_runs(c)
        if not ids:
            break
        faults.point("garbage.runs_purged")
        found.run_ids += ids
    while True:
        with _step(context, turn) as c:
            models = purging.purge_models(c, until)
            changes.note_many(c, "model", models)
        if not models:
            break
        faults.point("garbage.models_purged")
        found.models += len(models)
    with _step(context, turn) as c:
        found.experiments = len(purging.purge_experiments(c))
    return found


def _purge_snapshots(context: Context, turn: int) -> int:
    """Remove snapshots that no run has, and that nobody has taken again a short while ago."""
    with context.store.read() as c:
        unused = purging.unused_snapshots(c)
    old, count = garbage_blobs.old_snapshots(context, unused), 0
    for at in range(0, len(old), _SNAPSHOTS_AT_ONCE):
        with _step(context, turn) as c:
            count += purging.purge_snapshots(c, old[at : at + _SNAPSHOTS_AT_ONCE])
        faults.point("garbage.snapshots_purged")
    return count


def _give_back(context: Context, turn: int) -> int:
    """Make the database smaller by what was removed from it, where it is ours to do so; by how many bytes."""
    total = 0
    while True:
        with _step(context, turn):
            size = context.store.give_back()
        if not size:
            break
        total += size
    if total:
        context.store.settle()
    return total


@contextmanager
def _turn(context: Context) -> Iterator[int]:
    """Be the one collection of the workspace, unless a later one begins."""
    with context.store.write() as c:
        turn = sweeps.begin(c)
    try:
        yield turn
    except MlwsError:
        # Whoever records looks twice as long as a collection is at work; this one removes nothing more.
        with suppress(MlwsError):
            _end(context, turn)
        raise
    _end(context, turn)


def _end(context: Context, turn: int) -> None:
    with context.store.write() as c:
        sweeps.end(c, turn)


@contextmanager
def _step(context: Context, turn: int) -> Iterator[Connection]:
    """A write transaction of this collection, refused when another has begun."""
    with context.store.write() as c:
        sweeps.check(c, turn)
        yield c

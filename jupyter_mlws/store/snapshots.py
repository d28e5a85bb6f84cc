"""Snapshots as records; their files are in the manifest, which is a blob."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from jupyter_mlws.domain.snapshot import Snapshot
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store.tables import experiments, runs, snapshots

__all__ = ["find_snapshot", "get_snapshot", "is_snapshot_of", "put_snapshot"]


def put_snapshot(c: Connection, snapshot: Snapshot) -> None:
    """Record a snapshot; equal folders have equal ids, so it may be there already."""
    if find_snapshot(c, snapshot.id) is None:
        c.execute(
            insert(snapshots).values(
                id=snapshot.id,
                file_count=snapshot.file_count,
                size_bytes=snapshot.size_bytes,
                created_at=snapshot.created_at,
            )
        )


def find_snapshot(c: Connection, snapshot_id: str) -> Snapshot | None:
    """One snapshot, or None."""
    row = c.execute(select(snapshots).where(snapshots.c.id == snapshot_id)).one_or_none()
    if row is None:
        return None
    return Snapshot(id=row.id, file_count=row.file_count, size_bytes=row.size_bytes, created_at=row.created_at)


def get_snapshot(c: Connection, snapshot_id: str) -> Snapshot:
    """One snapshot, or `NotFound`."""
    found = find_snapshot(c, snapshot_id)
    if found is None:
        raise NotFound(f"There is no snapshot {snapshot_id[:80]!r}.", hint="A run shows the id of its snapshot.")
    return found


def is_snapshot_of(c: Connection, snapshot_id: str, experiment: str) -> bool:
    """Whether a run of this experiment has this snapshot."""
    query = (
        select(runs.c.number)
        .join_from(runs, experiments, runs.c.experiment_id == experiments.c.id)
        .where(runs.c.snapshot_id == snapshot_id, experiments.c.name == experiment)
    )
    return c.execute(query.limit(1)).first() is not None

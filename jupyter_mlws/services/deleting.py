"""Putting runs and experiments into the trash, and saying what that will free."""

from __future__ import annotations

from datetime import datetime, timedelta

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.deletion import Deletion
from jupyter_mlws.domain.model import Model
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.weighing import weigh
from jupyter_mlws.store import deletion, experiment_trash, references

__all__ = ["delete_experiment", "delete_model", "delete_run", "foresee_run"]


def delete_run(context: Context, run: str) -> Deletion:
    """Put a run and its descendants into the trash."""
    days = context.keeping().trash_days
    with context.store.write() as c:
        gone = deletion.delete_run(c, run)
        numbers = deletion.deleted_with(c, gone)
    return _deletion("run", gone.id, gone.run_count, weigh(context, numbers), gone.deleted_at, days)


def foresee_run(context: Context, run: str) -> Deletion:
    """What `delete_run` would put into the trash, and free."""
    with context.store.read() as c:
        gone, numbers = deletion.foresee_run(c, run)
    size_bytes = weigh(context, numbers)
    return _deletion("run", gone.id, gone.run_count, size_bytes, gone.deleted_at, context.keeping().trash_days)


def delete_experiment(context: Context, name: str) -> Deletion:
    """Put an experiment and all its runs into the trash."""
    days = context.keeping().trash_days
    with context.store.write() as c:
        gone = experiment_trash.delete_experiment(c, name)
        numbers = experiment_trash.deleted_with(c, gone)
    return _deletion("experiment", gone.name, gone.run_count, weigh(context, numbers), gone.deleted_at, days)


def delete_model(context: Context, gone: Model) -> Deletion:
    """What was put into the trash with this version of a model."""
    sizes = {file.digest: file.size_bytes for file in gone.files}
    with context.store.read() as c:
        shared = references.named_outside(c, list(sizes))
    size_bytes = sum(size for digest, size in sizes.items() if digest not in shared)
    return _deletion("model", gone.id, 0, size_bytes, gone.deleted_at or now(), context.keeping().trash_days)


def _deletion(kind: str, name: str, run_count: int, size_bytes: int, deleted_at: datetime, days: float) -> Deletion:
    until = deleted_at + timedelta(days=days)
    return Deletion(
        kind=kind, name=name, run_count=run_count, size_bytes=size_bytes, deleted_at=deleted_at, until=until
    )

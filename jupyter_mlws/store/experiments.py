"""Experiments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.experiment import Experiment
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import changes
from jupyter_mlws.store.paging import cut, number_after
from jupyter_mlws.store.tables import experiments

__all__ = ["count_all_runs", "count_runs", "ensure", "find_experiment", "get_experiment", "page_experiments"]

_COLUMNS = (experiments.c.id, experiments.c.name, experiments.c.created_at, experiments.c.run_count)


def _experiment(row: Any) -> Experiment:
    return Experiment(id=row.id, name=row.name, created_at=row.created_at, run_count=row.run_count)


def find_experiment(c: Connection, name: str) -> Experiment | None:
    """One experiment, or None."""
    row = c.execute(select(*_COLUMNS).where(experiments.c.name == name)).one_or_none()
    return None if row is None else _experiment(row)


def get_experiment(c: Connection, name: str) -> Experiment:
    """One experiment, or `NotFound`."""
    found = find_experiment(c, name)
    if found is None:
        raise NotFound(f"There is no experiment {name[:80]!r}.", hint="An experiment appears with its first run.")
    return found


def ensure(c: Connection, name: str) -> Experiment:
    """The experiment of this name, made if it is missing."""
    found = find_experiment(c, name)
    if found is not None:
        return found
    c.execute(insert(experiments).values(name=name, created_at=now(), run_count=0))
    changes.note(c, "experiment", name)
    return get_experiment(c, name)


def count_runs(c: Connection, experiment_id: int, more: int) -> None:
    """Say that the experiment got so many runs more."""
    c.execute(
        update(experiments).where(experiments.c.id == experiment_id).values(run_count=experiments.c.run_count + more)
    )


def count_all_runs(c: Connection) -> int:
    """How many runs there are in all experiments."""
    return int(c.scalar(select(func.sum(experiments.c.run_count))) or 0)


def page_experiments(c: Connection, limit: int, cursor: str | None) -> Page[Experiment]:
    """Experiments, newest first."""
    query = select(*_COLUMNS).order_by(experiments.c.id.desc()).limit(limit + 1)
    before = number_after(cursor)
    if before is not None:
        query = query.where(experiments.c.id < before)
    return cut([_experiment(row) for row in c.execute(query)], limit, lambda item: item.id)

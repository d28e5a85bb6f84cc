"""Experiments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.experiment import Experiment, ExperimentUpdate
from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_tags, check_text
from jupyter_mlws.domain.nearest import MOST_NAMES, meant
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import NotFound, WrongState
from jupyter_mlws.store import changes
from jupyter_mlws.store.deleted import PURGED
from jupyter_mlws.store.paging import cut, number_after
from jupyter_mlws.store.tables import experiment_tags, experiments

__all__ = [
    "changed_labels",
    "count_all_runs",
    "count_runs",
    "ensure",
    "find_experiment",
    "get_experiment",
    "page_experiments",
    "update_experiment",
]


def _query() -> Select[Any]:
    # What was deleted gave its name away; see `experiment_trash`.
    return select(experiments).where(experiments.c.deleted_at.is_(None))


def _load(c: Connection, rows: Sequence[Any]) -> list[Experiment]:
    tags: dict[int, dict[str, str]] = {}
    table = experiment_tags.c
    query = select(experiment_tags).where(table.experiment_id.in_([row.id for row in rows]))
    for row in c.execute(query.order_by(table.experiment_id, table.name)) if rows else ():
        tags.setdefault(row.experiment_id, {})[row.name] = row.value
    return [
        Experiment(
            id=row.id,
            name=row.name,
            created_at=row.created_at,
            run_count=row.run_count,
            description=row.description or "",
            tags=tags.get(row.id, {}),
            archived_at=row.archived_at,
        )
        for row in rows
    ]


def find_experiment(c: Connection, name: str) -> Experiment | None:
    """One experiment, or None."""
    found = _load(c, c.execute(_query().where(experiments.c.name == name)).all())
    return found[0] if found else None


def get_experiment(c: Connection, name: str) -> Experiment:
    """One experiment, or `NotFound`."""
    found = find_experiment(c, name)
    if found is None:
        raise _not_found(c, name)
    return found


def _not_found(c: Connection, name: str) -> NotFound:
    given_away = experiments.c.name.startswith(f"{name} (deleted ", autoescape=True)
    if c.scalar(select(experiments.c.id).where(given_away, experiments.c.deleted_at > PURGED).limit(1)) is None:
        known = c.scalars(select(experiments.c.name).where(experiments.c.deleted_at.is_(None)).limit(MOST_NAMES))
        hint = meant(name[:80], known) or "An experiment appears with its first run."
        return NotFound(f"There is no experiment {name[:80]!r}.", hint=hint)
    return NotFound(
        f"The experiment {name} is in the trash.",
        hint=f"Restore it: mlws experiments restore {name}.",
        details={"deleted": True},
    )


def ensure(c: Connection, name: str, *, for_runs: bool = False) -> Experiment:
    """The experiment of this name, made if it is missing.

    Raises
    ------
    WrongState
        It is archived, and was asked for as the place of new runs.
    """
    found = find_experiment(c, name)
    if found is None:
        c.execute(insert(experiments).values(name=name, created_at=now(), run_count=0))
        changes.note(c, "experiment", name)
        return get_experiment(c, name)
    if for_runs and found.archived_at is not None:
        raise WrongState(
            f"The experiment {name} is archived and takes no new runs.",
            hint=f"Reactivate it: mlws experiments reactivate {name}.",
        )
    return found


def update_experiment(c: Connection, name: str, change: ExperimentUpdate) -> Experiment:
    """Change description or tags, archive or reactivate; a tag of None is removed."""
    before = get_experiment(c, name)
    values: dict[str, Any] = {}
    if change.description is not None:
        values["description"] = check_text("description", change.description, MAX_DESCRIPTION)
    if change.archived is not None:
        values["archived_at"] = (before.archived_at or now()) if change.archived else None
    if values:
        c.execute(update(experiments).where(experiments.c.id == before.id).values(**values))
    if change.tags:
        _put_tags(c, before.id, changed_labels(before.tags, change.tags))
    changes.note(c, "experiment", name)
    return get_experiment(c, name)


def changed_labels(current: dict[str, str], change: dict[str, str | None]) -> dict[str, str]:
    """Tags after a change; one of None is removed."""
    merged = dict(current)
    for given, value in change.items():
        # As they are stored: normalised, so that a tag written in another form of Unicode is the same tag.
        [(name, text)] = check_tags({given: value}).items()
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = text
    return check_tags(merged)


def _put_tags(c: Connection, experiment_id: int, tags: dict[str, str]) -> None:
    c.execute(delete(experiment_tags).where(experiment_tags.c.experiment_id == experiment_id))
    rows = [{"experiment_id": experiment_id, "name": name, "value": value} for name, value in tags.items()]
    if rows:
        c.execute(insert(experiment_tags), rows)


def count_runs(c: Connection, experiment_id: int, more: int) -> None:
    """Say that the experiment got so many runs more."""
    c.execute(
        update(experiments).where(experiments.c.id == experiment_id).values(run_count=experiments.c.run_count + more)
    )


def count_all_runs(c: Connection) -> int:
    """How many runs there are in all experiments, the trash left out."""
    query = select(func.sum(experiments.c.run_count)).where(experiments.c.deleted_at.is_(None))
    return int(c.scalar(query) or 0)


def page_experiments(
    c: Connection, limit: int, cursor: str | None, *, include_archived: bool = False
) -> Page[Experiment]:
    """Experiments, newest first."""
    query = _query().order_by(experiments.c.id.desc()).limit(limit + 1)
    if not include_archived:
        query = query.where(experiments.c.archived_at.is_(None))
    before = number_after(cursor)
    if before is not None:
        query = query.where(experiments.c.id < before)
    return cut(_load(c, c.execute(query).all()), limit, lambda item: item.id)

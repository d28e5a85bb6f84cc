"""What is in the trash, of every kind in one list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from jupyter_mlws.domain.deletion import TrashItem
from jupyter_mlws.domain.page import Page
from jupyter_mlws.store.deleted import PURGED
from jupyter_mlws.store.deletion import is_root, run_count_of
from jupyter_mlws.store.experiment_trash import first_name
from jupyter_mlws.store.paging import cut, malformed, text_after
from jupyter_mlws.store.tables import deleted_runs, experiments, models, runs

__all__ = ["count_deleted_runs", "page_trash"]


def page_trash(c: Connection, days: float, limit: int, cursor: str | None) -> Page[TrashItem]:
    """What can be restored, the last deleted first; it stays for so many days."""
    after = _place(cursor)
    found = [
        *_runs(c, days, limit, after),
        *_experiments(c, days, limit, after),
        *_models(c, days, limit, after),
    ]
    found.sort(key=lambda item: (-item.deleted_at.timestamp(), item.kind, item.name))
    return cut(found, limit, lambda item: f"{item.deleted_at.isoformat()} {item.kind} {item.name}")


def _place(cursor: str | None) -> tuple[datetime, str, str] | None:
    text = text_after(cursor)
    if text is None:
        return None
    try:
        at, kind, name = text.split(" ", 2)
        return datetime.fromisoformat(at), kind, name
    except ValueError:
        raise malformed() from None


def _after(
    at: Any, kind: str, name: ColumnElement[str], after: tuple[datetime, str, str] | None
) -> ColumnElement[bool]:
    """The condition on what stands in the list behind the place where the page before ended."""
    if after is None:
        return true()
    earlier: ColumnElement[bool] = at < after[0]
    if kind < after[1]:
        return earlier
    same = at == after[0]
    return or_(earlier, same if kind > after[1] else and_(same, name > after[2]))


def _runs(c: Connection, days: float, limit: int, after: tuple[datetime, str, str] | None) -> Iterator[TrashItem]:
    at = deleted_runs.c.deleted_at
    query: Select[Any] = (
        select(
            runs.c.number,
            runs.c.id,
            runs.c.display_name,
            runs.c.child_count,
            at,
            experiments.c.name.label("experiment"),
        )
        .select_from(
            deleted_runs.join(runs, deleted_runs.c.run_number == runs.c.number).join(
                experiments, runs.c.experiment_id == experiments.c.id
            )
        )
        .where(at > PURGED, is_root(), _after(at, "run", runs.c.id, after))
        .order_by(at.desc(), runs.c.id)
        .limit(limit + 1)
    )
    for row in c.execute(query).all():
        yield TrashItem(
            kind="run",
            name=row.id,
            number=row.number,
            experiment=first_name(row.experiment),
            title=row.display_name,
            run_count=run_count_of(c, row.number, row.deleted_at) if row.child_count else 1,
            deleted_at=row.deleted_at,
            until=row.deleted_at + timedelta(days=days),
        )


def _experiments(
    c: Connection, days: float, limit: int, after: tuple[datetime, str, str] | None
) -> Iterator[TrashItem]:
    at = experiments.c.deleted_at
    count = select(func.count()).where(deleted_runs.c.experiment_id == experiments.c.id).scalar_subquery()
    query = (
        select(experiments.c.name, at, count.label("run_count"))
        .where(at > PURGED, _after(at, "experiment", experiments.c.name, after))
        .order_by(at.desc(), experiments.c.name)
        .limit(limit + 1)
    )
    for row in c.execute(query).all():
        yield TrashItem(
            kind="experiment",
            name=first_name(row.name),
            run_count=row.run_count,
            deleted_at=row.deleted_at,
            until=row.deleted_at + timedelta(days=days),
        )


def _models(c: Connection, days: float, limit: int, after: tuple[datetime, str, str] | None) -> Iterator[TrashItem]:
    at = models.c.deleted_at
    named = _after(at, "model", models.c.name, after)
    query = select(models.c.name, models.c.version, at).where(at > PURGED, named)
    # Of one moment the versions of a name come together; more than a page of them is no use to anybody.
    for row in c.execute(query.order_by(at.desc(), models.c.name, models.c.version).limit(limit + 1)).all():
        yield TrashItem(
            kind="model",
            name=f"{row.name}:{row.version}",
            deleted_at=row.deleted_at,
            until=row.deleted_at + timedelta(days=days),
        )


def count_deleted_runs(c: Connection) -> int:
    """How many runs are in the trash."""
    return c.scalar(select(func.count()).select_from(deleted_runs)) or 0

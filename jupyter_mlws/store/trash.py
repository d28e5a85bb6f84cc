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

_MICROSECOND = timedelta(microseconds=1)

# Where a thing stands in the list: when it was deleted, its kind, and its number among those of its kind.
_Where = tuple[datetime, str, int]


def page_trash(c: Connection, days: float, limit: int, cursor: str | None) -> Page[TrashItem]:
    """What can be restored, the last deleted first; it stays for so many days."""
    after = _place(cursor)
    found = [
        *_experiments(c, days, limit, after),
        *_models(c, days, limit, after),
        *_runs(c, days, limit, after),
    ]
    found.sort(key=lambda pair: (-((pair[0][0] - PURGED) // _MICROSECOND), *pair[0][1:]))
    places = {id(item): place for place, item in found}
    return cut([item for _, item in found], limit, lambda item: _text(places[id(item)]))


def _text(place: _Where) -> str:
    return f"{place[0].isoformat()} {place[1]} {place[2]}"


def _place(cursor: str | None) -> _Where | None:
    text = text_after(cursor)
    if text is None:
        return None
    try:
        at, kind, number = text.split(" ")
        return datetime.fromisoformat(at), kind, int(number)
    except ValueError:
        raise malformed() from None


def _after(at: Any, kind: str, number: Any, after: _Where | None) -> ColumnElement[bool]:
    """The condition on what stands in the list behind the place where the page before ended."""
    if after is None:
        return true()
    earlier: ColumnElement[bool] = at < after[0]
    if kind < after[1]:
        return earlier
    same: ColumnElement[bool] = at == after[0]
    return or_(earlier, same if kind > after[1] else and_(same, number > after[2]))


def _runs(c: Connection, days: float, limit: int, after: _Where | None) -> Iterator[tuple[_Where, TrashItem]]:
    at = deleted_runs.c.deleted_at
    query: Select[Any] = (
        select(runs.c.number, runs.c.id, runs.c.display_name, runs.c.child_count, at)
        .add_columns(experiments.c.name.label("experiment"))
        .select_from(
            deleted_runs.join(runs, deleted_runs.c.run_number == runs.c.number).join(
                experiments, runs.c.experiment_id == experiments.c.id
            )
        )
        .where(at > PURGED, is_root(), _after(at, "run", runs.c.number, after))
        .order_by(at.desc(), runs.c.number)
        .limit(limit + 1)
    )
    for row in c.execute(query).all():
        yield (
            (row.deleted_at, "run", row.number),
            TrashItem(
                kind="run",
                name=row.id,
                number=row.number,
                experiment=first_name(row.experiment),
                title=row.display_name,
                run_count=run_count_of(c, row.number, row.deleted_at) if row.child_count else 1,
                deleted_at=row.deleted_at,
                until=row.deleted_at + timedelta(days=days),
            ),
        )


def _experiments(c: Connection, days: float, limit: int, after: _Where | None) -> Iterator[tuple[_Where, TrashItem]]:
    at = experiments.c.deleted_at
    count = select(func.count()).where(deleted_runs.c.experiment_id == experiments.c.id).scalar_subquery()
    query = (
        select(experiments.c.id, experiments.c.name, at, count.label("run_count"))
        .where(at > PURGED, _after(at, "experiment", experiments.c.id, after))
        .order_by(at.desc(), experiments.c.id)
        .limit(limit + 1)
    )
    for row in c.execute(query).all():
        yield (
            (row.deleted_at, "experiment", row.id),
            TrashItem(
                kind="experiment",
                name=first_name(row.name),
                run_count=row.run_count,
                deleted_at=row.deleted_at,
                until=row.deleted_at + timedelta(days=days),
            ),
        )


def _models(c: Connection, days: float, limit: int, after: _Where | None) -> Iterator[tuple[_Where, TrashItem]]:
    at = models.c.deleted_at
    query = select(models.c.id, models.c.name, models.c.version, at)
    query = query.where(at > PURGED, _after(at, "model", models.c.id, after)).order_by(at.desc(), models.c.id)
    for row in c.execute(query.limit(limit + 1)).all():
        yield (
            (row.deleted_at, "model", row.id),
            TrashItem(
                kind="model",
                name=f"{row.name}:{row.version}",
                deleted_at=row.deleted_at,
                until=row.deleted_at + timedelta(days=days),
            ),
        )


def count_deleted_runs(c: Connection) -> int:
    """How many runs are in the trash."""
    return c.scalar(select(func.count()).select_from(deleted_runs)) or 0

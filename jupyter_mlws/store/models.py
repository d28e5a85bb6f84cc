"""Models: names with versions that count up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.model import Model, ModelFile, ModelRegistration
from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_tags, check_text
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import changes, counters
from jupyter_mlws.store.paging import cut, number_after
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import model_files, model_tags, models, runs

__all__ = ["count_models", "create_model", "find_by_key", "get_model", "page_models"]


def create_model(c: Connection, registration: ModelRegistration, files: Sequence[ModelFile]) -> Model:
    """The next version of a name, with these files; the same key gives the same version."""
    if registration.key:
        known = find_by_key(c, registration.key)
        if known is not None:
            return known
    version = counters.take(c, f"model:{registration.name}")
    model_id: int = c.execute(
        insert(models)
        .values(
            name=registration.name,
            version=version,
            created_at=now(),
            run_number=run_number(c, registration.run_id),
            description=check_text("description", registration.description, MAX_DESCRIPTION),
            registration_key=registration.key or None,
        )
        .returning(models.c.id)
    ).scalar_one()
    _put_rows(c, model_files, model_id, [vars(file) for file in files])
    tags = check_tags(registration.tags)
    _put_rows(c, model_tags, model_id, [{"name": name, "value": value} for name, value in tags.items()])
    changes.note(c, "model", f"{registration.name}:{version}")
    return get_model(c, registration.name, version)


def _put_rows(c: Connection, table: Any, model_id: int, rows: list[dict[str, Any]]) -> None:
    if rows:
        c.execute(insert(table), [{"model_id": model_id, **row} for row in rows])


def _query() -> Select[Any]:
    return select(models, runs.c.id.label("run_id")).select_from(
        models.outerjoin(runs, models.c.run_number == runs.c.number)
    )


def _load(c: Connection, rows: Sequence[Any]) -> list[Model]:
    ids = [row.id for row in rows]
    files: dict[int, list[ModelFile]] = {}
    for row in c.execute(
        select(model_files).where(model_files.c.model_id.in_(ids)).order_by(model_files.c.model_id, model_files.c.path)
    ):
        files.setdefault(row.model_id, []).append(
            ModelFile(path=row.path, size_bytes=row.size_bytes, digest=row.digest)
        )
    tags: dict[int, dict[str, str]] = {}
    for row in c.execute(
        select(model_tags).where(model_tags.c.model_id.in_(ids)).order_by(model_tags.c.model_id, model_tags.c.name)
    ):
        tags.setdefault(row.model_id, {})[row.name] = row.value
    return [_model(row, tuple(files.get(row.id, ())), tags.get(row.id, {})) for row in rows]


def _model(row: Any, files: tuple[ModelFile, ...], tags: dict[str, str]) -> Model:
    return Model(
        name=row.name,
        version=row.version,
        created_at=row.created_at,
        files=files,
        run_id=row.run_id,
        run_number=row.run_number,
        tags=tags,
        description=row.description,
    )


def find_by_key(c: Connection, key: str) -> Model | None:
    """The version that was registered with this key."""
    rows = c.execute(_query().where(models.c.registration_key == key)).all()
    return _load(c, rows)[0] if rows else None


def get_model(c: Connection, name: str, version: int = 0) -> Model:
    """One version (0: the latest), or `NotFound`."""
    query = _query().where(models.c.name == name).order_by(models.c.version.desc()).limit(1)
    if version:
        query = query.where(models.c.version == version)
    rows = c.execute(query).all()
    if not rows:
        what = f"version {version} of model" if version else "model"
        raise NotFound(f"There is no {what} {name[:80]!r}.", hint="List the models to see their names and versions.")
    return _load(c, rows)[0]


def page_models(c: Connection, name: str | None, run: str | None, limit: int, cursor: str | None) -> Page[Model]:
    """Model versions, newest first."""
    query = _query().order_by(models.c.id.desc()).limit(limit + 1)
    if name is not None:
        query = query.where(models.c.name == name)
    if run is not None:
        query = query.where(models.c.run_number == run_number(c, run))
    before = number_after(cursor)
    if before is not None:
        query = query.where(models.c.id < before)
    rows = c.execute(query).all()
    ids = {f"{row.name}:{row.version}": row.id for row in rows}
    return cut(_load(c, rows), limit, lambda model: ids[model.id])


def count_models(c: Connection) -> int:
    """How many versions there are."""
    return c.scalar(select(func.count()).select_from(models)) or 0

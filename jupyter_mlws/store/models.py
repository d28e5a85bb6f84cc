"""Models: names with versions that count up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, func, insert, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.model import LATEST, Model, ModelFile, ModelRegistration, ModelUpdate, check_alias
from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_tags, check_text
from jupyter_mlws.domain.nearest import MOST_NAMES, meant
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import changes, counters
from jupyter_mlws.store.deleted import PURGED
from jupyter_mlws.store.experiments import changed_labels
from jupyter_mlws.store.runs import added_properties, run_number
from jupyter_mlws.store.tables import deleted_runs, model_aliases, model_files, model_tags, models, runs
from jupyter_mlws.store.upsert import upsert

__all__ = [
    "aliases_of",
    "count_models",
    "create_model",
    "delete_model",
    "find_by_key",
    "get_by_alias",
    "get_model",
    "load_models",
    "model_query",
    "remove_alias",
    "restore_model",
    "set_alias",
    "tags_of",
    "update_model",
]

# Where the model comes from, kept among the properties: it outlives the record of the run.
_RUN, _SNAPSHOT = "mlws.run_id", "mlws.snapshot_id"


def create_model(c: Connection, registration: ModelRegistration, files: Sequence[ModelFile]) -> Model:
    """The next version of a name, with these files; the same key gives the same version."""
    if registration.key:
        known = find_by_key(c, registration.key)
        if known is not None:
            return known
    number = run_number(c, registration.run_id) if registration.run_id else None
    version = counters.take(c, f"model:{registration.name}")
    model_id: int = c.execute(
        insert(models)
        .values(
            name=registration.name,
            version=version,
            created_at=now(),
            run_number=number,
            description=check_text("description", registration.description, MAX_DESCRIPTION),
            registration_key=registration.key or None,
            properties=check_tags(registration.properties, "property") | _lineage(c, number),
            framework=registration.framework,
            framework_version=registration.framework_version,
        )
        .returning(models.c.id)
    ).scalar_one()
    _put_rows(c, model_files, model_id, [vars(file) for file in files])
    _put_tags(c, model_id, check_tags(registration.tags))
    _note(c, registration.name, version)
    return get_model(c, registration.name, version)


def _lineage(c: Connection, number: int | None) -> dict[str, str]:
    if number is None:
        return {}
    run = c.execute(select(runs.c.id, runs.c.snapshot_id).where(runs.c.number == number)).one()
    return {_RUN: run.id} | ({_SNAPSHOT: run.snapshot_id} if run.snapshot_id else {})


def _put_rows(c: Connection, table: Any, model_id: int, rows: list[dict[str, Any]]) -> None:
    if rows:
        c.execute(insert(table), [{"model_id": model_id, **row} for row in rows])


def _put_tags(c: Connection, model_id: int, tags: dict[str, str]) -> None:
    _put_rows(c, model_tags, model_id, [{"name": name, "value": value} for name, value in tags.items()])


def _note(c: Connection, name: str, *versions: int) -> None:
    changes.note_many(c, "model", (f"{name}:{version}" for version in versions))


# -- reading


def model_query() -> Select[Any]:
    """All that `load_models` needs of each version."""
    gone = exists().where(deleted_runs.c.run_number == models.c.run_number)
    return select(models, runs.c.id.label("run_id"), runs.c.snapshot_id, gone.label("run_deleted")).select_from(
        models.outerjoin(runs, models.c.run_number == runs.c.number)
    )


def load_models(c: Connection, rows: Sequence[Any]) -> list[Model]:
    """Versions from the rows of a `model_query`, with their files, tags and aliases."""
    files: dict[int, list[ModelFile]] = {}
    of_these = model_files.c.model_id.in_([row.id for row in rows])
    for row in c.execute(select(model_files).where(of_these).order_by(model_files.c.model_id, model_files.c.path)):
        file = ModelFile(path=row.path, size_bytes=row.size_bytes, digest=row.digest)
        files.setdefault(row.model_id, []).append(file)
    tags, aliases = tags_of(c, rows), aliases_of(c, rows)
    return [_model(row, tuple(files.get(row.id, ())), tags.get(row.id, {}), aliases.get(row.id, ())) for row in rows]


def tags_of(c: Connection, rows: Iterable[Any]) -> dict[int, dict[str, str]]:
    """The tags of each version, by its row's id."""
    found: dict[int, dict[str, str]] = {}
    query = select(model_tags).where(model_tags.c.model_id.in_([row.id for row in rows]))
    for row in c.execute(query.order_by(model_tags.c.model_id, model_tags.c.name)):
        found.setdefault(row.model_id, {})[row.name] = row.value
    return found


def aliases_of(c: Connection, rows: Sequence[Any]) -> dict[int, tuple[str, ...]]:
    """The aliases of each version, by its row's id."""
    ids = {(row.name, row.version): row.id for row in rows}
    found: dict[int, tuple[str, ...]] = {}
    query = select(model_aliases).where(model_aliases.c.name.in_({row.name for row in rows}))
    for row in c.execute(query.order_by(model_aliases.c.name, model_aliases.c.alias)):
        model_id = ids.get((row.name, row.version))
        if model_id is not None:
            found[model_id] = (*found.get(model_id, ()), row.alias)
    return found


def _model(row: Any, files: tuple[ModelFile, ...], tags: dict[str, str], aliases: tuple[str, ...]) -> Model:
    properties = dict(row.properties or {})
    first_run, first_snapshot = properties.pop(_RUN, None), properties.pop(_SNAPSHOT, None)
    return Model(
        name=row.name,
        version=row.version,
        created_at=row.created_at,
        files=files,
        run_id=row.run_id or first_run,
        run_number=row.run_number,
        run_deleted=bool(row.run_deleted) or (row.run_id is None and first_run is not None),
        snapshot_id=row.snapshot_id or first_snapshot,
        tags=tags,
        properties=properties,
        aliases=aliases,
        description=row.description,
        framework=row.framework or "",
        framework_version=row.framework_version or "",
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
    )


def find_by_key(c: Connection, key: str) -> Model | None:
    """The version that was registered with this key."""
    rows = c.execute(model_query().where(models.c.registration_key == key)).all()
    return load_models(c, rows)[0] if rows else None


def get_model(c: Connection, name: str, version: int = 0, *, deleted: bool = False) -> Model:
    """One version (0: the latest), or `NotFound`; one in the trash only where `deleted` ones are wanted, too."""
    query = model_query().where(models.c.name == name).order_by(models.c.version.desc()).limit(1)
    if version:
        query = query.where(models.c.version == version)
    row = c.execute(query if version or deleted else query.where(models.c.deleted_at.is_(None))).one_or_none()
    what = f"version {version} of model {name[:80]!r}" if version else f"model {name[:80]!r}"
    if row is None or row.deleted_at == PURGED:
        known = c.scalars(select(models.c.name).where(models.c.deleted_at.is_(None)).distinct().limit(MOST_NAMES))
        near = meant(name[:80], known)
        hint = f"{near} List the models to see their names and versions: mlws models list".lstrip()
        raise NotFound(f"There is no {what}.", hint=hint)
    if row.deleted_at is not None and not deleted:
        raise NotFound(
            f"There is no {what} any more: it is in the trash.",
            hint=f"Bring it back with mlws models restore {name[:80]}:{version}",
        )
    return load_models(c, [row])[0]


def get_by_alias(c: Connection, name: str, alias: str) -> Model:
    """The version that an alias names, or `NotFound`."""
    if alias == LATEST:
        return get_model(c, name)
    found = model_aliases.c
    version = c.scalar(select(found.version).where(found.name == name, found.alias == alias))
    if version is None:
        known = c.scalars(select(found.alias).where(found.name == name).order_by(found.alias)).all()
        get_model(c, name)  # its own sentence where there is no such model at all
        raise NotFound(
            f"No version of model {name[:80]!r} has the alias {alias[:80]!r}.",
            hint=f"Its aliases: {', '.join([*known, LATEST])}.",
            details={"known": [*known, LATEST]},
        )
    return get_model(c, name, version)


def count_models(c: Connection) -> int:
    """How many versions there are, without those in the trash."""
    return c.scalar(select(func.count()).select_from(models).where(models.c.deleted_at.is_(None))) or 0


# -- changing


def update_model(c: Connection, name: str, version: int, change: ModelUpdate) -> Model:
    """Change tags, description or framework; add properties. A tag of None is removed."""
    before = get_model(c, name, version)
    row = c.execute(
        select(models.c.id, models.c.properties).where(models.c.name == name, models.c.version == before.version)
    ).one()
    values: dict[str, Any] = {
        field: text
        for field in ("description", "framework", "framework_version")
        if (text := getattr(change, field)) is not None
    }
    if change.properties:
        added = added_properties(before.properties, change.properties, f"Model {before.id}")
        values["properties"] = (row.properties or {}) | added
    c.execute(update(models).where(models.c.id == row.id).values(updated_at=now(), **values))
    if change.tags:
        _change_tags(c, row.id, before.tags, change.tags)
    _note(c, name, before.version)
    return get_model(c, name, before.version)


def _change_tags(c: Connection, model_id: int, current: dict[str, str], change: dict[str, str | None]) -> None:
    merged = changed_labels(current, change)
    c.execute(delete(model_tags).where(model_tags.c.model_id == model_id))
    _put_tags(c, model_id, merged)


def set_alias(c: Connection, name: str, alias: str, version: int) -> Model:
    """Let an alias name this version (0: the latest), and no other one any more."""
    check_alias(alias)
    model = get_model(c, name, version)
    had = _version_of(c, name, alias)
    upsert(c, model_aliases, [{"name": name, "alias": alias, "version": model.version}])
    _note(c, name, *{model.version, *([] if had is None else [had])})
    return get_model(c, name, model.version)


def remove_alias(c: Connection, name: str, alias: str) -> Model:
    """Take an alias away, or `NotFound`; the version that had it."""
    check_alias(alias)
    had = _version_of(c, name, alias)
    if had is None:
        return get_by_alias(c, name, alias)  # says which there are
    c.execute(delete(model_aliases).where(model_aliases.c.name == name, model_aliases.c.alias == alias))
    _note(c, name, had)
    return get_model(c, name, had, deleted=True)


def _version_of(c: Connection, name: str, alias: str) -> int | None:
    found = model_aliases.c
    version: int | None = c.scalar(select(found.version).where(found.name == name, found.alias == alias))
    return version


def delete_model(c: Connection, name: str, version: int) -> Model:
    """Put a version into the trash; one that is there stays as it is."""
    return _set_deleted(c, get_model(c, name, version, deleted=True), deleted=True)


def restore_model(c: Connection, name: str, version: int) -> Model:
    """Take a version out of the trash; one that is not there stays as it is."""
    return _set_deleted(c, get_model(c, name, version, deleted=True), deleted=False)


def _set_deleted(c: Connection, model: Model, *, deleted: bool) -> Model:
    if (model.deleted_at is not None) == deleted:
        return model
    c.execute(
        update(models)
        .where(models.c.name == model.name, models.c.version == model.version)
        .values(deleted_at=now() if deleted else None)
    )
    _note(c, model.name, model.version)
    return get_model(c, model.name, model.version, deleted=True)

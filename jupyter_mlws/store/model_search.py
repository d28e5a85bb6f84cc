"""Lists of models: by name, run, tags, properties, and by a piece of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, select

from jupyter_mlws.domain.model import Model
from jupyter_mlws.domain.page import Page
from jupyter_mlws.store.deleted import PURGED
from jupyter_mlws.store.models import aliases_of, load_models, model_query, tags_of
from jupyter_mlws.store.paging import encode, number_after
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import model_tags, models

__all__ = ["ModelWish", "page_models"]

# Rows looked at in one go where not every one of them is wanted.
_STEP = 500


@dataclass(frozen=True, kw_only=True)
class ModelWish:
    """Which versions are wanted; see `ModelsApi.list`. A tag's or property's value of None is any."""

    name: str | None = None
    run: str | None = None
    search: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, str | None] = field(default_factory=dict)
    latest: bool = False
    deleted: bool = False

    @property
    def looks_inside(self) -> bool:
        """Whether something is wanted that the database is not asked for."""
        return bool(self.search or self.properties)

    def is_met_by(self, row: Any, tags: Mapping[str, str], aliases: Sequence[str]) -> bool:
        """Whether a version has the properties and the text. The same on every database, whatever it takes for case."""
        has = row.properties or {}
        if any(key not in has or value not in (None, has[key]) for key, value in self.properties.items()):
            return False
        words = [f"{key}={value}" if value else key for key, value in tags.items()]
        text = "\n".join([f"{row.name}:{row.version}", row.description, *aliases, *words])
        return self.search.casefold() in text.casefold()


def page_models(c: Connection, wish: ModelWish, limit: int, cursor: str | None) -> Page[Model]:
    """The versions that are wished for, newest first."""
    query = model_query().where(*_conditions(c, wish)).order_by(models.c.id.desc())
    before = number_after(cursor)
    found: list[Any] = []
    step = _STEP if wish.looks_inside else limit + 1
    while len(found) <= limit:
        rows = c.execute((query if before is None else query.where(models.c.id < before)).limit(step)).all()
        found += _met(c, rows, wish) if wish.looks_inside else rows
        if len(rows) < step:
            break
        before = rows[-1].id
    kept = found[:limit]
    more = encode(kept[-1].id) if len(found) > limit else None
    return Page(items=tuple(load_models(c, kept)), next_cursor=more)


def _conditions(c: Connection, wish: ModelWish) -> Iterator[ColumnElement[bool]]:
    yield models.c.deleted_at > PURGED if wish.deleted else models.c.deleted_at.is_(None)
    if wish.name is not None:
        yield models.c.name == wish.name
    if wish.run is not None:
        yield models.c.run_number == run_number(c, wish.run)
    for key, value in wish.tags.items():
        is_there = exists(select(model_tags.c.name)).where(
            model_tags.c.model_id == models.c.id, model_tags.c.name == key
        )
        yield is_there if value is None else is_there.where(model_tags.c.value == value)
    if wish.latest:
        other = models.alias("other")
        yield ~exists(select(other.c.id)).where(
            other.c.name == models.c.name, other.c.version > models.c.version, other.c.deleted_at.is_(None)
        )


def _met(c: Connection, rows: Sequence[Any], wish: ModelWish) -> list[Any]:
    tags, aliases = tags_of(c, rows), aliases_of(c, rows)
    return [row for row in rows if wish.is_met_by(row, tags.get(row.id, {}), aliases.get(row.id, ()))]

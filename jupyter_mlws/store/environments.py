"""Environments: names with versions that count up, each with the locks that it was resolved to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, insert, select

from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.environment import CURATED, KERNEL, Environment, EnvironmentLock, EnvironmentSpec
from jupyter_mlws.domain.nearest import MOST_NAMES, meant
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import changes, counters
from jupyter_mlws.store.paging import cut, number_after
from jupyter_mlws.store.tables import environment_labels, environment_locks, environments
from jupyter_mlws.store.upsert import upsert

__all__ = [
    "IMPORTED",
    "add",
    "counter",
    "find_lock",
    "get_environment",
    "is_imported",
    "list_locks",
    "page_environments",
    "put_lock",
    "register",
    "remember",
    "set_label",
    "versions_by_lock",
]

# The label of what came with an archive, with the version behind it: of each name there may be several.
IMPORTED = "imported"


def register(c: Connection, name: str, spec: EnvironmentSpec, *, user: str, description: str = "") -> Environment:
    """The newest version of a name if it says the same, else the next one."""
    row = c.execute(_own(name).limit(1)).one_or_none()
    if row is not None and row.spec_digest == spec.digest:
        return _load(c, [row])[0]
    version = counters.take(c, counter(name))
    add(c, name, version, spec, created_at=now(), user=user, description=description)
    return get_environment(c, name, version)


def remember(c: Connection, name: str, spec: EnvironmentSpec, *, user: str, description: str) -> str:
    """The version of this workspace's own that says this, whichever it is, else a new one; its reference."""
    query = _own(name).where(environments.c.spec_digest == spec.digest).limit(1)
    row = c.execute(query).one_or_none()
    if row is not None:
        return f"{name}:{row.version}"
    version = counters.take(c, counter(name))
    add(c, name, version, spec, created_at=now(), user=user, description=description)
    return f"{name}:{version}"


def counter(name: str) -> str:
    """What counts the versions of a name."""
    return f"environment:{name}"


def add(
    c: Connection, name: str, version: int, spec: EnvironmentSpec, *, created_at: datetime, user: str, description: str
) -> None:
    """Write a version whose number is free."""
    c.execute(
        insert(environments).values(
            name=name,
            version=version,
            created_at=created_at,
            user=user,
            description=description,
            spec=to_builtins(spec),
            spec_digest=spec.digest,
        )
    )
    if name != KERNEL:  # what a kernel had is no environment that somebody looks for
        changes.note(c, "environment", f"{name}:{version}")


def _of(name: str) -> Select[Any]:
    table = environments
    return select(table).where(table.c.name == name).order_by(table.c.version.desc())


def _own(name: str) -> Select[Any]:
    """Without what came with an archive: only who names its version, or its label, means that."""
    label, table = environment_labels, environments
    came = exists().where(
        label.c.name == table.c.name, label.c.version == table.c.version, label.c.label.like(f"{IMPORTED}-%")
    )
    return _of(name).where(~came)


def is_imported(environment: Environment) -> bool:
    """Whether a version came with an archive, and nobody here has made it his own."""
    return any(label.startswith(f"{IMPORTED}-") for label in environment.labels)


def get_environment(c: Connection, name: str, version: int = 0, label: str = "") -> Environment:
    """One version (0: the newest, or the one that has the label), or `NotFound`."""
    if label:
        table = environment_labels
        named = c.scalar(select(table.c.version).where(table.c.name == name, table.c.label == label))
        if named is None:
            raise NotFound(
                f"No version of environment {name[:80]!r} has the label {label[:80]!r}.",
                hint=f"List its versions: mlws env list {name[:80]}",
            )
        version = named
    query = _of(name).where(environments.c.version == version) if version else _own(name)
    rows = c.execute(query.limit(1)).all()
    if not rows:
        imported = c.execute(_of(name).limit(1)).one_or_none() if not version else None
        if imported is not None:
            raise NotFound(
                f"The environment {name[:80]!r} came with an archive, and is none of this workspace's own.",
                hint=f"Name its version: {name[:80]}:{imported.version}",
                details={"imported": f"{name}:{imported.version}"},
            )
        what = f"version {version} of environment" if version else "environment"
        known = c.scalars(select(environments.c.name).distinct().limit(MOST_NAMES))
        near = meant(name[:80], [*CURATED, *known])
        raise NotFound(f"There is no {what} {name[:80]!r}.", hint=f"{near} List them: mlws env list.".lstrip())
    return _load(c, rows)[0]


def page_environments(c: Connection, name: str | None, limit: int, cursor: str | None) -> Page[Environment]:
    """Versions, newest first; what kernels had installed only when that is asked for."""
    table = environments
    query = select(table).order_by(table.c.id.desc()).limit(limit + 1)
    query = query.where(table.c.name == name if name is not None else table.c.name != KERNEL)
    before = number_after(cursor)
    if before is not None:
        query = query.where(table.c.id < before)
    rows = c.execute(query).all()
    ids = {f"{row.name}:{row.version}": row.id for row in rows}
    return cut(_load(c, rows), limit, lambda item: ids[item.id])


def _load(c: Connection, rows: Sequence[Any]) -> list[Environment]:
    names = {row.name for row in rows}
    labels: dict[tuple[str, int], list[str]] = {}
    table = environment_labels
    for row in c.execute(select(table).where(table.c.name.in_(names)).order_by(table.c.label)):
        labels.setdefault((row.name, row.version), []).append(row.label)
    return [
        Environment(
            name=row.name,
            version=row.version,
            created_at=row.created_at,
            user=row.user,
            description=row.description,
            spec=from_builtins(EnvironmentSpec, row.spec),
            labels=tuple(labels.get((row.name, row.version), ())),
        )
        for row in rows
    ]


def set_label(c: Connection, name: str, label: str, version: int | None) -> None:
    """Have a label name this version; None takes it away."""
    table = environment_labels
    if version is None:
        c.execute(delete(table).where(table.c.name == name, table.c.label == label))
    else:
        get_environment(c, name, version)
        upsert(c, table, [{"name": name, "label": label, "version": version}])
    changes.note(c, "environment", f"{name}@{label}")


def put_lock(c: Connection, environment: Environment, *, system: str, python: str, digest: str, body: str) -> str:
    """Keep what a version was resolved to on a kind of machine; who came first is right. Returns the kept text."""
    known = find_lock(c, environment, system)
    if known is not None:
        return known
    upsert(
        c,
        environment_locks,
        [
            {
                "environment_id": _id(c, environment),
                "system": system,
                "python": python,
                "digest": digest,
                "body": body,
            }
        ],
    )
    return body


def find_lock(c: Connection, environment: Environment, system: str) -> str | None:
    """The text of the lock of a version for a kind of machine."""
    table = environment_locks
    query = select(table.c.body).where(table.c.environment_id == _id(c, environment), table.c.system == system)
    body: str | None = c.scalar(query)
    return body


def list_locks(c: Connection, environment: Environment) -> list[EnvironmentLock]:
    """What a version was resolved to so far, one for each kind of machine."""
    table = environment_locks
    query = select(table).where(table.c.environment_id == _id(c, environment)).order_by(table.c.system)
    return [
        EnvironmentLock(system=row.system, python=row.python, digest=row.digest, text=row.body)
        for row in c.execute(query)
    ]


def versions_by_lock(c: Connection, digests: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The versions that are resolved to each of these locks, the newest first."""
    table = environment_locks
    query = (
        select(table.c.digest, environments.c.name, environments.c.version)
        .join(environments, environments.c.id == table.c.environment_id)
        .where(table.c.digest.in_(digests))
        .order_by(environments.c.id.desc())
    )
    found: dict[str, tuple[str, ...]] = {}
    for digest, name, version in c.execute(query):
        found[digest] = (*found.get(digest, ()), f"{name}:{version}")
    return found


def _id(c: Connection, environment: Environment) -> int:
    table = environments
    query = select(table.c.id).where(table.c.name == environment.name, table.c.version == environment.version)
    return int(c.execute(query).scalar_one())

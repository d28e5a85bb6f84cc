"""The version of the tables: make them, recognise them, bring old ones up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select

from jupyter_mlws.errors import WorkspaceError
from jupyter_mlws.store.lock import OpenLock
from jupyter_mlws.store.tables import SCHEMA_VERSION, SCHEMA_VERSIONS, alembic_version, metadata

__all__ = ["MIGRATIONS", "migrate", "prepare", "stored_version"]

MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(engine: Engine, lock: OpenLock, path: Path) -> None:
    """Make the tables of an empty database, upgrade those of an older version, refuse a newer one."""
    # The usual case is one small read; only what follows needs the write lock.
    version = _peek(path)
    if version == SCHEMA_VERSION:
        return
    with engine.connect() as connection, connection.begin():
        version = stored_version(connection)
        if version is None:
            create(connection)
            return
    if version == SCHEMA_VERSION:
        return
    if version not in SCHEMA_VERSIONS:
        raise WorkspaceError(
            f"A newer version of jupyter-mlws wrote this workspace (its tables are {version}, ours {SCHEMA_VERSION}).",
            hint="Upgrade jupyter-mlws here with pip install -U jupyter-mlws.",
        )
    with lock.alone():
        _keep_copy(path, version)
        migrate(engine)


def _peek(path: Path) -> str | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:  # no such table, or still locked by who makes it: look again with the lock
            return None
    return row[0] if row else None


def stored_version(connection: Connection) -> str | None:
    """The version of the tables in this database; None when it is empty."""
    if not inspect(connection).has_table(alembic_version.name):
        return None
    return connection.scalar(select(alembic_version.c.version_num))


def create(connection: Connection) -> None:
    """All tables, and their version, in the transaction of `connection`."""
    metadata.create_all(connection)
    connection.execute(alembic_version.insert().values(version_num=SCHEMA_VERSION))


def _keep_copy(path: Path, version: str) -> None:
    copy = path.with_name(f"{path.name}.before-{SCHEMA_VERSION}")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def migrate(engine: Engine, scripts: Path = MIGRATIONS, revision: str = "head") -> None:
    """Bring the tables to the newest version, or to the one given, in one transaction: all of it, or nothing."""
    # Imported here because only an old database needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection, _unchecked_keys(connection), connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@contextmanager
def _unchecked_keys(connection: Connection) -> Iterator[None]:
    # SQLite alters a table by copying and dropping it, which foreign keys would forbid. The switch works outside
    # transactions only.
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")

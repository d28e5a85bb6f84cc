"""The version of the tables: make them, recognise them, bring old ones up to date.

What only adds to the tables is done while others, of this version and the one before, have the workspace open. For
them the database itself says how old a program may be that reads and writes it (see `COMPATIBLE_SINCE`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert, inspect, select

from jupyter_mlws import faults
from jupyter_mlws.errors import WorkspaceError
from jupyter_mlws.store import counters as numbers
from jupyter_mlws.store.database import Database
from jupyter_mlws.store.tables import (
    COMPATIBLE_SINCE,
    SCHEMA_VERSION,
    SCHEMA_VERSIONS,
    alembic_version,
    counters,
    metadata,
)

__all__ = ["COMPATIBLE", "MIGRATIONS", "migrate", "prepare", "stored_version"]

MIGRATIONS = Path(__file__).parent / "migrations"
# The row of `counters` in which a database says since which version of the tables programs may use it.
COMPATIBLE = "tables_compatible_since"


def prepare(database: Database, writer: Engine) -> None:
    """Make the tables of an empty database, upgrade those of an older version, refuse those that are too new."""
    # The usual case is one small read; only what follows needs the write lock.
    if database.peek(writer) == SCHEMA_VERSION:
        return
    with writer.connect() as connection, connection.begin():
        version = stored_version(connection)
        if version is None:
            create(connection)
            return
        since = numbers.last(connection, COMPATIBLE)
    if version == SCHEMA_VERSION:
        return
    if version in SCHEMA_VERSIONS:
        _upgrade(database, writer, version)
    elif not 0 < since <= int(SCHEMA_VERSION):
        raise WorkspaceError(
            f"A newer version of jupyter-mlws wrote this workspace (its tables are {version}, ours {SCHEMA_VERSION}).",
            hint="Upgrade jupyter-mlws here with pip install -U jupyter-mlws.",
        )


def _upgrade(database: Database, writer: Engine, version: str) -> None:
    def keep_copy(connection: Connection) -> None:
        if stored_version(connection) in SCHEMA_VERSIONS[:-1]:  # else somebody has upgraded it meanwhile
            database.keep_copy(SCHEMA_VERSION)

    if int(COMPATIBLE_SINCE) <= int(version):  # who has it open goes on
        migrate(writer, before=keep_copy)
        return
    try:
        with database.alone(writer) as engine:
            migrate(engine, before=keep_copy)
    except WorkspaceError:
        if database.peek(writer) != SCHEMA_VERSION:  # else who was in our way has done it
            raise


def stored_version(connection: Connection) -> str | None:
    """The version of the tables in this database; None when it is empty."""
    if not inspect(connection).has_table(alembic_version.name):
        return None
    return connection.scalar(select(alembic_version.c.version_num))


def create(connection: Connection) -> None:
    """All tables, and their version, in the transaction of `connection`."""
    metadata.create_all(connection)
    connection.execute(alembic_version.insert().values(version_num=SCHEMA_VERSION))
    _note_compatibility(connection)
    faults.point("schema.create")


def _note_compatibility(connection: Connection) -> None:
    connection.execute(delete(counters).where(counters.c.name == COMPATIBLE))
    connection.execute(insert(counters).values(name=COMPATIBLE, value=int(COMPATIBLE_SINCE)))


def migrate(
    engine: Engine,
    scripts: Path = MIGRATIONS,
    revision: str = "head",
    before: Callable[[Connection], None] | None = None,
) -> None:
    """Bring the tables to the newest version, or to the one given, in one transaction: all of it, or nothing.

    Parameters
    ----------
    engine : Engine
        Whose transactions begin with the write lock.
    scripts : Path
    revision : str
    before : callable, optional
        Called in the transaction before anything is changed.
    """
    # Imported here because only an old database needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection, _unchecked_keys(connection), connection.begin():
        if before is not None:
            before(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if revision == "head":
            _note_compatibility(connection)
        faults.point("schema.migrate")


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

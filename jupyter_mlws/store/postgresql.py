"""What is particular to PostgreSQL: connections, locks, and what its errors mean.

Every connection holds a shared lock as long as it lives, which says that the workspace is open; an upgrade that does
more than add takes it exclusively. Every writing transaction begins with another lock, so there is one writer at a
time, as in SQLite: each statement sees what the writers before it have committed, and the cursors of the change feed
become visible in their order.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from jupyter_mlws.errors import CorruptData, MissingPart, MlwsError, StorageFull, Unavailable, WorkspaceError
from jupyter_mlws.store import address, counters, schema
from jupyter_mlws.store.database import AGAIN

__all__ = ["PostgresDatabase"]

# "mlws" in ASCII: the class of our advisory locks, which are looked for in one database.
_CLASS = 0x6D6C7773
_OPEN, _WRITE = (f"{_CLASS}, hashtext('{what} ' || coalesce(current_schema(), ''))" for what in ("open", "write"))
_HOLDERS = text(f"""
    SELECT DISTINCT coalesce(nullif(application_name, ''), 'a program of another user')
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND classid = {_CLASS} AND objsubid = 2 AND granted
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND objid::bigint = (hashtext('open ' || coalesce(current_schema(), ''))::bigint & 4294967295)
    AND pid <> pg_backend_pid()
    ORDER BY 1
""")  # noqa: S608 - of constants
# A server forgets a machine that vanished within a minute, and with it the locks of its transactions.
_SESSION = (
    "SET tcp_keepalives_idle = 20",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
    "SET idle_in_transaction_session_timeout = '60s'",
)
_CONNECT = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


class PostgresDatabase:
    """A PostgreSQL database that holds one workspace.

    Parameters
    ----------
    place : str
        Its URL. The password comes from libpq (``~/.pgpass``, ``PGPASSWORD``) or ``MLWS_DATABASE_URL``.
    timeout_s : float
        How long to wait for another writer.
    """

    def __init__(self, place: str, timeout_s: float) -> None:
        _driver()
        self._url = address.login(place).set(drivername="postgresql+psycopg")
        self._timeout_s = timeout_s
        self.name = address.shown(self._url)
        self.warnings: tuple[str, ...] = ()

    def writer(self) -> Engine:
        engine = self._engine(read_only=False, pool_size=1, max_overflow=0)
        event.listen(engine, "begin", _take_turn)
        return engine

    def reader(self) -> Engine:
        return self._engine(read_only=True, pool_size=8, max_overflow=24)

    def peek(self, writer: Engine) -> str | None:
        with writer.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            return schema.stored_version(connection)

    @contextmanager
    def alone(self, writer: Engine) -> Iterator[Engine]:
        writer.dispose()  # our own connections have it open, too
        engine = _create(self._url, poolclass=NullPool)

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, record: Any) -> None:
            _begin_session(connection, self._timeout_s, f"pg_try_advisory_lock({_OPEN})")

        event.listen(engine, "begin", _take_turn)
        try:
            yield engine
        except _Refused:
            raise self._in_use() from None
        finally:
            engine.dispose()

    def keep_copy(self, version: str) -> None:
        """The server's backups are its administrator's, and the upgrade is one transaction."""

    def data_version(self, reader: Engine) -> int:
        # The cursor of the newest change: all that somebody may wait for is in the feed.
        with reader.connect() as connection:
            return counters.last(connection, "change")

    def give_back(self, connection: Connection) -> int:
        return 0  # the server's own vacuum does

    def settle(self, writer: Engine) -> None:
        return

    def commit_log(self) -> Path | None:
        return None

    def describe(self, reader: Engine) -> str:
        with reader.connect() as connection:
            began = time.perf_counter()
            version = connection.exec_driver_sql("SHOW server_version").scalar()
            took = time.perf_counter() - began
        return f"PostgreSQL {version} at {self.name}, which answers in {took * 1000:.1f} ms"

    def restart(self) -> None:
        """A fork makes connections of its own; there is nothing else to renew."""

    def close(self) -> None:
        """The locks went with the connections."""

    def translate(self, error: Exception) -> MlwsError | None:
        original = error.orig if isinstance(error, DBAPIError) else error
        return _meaning(original, self.name) if isinstance(original, _driver().Error) else None

    def _engine(self, *, read_only: bool, **pool: Any) -> Engine:
        engine = _create(self._url, poolclass=QueuePool, pool_pre_ping=True, pool_timeout=self._timeout_s, **pool)
        psycopg = _driver()

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, record: Any) -> None:
            _begin_session(connection, self._timeout_s, f"pg_try_advisory_lock_shared({_OPEN})")
            if read_only:
                connection.read_only = True
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            else:
                # Each statement has to see what was committed before the lock was given.
                connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED

        return engine

    def _in_use(self) -> WorkspaceError:
        engine = _create(self._url, poolclass=NullPool)
        with engine.connect() as connection:
            names = connection.scalars(_HOLDERS).all()
        by = f" by {', '.join(names)}" if names else ""
        return WorkspaceError(
            f"The workspace has to be upgraded and is in use{by}.",
            hint="Stop them (mlws stop, then the kernels), and try again.",
        )


def _take_turn(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE})")


class _Refused(WorkspaceError):
    """The lock that a connection begins with was not to be had."""


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise MissingPart(
            "This workspace is in PostgreSQL, whose driver is not installed here.",
            hint="Install it with pip install 'jupyter-mlws[postgresql]'.",
        ) from error
    return psycopg


def _create(url: URL, **pool: Any) -> Engine:
    ours = {name: value for name, value in _CONNECT.items() if name not in url.query}
    ours["application_name"] = f"mlws {socket.gethostname()}:{os.getpid()}"[:63]
    return create_engine(url, connect_args=ours, use_native_hstore=False, **pool)


def _begin_session(connection: Any, timeout_s: float, lock: str) -> None:
    with connection.cursor() as cursor:
        for setting in (*_SESSION, f"SET lock_timeout = {max(1, int(timeout_s * 1000))}"):
            cursor.execute(setting)
        cursor.execute(f"SELECT {lock}")
        (taken,) = cursor.fetchone()
    connection.commit()
    if not taken:
        connection.close()
        raise _Refused("The workspace is being upgraded.", hint="Try again in a moment.", details=AGAIN)


def _meaning(error: Any, name: str) -> MlwsError | None:
    code = error.sqlstate or ""
    for prefix, meaning in _MEANINGS:
        if code.startswith(prefix):
            return meaning(name)
    if code == "" and isinstance(error, (_driver().OperationalError, _driver().InterfaceError)):
        return _unreachable(error, name)
    return None


def _unreachable(error: Any, name: str) -> MlwsError:
    said = str(error).strip().splitlines()[-1:] or ["it closed the connection"]
    why = said[0].split("FATAL:")[-1].strip().rstrip(".")
    if "password" in why:
        return WorkspaceError(
            f"The database {name} does not let you in ({why}).",
            hint=f"Put your password into ~/.pgpass, or into PGPASSWORD or {address.VARIABLE} in the environment.",
        )
    if "FATAL:" in said[0] and "does not exist" in why:
        return WorkspaceError(
            f"The database {name} cannot be opened ({why}).", hint="Have it made with createdb, or correct the URL."
        )
    return Unavailable(
        f"The database {name} does not answer ({why}).", hint="Try again when the server is up.", details=AGAIN
    )


def _busy(name: str) -> MlwsError:
    return Unavailable(
        "Another program is writing to this workspace and has not finished.", hint="Try again.", details=AGAIN
    )


def _gone(name: str) -> MlwsError:
    return Unavailable(f"The database {name} ended the connection.", hint="Try again.", details=AGAIN)


def _full(name: str) -> MlwsError:
    return StorageFull(f"The disk of the database {name} is full.", hint="Free some space on its server.")


def _closed(name: str) -> MlwsError:
    return WorkspaceError(
        f"The workspace's database {name} cannot be opened for this.", hint="Check that your user may write there."
    )


def _damaged(name: str) -> MlwsError:
    return CorruptData(f"The workspace's database {name} is damaged.", hint="Restore it from a backup.")


# By the beginning of SQLSTATE; see Appendix A of PostgreSQL's manual.
_MEANINGS = (
    ("55P03", _busy),  # lock_not_available: lock_timeout has passed
    ("40", _busy),  # serialization_failure, deadlock_detected
    ("08", _gone),
    ("57P", _gone),  # shut down, terminated, starting up
    ("25P03", _gone),  # idle_in_transaction_session_timeout
    ("53300", _gone),  # too_many_connections
    ("53", _full),
    ("58030", _full),  # io_error
    ("25006", _closed),  # read_only_sql_transaction
    ("28", _closed),
    ("42501", _closed),
    ("XX001", _damaged),
    ("XX002", _damaged),
)

"""What is particular to SQLite: connections, the file systems it may trust, and what its errors mean."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from jupyter_mlws import faults
from jupyter_mlws.errors import CorruptData, MlwsError, StorageFull, Unavailable, WorkspaceError
from jupyter_mlws.store.database import AGAIN
from jupyter_mlws.store.text_match import add_functions

__all__ = ["commit_point", "give_back", "on_network", "read_engine", "translate", "write_engine"]

# The write-ahead log shares memory between processes, which these cannot (or may not) do between machines.
_NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "afs",
    "ceph",
    "lustre",
    "gpfs",
    "beegfs",
    "glusterfs",
    "virtiofs",
    "fuse.",
    "ncp",
)
_MOUNTS = Path("/proc/self/mounts")
_WAL_LIMIT = 64 * 1024 * 1024
# What a transaction of very many points writes fits into the cache, so that no page is written twice; and pages are
# moved from the log to their places when several such transactions are in it.
_WRITE_CACHE_KB = 8000
_WAL_PAGES = 4000
# Less free room is left to what comes next. So many pages move in one transaction: nobody waits long for it.
_WORTH_PAGES, _PAGES_AT_ONCE = 256, 2000
# So long SQLite waits for a lock in ever longer steps: 1, 2, 5 and 10 ms.
_LOOK_MS = 18


def on_network(folder: Path) -> str:
    """The type of the network file system that holds `folder`; '' on a local one, or where this cannot be known."""
    try:
        lines = _MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    where = str(folder.resolve())
    for line in lines:
        mount, this = _unescape(line.split(" ")[1]), line.split(" ")[2]
        if len(mount) >= len(best) and (where == mount or where.startswith(mount.rstrip("/") + "/")):
            best, kind = mount, this
    return kind if kind.startswith(_NETWORK) else ""


def _unescape(path: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


def write_engine(path: Path, *, wal: bool, timeout_s: float) -> Engine:
    """An engine of one connection, whose every transaction begins with the write lock."""
    engine = _engine(path, timeout_s, pool_size=1, max_overflow=0)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        _run(
            connection,
            "PRAGMA auto_vacuum=INCREMENTAL",  # of a new database: an older one stays as it is
            f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}",
            f"PRAGMA journal_size_limit={_WAL_LIMIT}",
            f"PRAGMA wal_autocheckpoint={_WAL_PAGES}",
            f"PRAGMA cache_size=-{_WRITE_CACHE_KB}",
            "PRAGMA synchronous=FULL",
            "PRAGMA foreign_keys=ON",
            "PRAGMA temp_store=MEMORY",
        )
        if wal:
            _run(connection, f"PRAGMA busy_timeout={_LOOK_MS}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A transaction that reads first and writes later fails at once when somebody else wrote in between.
        if wal:
            _begin_soon(connection, timeout_s)
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "handle_error")
    def close_after_failed_sync(context: Any) -> None:
        # After a failed sync the system may say that all is well the next time it is asked through this file.
        code = getattr(context.original_exception, "sqlite_errorcode", None)
        if code is not None and code & 0xFF == sqlite3.SQLITE_IOERR:
            context.is_disconnect = True

    return engine


def _begin_soon(connection: Any, timeout_s: float) -> None:
    """Begin with the write lock, looked for every few milliseconds.

    SQLite itself looks ten times a second: beside a process whose threads write one after the other that is seconds.
    """
    until = time.monotonic() + timeout_s
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            code = getattr(error.orig, "sqlite_errorcode", 0)
            if code & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
        else:
            return


def read_engine(path: Path, *, timeout_s: float) -> Engine:
    """An engine whose connections cannot write; each transaction sees one state of the database."""
    engine = _engine(path, timeout_s, pool_size=8, max_overflow=24)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        _run(connection, "PRAGMA query_only=ON", "PRAGMA temp_store=MEMORY", "PRAGMA cache_size=-32000")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def give_back(connection: Connection) -> int:
    """Give some of the room of removed rows back to the disk, with the next checkpoint; how many bytes that are.

    0 when so little is left that it is not worth moving pages for it; and in a database that was made before this.
    """
    free = _pages(connection, "freelist_count")
    if free < _WORTH_PAGES:
        return 0
    before = _pages(connection, "page_count")
    # Python takes one step of a statement that has no rows, however many pages it asks for: one page is given back.
    for _ in range(min(free, _PAGES_AT_ONCE)):
        connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")
    return (before - _pages(connection, "page_count")) * _pages(connection, "page_size")


def _pages(connection: Connection, what: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {what}").scalar_one())


def commit_point() -> None:
    """The fault point before a commit, where a failing disk shows itself as an error of the database."""
    try:
        faults.point("store.commit")
    except OSError as error:
        failed = sqlite3.OperationalError(f"{error}")
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        failed.sqlite_errorcode = sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_IOERR
        raise failed from error


def _engine(path: Path, timeout_s: float, *, pool_size: int, max_overflow: int) -> Engine:
    def connect() -> sqlite3.Connection:
        # isolation_level=None: the driver begins no transaction of its own; ours are explicit.
        connection = sqlite3.connect(path, timeout=timeout_s, isolation_level=None, check_same_thread=False)
        add_functions(connection)
        return connection

    return create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=timeout_s,
        pool_use_lifo=True,  # the one that was used last has the pages in its cache
    )


def _run(connection: sqlite3.Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(statement).close()


def translate(error: DBAPIError | sqlite3.Error, path: Path) -> MlwsError | None:
    """The error of ours that says what happened, or None when it is a fault of the program."""
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None)
    if code is None:
        return None
    return _meaning(code & 0xFF, path)


def _meaning(code: int, path: Path) -> MlwsError | None:
    # The last one: too many came at once for the log of a writer that was killed.
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return Unavailable(
            "Another program is writing to this workspace and has not finished.", hint="Try again.", details=AGAIN
        )
    if code == sqlite3.SQLITE_FULL:
        return StorageFull("The disk that holds the workspace is full.", hint=f"Free some space beside {path}.")
    if code == sqlite3.SQLITE_CANTOPEN and _no_more_files():
        return Unavailable(
            "This program has as many files open as it may have.", hint="Try again; `ulimit -n` sets how many."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return WorkspaceError(
            f"The workspace's database {path} cannot be opened for this.", hint="Check that you may write there."
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return CorruptData(f"The workspace's database {path} is damaged.", hint="Restore it from a backup.")
    if code == sqlite3.SQLITE_IOERR:
        return Unavailable(
            f"The disk did not carry out an operation on {path}.", hint="Check the disk, then try again."
        )
    return None


def _no_more_files() -> bool:
    """Whether that is why a database cannot be opened, of which SQLite says nothing."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False

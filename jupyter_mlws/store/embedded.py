"""The database of an embedded workspace: SQLite, in a file beside the workspace's bytes."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from jupyter_mlws import faults
from jupyter_mlws.errors import CorruptData, MlwsError
from jupyter_mlws.store import integrity, sqlite
from jupyter_mlws.store.lock import LastingLock, OpenLock

__all__ = ["SqliteDatabase"]

_log = logging.getLogger(__name__)
# What only a workspace with records has.
_PARTS = ("runs", "blobs")
# Connections of a parent process: closing one in the child would meddle with the parent's locks.
_inherited: list[sqlite3.Connection | None] = []


class SqliteDatabase:
    """A database file.

    Parameters
    ----------
    path : Path
    timeout_s : float
        How long to wait for another writer.
    """

    def __init__(self, path: Path, timeout_s: float) -> None:
        self.path = path
        self.name = str(path)
        self.warnings: tuple[str, ...] = ()
        self._timeout_s = timeout_s
        network = sqlite.on_network(path.parent)
        self._wal = not network
        if network:
            self.warnings = (
                f"The workspace lies on a network file system ({network}): slower, and for one machine at a time.",
            )
            _log.warning("%s", self.warnings[0])
        self._lock = OpenLock(path.parent)
        self._file: os.stat_result | None = None
        self._lasting: LastingLock | None = None
        self._watch_turn = threading.Lock()
        self._watch: sqlite3.Connection | None = None

    def note_file(self) -> None:
        """Keep in mind which file was opened, and that we have it open."""
        self._file = os.stat(self.path)
        if self._wal:
            self._lasting = LastingLock(self.path)

    def let_go(self) -> None:
        """Have SQLite see nobody but its connections, which are closed next."""
        if self._lasting is not None:
            self._lasting.let_go()

    def is_in_place(self) -> bool:
        """Whether the file that was opened lies at its place still.

        SQLite itself asks this with a rollback journal only: with a write-ahead log it goes on in a removed file.
        """
        try:
            return self._file is None or os.path.samestat(os.stat(self.path), self._file)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True  # whatever that is, SQLite meets it, too, and says so

    def writer(self) -> Engine:
        return sqlite.write_engine(self.path, wal=self._wal, timeout_s=self._timeout_s)

    def reader(self) -> Engine:
        return sqlite.read_engine(self.path, timeout_s=self._timeout_s)

    def peek(self, writer: Engine) -> str | None:
        if not _holds_something(self.path):
            _refuse_if_lost(self.path)
            return None
        with closing(sqlite3.connect(self.path, timeout=10, isolation_level=None)) as connection:
            try:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            except sqlite3.OperationalError:  # no such table, or still locked by who makes it: look with the lock
                return None
        return row[0] if row else None

    @contextmanager
    def alone(self, writer: Engine) -> Iterator[Engine]:
        with self._lock.alone():
            yield writer

    def keep_copy(self, version: str) -> None:
        copy = self.path.with_name(f"{self.path.name}.before-{version}")
        draft = copy.with_name(f".{copy.name}.{os.getpid()}")
        # Writers are kept out, so these are drafts of processes that died.
        for left in copy.parent.glob(f".{copy.name}.*"):
            left.unlink(missing_ok=True)
        try:
            with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(draft)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")  # one file, whole without another beside it
            faults.point("schema.copy")
            _sync(draft, os.O_RDWR)
            draft.replace(copy)
            _sync(self.path.parent, os.O_RDONLY)
        finally:
            draft.unlink(missing_ok=True)

    def data_version(self, reader: Engine) -> int:
        with self._watch_turn:
            if self._watch is None:
                self._watch = sqlite3.connect(
                    self.path, timeout=self._timeout_s, isolation_level=None, check_same_thread=False
                )
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def give_back(self, connection: Connection) -> int:
        return sqlite.give_back(connection)

    def settle(self, writer: Engine) -> None:
        with closing(sqlite3.connect(self.path, timeout=self._timeout_s, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def commit_log(self) -> Path | None:
        # On a network file system there is none, and what another machine wrote is told nowhere.
        return self.path.with_name(f"{self.path.name}-wal") if self._wal else None

    def describe(self, reader: Engine) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def restart(self) -> None:
        _inherited.append(self._watch)
        self._watch_turn = threading.Lock()
        self._watch = None

    def close(self) -> None:
        with self._watch_turn:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        if self._lasting is not None:
            self._lasting.close()
        self._lock.release()

    def translate(self, error: Exception) -> MlwsError | None:
        meaning = sqlite.translate(error, self.path) if isinstance(error, (DBAPIError, sqlite3.Error)) else None
        if isinstance(meaning, CorruptData):
            integrity.note(self.path, str(error.orig if isinstance(error, DBAPIError) else error))
        return meaning


def _holds_something(path: Path) -> bool:
    return path.exists() and (path.stat().st_size > 0 or path.with_name(f"{path.name}-wal").exists())


def _refuse_if_lost(path: Path) -> None:
    """Begin no new database beside what belongs to another one: that would look as if all runs had vanished."""
    left = [name for name in _PARTS if _has_content(path.parent / name)]
    if left:
        what = "is empty" if path.exists() else "is missing"
        raise CorruptData(
            f"The workspace's database {path} {what}, though there are {' and '.join(left)} of earlier runs.",
            hint="Restore it from a backup, or move these folders away to begin anew.",
        )


def _has_content(folder: Path) -> bool:
    try:
        return next(folder.iterdir(), None) is not None
    except OSError:
        return False


def _sync(path: Path, how: int) -> None:
    fd = os.open(path, how | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

"""The database of a workspace: who may read, who may write, and how a transaction begins."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from jupyter_mlws import faults
from jupyter_mlws.errors import CorruptData, Unavailable, WorkspaceError
from jupyter_mlws.store import integrity, sqlite
from jupyter_mlws.store.address import is_address
from jupyter_mlws.store.database import AGAIN, Database
from jupyter_mlws.store.embedded import SqliteDatabase
from jupyter_mlws.store.schema import prepare

__all__ = ["DATABASE", "Store"]

DATABASE = "mlws.sqlite"
BUSY_TIMEOUT_S = 10.0
# Transactions between two looks at whether what lists show has to be made anew.
CARDS_EVERY = 32

_stores: weakref.WeakSet[Store] = weakref.WeakSet()
# Connections of a parent process: closing one in the child would meddle with the parent's locks.
_inherited: list[Any] = []


class Store:
    """An open database, shared freely by threads; a fork gets connections of its own.

    ``with store.write() as c`` holds the one write lock of the database until the block ends: commit, or rollback
    when it raises. Inside it, in the same thread, further ``write()`` and ``read()`` blocks join the same transaction
    (a failing inner block undoes only itself). ``with store.read() as c`` sees one state of the database and cannot
    write.

    Parameters
    ----------
    database : Database
        Where the records are; see `open`.
    busy_timeout_s : float
        How long a thread waits for another one's turn.
    """

    def __init__(self, database: Database, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._database = database
        self._timeout_s = busy_timeout_s
        self._start()
        _stores.add(self)

    @classmethod
    def open(cls, place: Path | str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Store:
        """The database in the workspace's folder, or behind a URL, made or brought up to date if needed.

        Parameters
        ----------
        place : Path or str
            A folder, which holds an SQLite file; or ``postgresql://user@host/database``.
        busy_timeout_s : float
            How long to wait for another writer.

        Raises
        ------
        WorkspaceError
            The folder is missing or not writable, the server does not let us in, or a newer version of the program
            wrote the database.
        Unavailable
            The server does not answer.
        """
        store = cls(_database(place, busy_timeout_s), busy_timeout_s=busy_timeout_s)
        try:
            with store._translated():
                prepare(store._database, store._writer)
            if isinstance(store._database, SqliteDatabase):
                store._database.note_file()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def name(self) -> str:
        """Where the database is, for people; never with a password."""
        return self._database.name

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about the place, one sentence each."""
        return self._database.warnings

    def troubles(self) -> tuple[str, ...]:
        """What a person should know about the database at this moment, one sentence each."""
        if not self.is_embedded:
            return ()
        return tuple(filter(None, (integrity.damage(self.path), integrity.size_warning(self.path))))

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a file of the workspace's folder."""
        return isinstance(self._database, SqliteDatabase)

    @property
    def path(self) -> Path:
        """The file of an SQLite database."""
        return Path(self._database.name)

    def is_in_place(self) -> bool:
        """Whether the database that was opened is the one at its place: nobody moved, removed or replaced it; cheap."""
        return not isinstance(self._database, SqliteDatabase) or self._database.is_in_place()

    def _refuse_if_replaced(self) -> None:
        if not self.is_in_place():
            raise Unavailable(
                f"The workspace's database {self.name} was moved, removed or replaced while this program had it open.",
                hint="Put it back; or open the workspace again, with Workspace(...), to go on with what is there now.",
            )

    def describe(self) -> str:
        """Product and version of the database, for people."""
        with self._translated():
            return self._database.describe(self._reader)

    def _start(self) -> None:
        self._writer: Engine = self._database.writer()
        self._reader: Engine = self._database.reader()
        self._turn = threading.Lock()
        self._mine = threading.local()
        self._cards_due = 0

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database; inside a `write` of this thread, that one's."""
        current = self._current()
        if current is not None:
            yield current
            return
        self._refuse_if_replaced()
        with self._translated(), self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The write lock and a connection, committed when the block ends well.

        Raises
        ------
        Unavailable
            Another writer held the lock longer than the busy timeout; the database was found damaged; or it is not at
            its place any more, and what is written to it would be lost.
        StorageFull
            The disk is full; nothing of the block was kept.
        """
        current = self._current()
        if current is not None:
            with current.begin_nested():
                yield current
            return
        if self.is_embedded:
            integrity.refuse_write(self.path)
        if not self._turn.acquire(timeout=self._timeout_s):
            raise Unavailable(
                "Another thread is writing to this workspace and has not finished.", hint="Try again.", details=AGAIN
            )
        try:
            self._refuse_if_replaced()
            with self._translated(), self._writer.connect() as connection, connection.begin():
                self._mine.connection = connection
                self._keep_cards(connection)
                yield connection
                sqlite.commit_point()
            faults.point("store.committed")
        except CorruptData:
            if self.is_embedded:
                integrity.refuse_write(self.path)  # from now on nobody writes, and whoever wants to can wait
            raise
        finally:
            self._mine.connection = None
            self._turn.release()

    def _keep_cards(self, connection: Connection) -> None:
        """Now and then, and as long as there is more to do: everything that has changed so far is whole."""
        if self._cards_due > 0:
            self._cards_due -= 1
            return
        from jupyter_mlws.store.run_cards import catch_up

        self._cards_due = 0 if catch_up(connection) else CARDS_EVERY

    def data_version(self) -> int:
        """A number that changes whenever anybody has committed a change that the feed tells of.

        Cheap enough to ask ten times a second; it may change more often than the feed.
        """
        with self._translated():
            return self._database.data_version(self._reader)

    @property
    def commit_log(self) -> Path | None:
        """A file that is written to shortly before `data_version` changes; None where nothing foretells it."""
        return self._database.commit_log()

    def give_back(self) -> int:
        """Give some of the room of removed rows back to the disk, inside a `write`; bytes, 0 when all is done.

        The file is as much smaller after `settle`, or a little later where somebody reads what was.
        """
        connection = self._current()
        assert connection is not None, "outside of a transaction"
        return self._database.give_back(connection)

    def settle(self) -> None:
        """Have the disk know of what was given back, as far as nobody has to wait for it."""
        with self._translated():
            self._database.settle(self._writer)

    def close(self) -> None:
        """Give up all connections. A closed store may not be used again."""
        _stores.discard(self)
        if isinstance(self._database, SqliteDatabase):
            self._database.let_go()
        self._writer.dispose()
        self._reader.dispose()
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _current(self) -> Connection | None:
        return getattr(self._mine, "connection", None)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            # A full disk ends the whole transaction, and leaving an inner block then fails for want of its savepoint:
            # what came first is what happened.
            meanings = [self._database.translate(each) for each in _first_to_last(error)]
            meaning = next((meaning for meaning in meanings if meaning is not None), None)
            if meaning is None:
                raise
            raise meaning from error
        except PoolTimeout as error:
            raise Unavailable(
                "Too many questions are asked of this workspace at once.", hint="Try again.", details=AGAIN
            ) from error

    def _leave_to_parent(self) -> None:
        _inherited.append((self._writer, self._reader, self._mine))
        self._database.restart()
        self._start()


def _database(place: Path | str, timeout_s: float) -> Database:
    if isinstance(place, str) and is_address(place):
        from jupyter_mlws.store.postgresql import PostgresDatabase

        return PostgresDatabase(place, timeout_s)
    path = Path(place) / DATABASE
    if not path.parent.is_dir():
        raise WorkspaceError(f"There is no folder {path.parent}.", hint="Create the workspace with mlws init.")
    integrity.forget_if_restored(path)
    return SqliteDatabase(path, timeout_s)


def _first_to_last(error: BaseException) -> list[DBAPIError | sqlite3.Error]:
    """The database's errors that led to this one, the oldest first."""
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    return [each for each in reversed(chain) if isinstance(each, (DBAPIError, sqlite3.Error))]


def _after_fork_in_child() -> None:
    for store in list(_stores):
        store._leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

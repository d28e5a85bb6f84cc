"""What a database has to bring along to be a workspace's; the rest of the store is the same for all of them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from jupyter_mlws.errors import MlwsError

__all__ = ["AGAIN", "Database"]

# With an `Unavailable` that passes by itself; see `jupyter_mlws.api.patience`.
AGAIN: dict[str, Any] = {"retry_after_s": 1.0}


class Database(Protocol):
    """One database: `SqliteDatabase` or `PostgresDatabase`.

    Attributes
    ----------
    name : str
        For people; never with a password.
    warnings : tuple of str
        What a person should know about the place, one sentence each.
    """

    name: str
    warnings: tuple[str, ...]

    def writer(self) -> Engine:
        """An engine of one connection, whose every transaction begins with the workspace's write lock."""
        ...

    def reader(self) -> Engine:
        """An engine whose connections cannot write; each transaction sees one state of the database."""
        ...

    def peek(self, writer: Engine) -> str | None:
        """The version of the tables, found without waiting for anybody; None when this cannot be said."""
        ...

    def alone(self, writer: Engine) -> AbstractContextManager[Engine]:
        """Hold the workspace alone, with an engine to write, or raise `WorkspaceError` naming who has it open."""
        ...

    def keep_copy(self, version: str) -> None:
        """Copy the database aside before it becomes `version`, where that is our business; nobody writes meanwhile."""
        ...

    def data_version(self, reader: Engine) -> int:
        """A number that changes whenever anybody has committed a change that the feed tells of."""
        ...

    def give_back(self, connection: Connection) -> int:
        """Give some of the room of removed rows back to the disk, in a write transaction; bytes, 0 at the end."""
        ...

    def settle(self, writer: Engine) -> None:
        """Have the disk know of what was given back, as far as nobody has to wait for it."""
        ...

    def commit_log(self) -> Path | None:
        """A file that is written to with every commit, for who wants to be woken by it; None where there is none."""
        ...

    def describe(self, reader: Engine) -> str:
        """Product and version, for `mlws doctor`."""
        ...

    def restart(self) -> None:
        """Leave to the parent what a forked child may not touch."""
        ...

    def close(self) -> None:
        """Let go of what is held besides the engines; safe to call twice."""
        ...

    def translate(self, error: Exception) -> MlwsError | None:
        """The error of ours that says what happened, or None when it is a fault of the program."""
        ...

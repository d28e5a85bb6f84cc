"""A damaged database is read and no longer written; and a log that grows is told of.

Damage shows itself when SQLite meets it, or in a `quick_check`. That reads the whole file, so it is done where there is
a reason: when a dispatcher begins after one that did not end well, when somebody asks ``mlws doctor``, and when a
database that was found damaged is opened again. What was found is noted in a file beside the database; while that is
there every process refuses to write, and whoever only reads goes on with what is whole. Once the database was restored
the next opening removes the note.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder.files import read_plain, write_whole

__all__ = ["damage", "examine", "forget_if_restored", "note", "refuse_write", "size_warning"]

# Or MLWS_LOG_WARNING_BYTES.
_LOG_WARNING_BYTES = 256 * 1024 * 1024
_MOST_BYTES = 2000


def _mark(path: Path) -> str:
    return f"{path}.damaged"


def examine(path: Path) -> str:
    """What a quick check finds wrong with a database, '' when it is sound; damage is noted."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return ""  # busy, or gone: no word about its state
        found = [str(error)]
    if found == ["ok"]:
        return ""
    note(path, found[0])
    return found[0]


def note(path: Path, what: str) -> None:
    """Note that a database is damaged, for all who have it open."""
    try:
        write_whole(_mark(path), f"{what.strip()}\n".encode()[:_MOST_BYTES])
    except OSError:
        return  # a disk that takes no note takes no records either


def damage(path: Path) -> str:
    """A sentence if the database was found damaged, else ''."""
    if not os.path.exists(_mark(path)):
        return ""
    try:
        what = read_plain(_mark(path), _MOST_BYTES).decode(errors="replace").strip()
    except OSError:
        what = "its note cannot be read"
    return f"The workspace's database {path} is damaged ({what}): it is read, and not written any more."


def refuse_write(path: Path) -> None:
    """Raise `Unavailable` if the database was found damaged: a write could make it worse."""
    sentence = damage(path)
    if not sentence:
        return
    raise Unavailable(
        sentence,
        hint=f"Stop what uses it (mlws stop, kernels), and restore the file from a backup, or what can be saved with: "
        f"sqlite3 {path} .recover | sqlite3 restored.sqlite",
    )


def forget_if_restored(path: Path) -> None:
    """Remove the note of damage if there is none any more. Costs nothing where there is no note."""
    if os.path.exists(_mark(path)) and not examine(path):
        Path(_mark(path)).unlink(missing_ok=True)


def size_warning(path: Path) -> str:
    """A sentence if the write-ahead log has become very large: a reader that does not end keeps it from shrinking."""
    limit = os.environ.get("MLWS_LOG_WARNING_BYTES", "")
    try:
        size = os.stat(f"{path}-wal").st_size
    except OSError:
        return ""
    if size <= (int(limit) if limit.isdigit() else _LOG_WARNING_BYTES):
        return ""
    return (
        f"The database's log {path.name}-wal has grown to {size / 2**20:,.1f} MiB, because something reads the "
        "database without end; it shrinks when that stops."
    )

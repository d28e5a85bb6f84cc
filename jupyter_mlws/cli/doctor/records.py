"""The records of a workspace and the bytes and folders they speak of, looked at by connections that cannot write."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from jupyter_mlws.cli.doctor.finding import Finding
from jupyter_mlws.dispatcher.place import host_name
from jupyter_mlws.dispatcher.records import database_of
from jupyter_mlws.dispatcher.settings import WorkspaceFile, read_workspace_file
from jupyter_mlws.domain.compute import paused_words
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.store import integrity
from jupyter_mlws.store.engine import DATABASE
from jupyter_mlws.store.schema import COMPATIBLE
from jupyter_mlws.store.tables import SCHEMA_VERSION, SCHEMA_VERSIONS

__all__ = ["examine"]

_RESTORE = "Restore {path} from a backup; until then move it away to begin anew, its runs' files stay in blobs/."
_SAMPLE = 20
_SAMPLE_BYTES = 4 << 20
_AHEAD_S = 300.0
_PATIENCE_S = 5.0


def examine(folder: Path) -> Iterator[Finding]:
    """Findings on database, blobs and run folders."""
    try:
        facts = read_workspace_file(folder)
        database = database_of(facts) if facts is not None else None
    except MlwsError:
        return  # told of with the folder
    if facts is None:
        return
    if database is not None:
        yield from _on_server(folder, facts, database)
        return
    yield from _embedded(folder)


def _on_server(folder: Path, facts: WorkspaceFile, database: str) -> Iterator[Finding]:
    """The records are in PostgreSQL: whether it can be reached, and is of our version."""
    from jupyter_mlws.dispatcher.records import open_records
    from jupyter_mlws.workspace.config import check_trusted

    try:
        check_trusted(folder, database)
        records = open_records(folder, facts)
    except (MlwsError, OSError) as error:
        yield Finding.of(error, "Database")
        return
    with closing(records.store):
        yield Finding("ok", "Database", f"{records.store.describe()}, schema {SCHEMA_VERSION}.")
        for sentence in records.warnings:
            yield Finding("warning", "Database", sentence)


def _embedded(folder: Path) -> Iterator[Finding]:
    path = folder / DATABASE
    problem = _first_look(folder, path)
    if problem is not None:
        yield problem
        return
    try:
        with closing(_connect(path)) as connection:
            yield from _database(connection, path)
            if warning := integrity.size_warning(path):
                yield Finding("warning", "Database", warning, "Stop what has it open: mlws stop, then the kernels.")
            yield from _bytes(connection, folder)
            yield from _runs(connection, folder)
    except sqlite3.Error as error:
        yield _meaning(error, path)


def _first_look(folder: Path, path: Path) -> Finding | None:
    """What is wrong before the file is opened at all."""
    filled = [name for name in ("runs", "blobs") if _has_content(folder / name)]
    if not path.exists():
        if filled:
            text = f"{path} is missing, though there are {' and '.join(filled)} of earlier runs."
            return Finding("error", "Database", text, _RESTORE.format(path=path))
        return Finding("ok", "Database", "is made when the workspace is first used.")
    if not path.is_file():
        return Finding("error", "Database", f"{path} is no plain file.", "Move it away.")
    if not os.access(path, os.R_OK | os.W_OK):
        return Finding("error", "Database", f"{path} cannot be read and written.", f"Try chmod u+rw {path}")
    if path.stat().st_size == 0 and filled:
        return Finding("error", "Database", f"{path} is empty.", _RESTORE.format(path=path))
    return None


def _has_content(folder: Path) -> bool:
    try:
        return next(folder.iterdir(), None) is not None
    except OSError:
        return False


def _connect(path: Path) -> sqlite3.Connection:
    # Without a log beside it nobody writes at this moment, and `immutable` keeps SQLite from making one to read.
    busy = path.with_name(f"{path.name}-wal").exists() or path.with_name(f"{path.name}-journal").exists()
    how = "mode=ro" if busy else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_PATIENCE_S)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _meaning(error: sqlite3.Error, path: Path) -> Finding:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Finding("warning", "Database", "Another program is writing to it at this moment.", "Look again later.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Finding("error", "Database", f"{path} is damaged ({error}).", _RESTORE.format(path=path))
    return Finding("error", "Database", f"{path} cannot be read ({error}).", "Check the disk and who may read it.")


def _database(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    version = None
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        version = row[0] if row else None
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        yield Finding("error", "Database", f"{path} is damaged ({found[0].strip()}).", _RESTORE.format(path=path))
        return
    if version is None:
        yield Finding("ok", "Database", "has no tables yet; they are made when the workspace is first used.")
    elif version == SCHEMA_VERSION:
        count = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        text = f"SQLite {sqlite3.sqlite_version}, schema {version}, is sound and has {count:,} runs."
        yield Finding("ok", "Database", text)
        yield from _from_the_future(connection)
    elif version in SCHEMA_VERSIONS:
        text = f"schema {version} is older than ours ({SCHEMA_VERSION}); it is upgraded when the workspace is opened."
        yield Finding("ok", "Database", text)
    elif _lets_us_in(connection):
        text = f"schema {version} is newer than ours ({SCHEMA_VERSION}), and lets us work with it."
        yield Finding("warning", "Database", text, "Upgrade jupyter-mlws here: pip install -U jupyter-mlws")
    else:
        yield Finding(
            "error",
            "Database",
            f"A newer version of jupyter-mlws wrote it (its schema is {str(version)[:40]}, ours {SCHEMA_VERSION}).",
            "Upgrade jupyter-mlws here with pip install -U jupyter-mlws.",
        )


def _lets_us_in(connection: sqlite3.Connection) -> bool:
    """Whether a newer database says that programs of our version may use it."""
    row = connection.execute("SELECT value FROM counters WHERE name = ?", (COMPATIBLE,)).fetchone()
    return row is not None and 0 < int(row[0]) <= int(SCHEMA_VERSION)


def _from_the_future(connection: sqlite3.Connection) -> Iterator[Finding]:
    row = connection.execute("SELECT number, created_at FROM runs ORDER BY number DESC LIMIT 1").fetchone()
    if row is None:
        return
    ahead = row[1] / 1e6 - time.time() if isinstance(row[1], int) else _ahead_of(str(row[1]))
    if ahead > _AHEAD_S:
        text = f"By this machine's clock run #{row[0]} was submitted {ahead / 3600:,.1f} hours in the future."
        yield Finding("warning", "Clock", text, "Set the clock of this machine: timedatectl")


def _ahead_of(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp() - time.time()


def _bytes(connection: sqlite3.Connection, folder: Path) -> Iterator[Finding]:
    if not _has_table(connection, "run_files"):
        return
    blobs = folder / "blobs"
    recorded = connection.execute("SELECT count(DISTINCT digest) FROM run_files").fetchone()[0]
    if blobs.exists() and not blobs.is_dir():
        yield Finding(
            "error",
            "Blobs",
            f"{blobs} is a file where a folder should be.",
            "Move it away, and restore the folder from a backup.",
        )
    elif recorded and not blobs.exists():
        text = f"{blobs} is missing, and {recorded:,} files of runs are recorded."
        yield Finding(
            "error", "Blobs", text, "Restore it from a backup; the records, metrics and models stay readable."
        )
    elif recorded:
        yield from _sampled(connection, blobs, recorded)


def _sampled(connection: sqlite3.Connection, blobs: Path, recorded: int) -> Iterator[Finding]:
    rows = connection.execute(
        "SELECT digest, size_bytes, name FROM run_files GROUP BY digest ORDER BY random() LIMIT ?", (_SAMPLE,)
    ).fetchall()
    wrong = [(name, problem) for digest, size, name in rows if (problem := _problem(blobs, digest, size))]
    if not wrong:
        yield Finding("ok", "Blobs", f"{len(rows):,} of {recorded:,} stored files were looked at and are sound.")
        return
    name, problem = wrong[0]
    text = f"{len(wrong)} of {len(rows)} stored files that were looked at cannot be used; {name[:100]} {problem}."
    yield Finding("error", "Blobs", text, f"Restore {blobs} from a backup.")


def _problem(blobs: Path, digest: str, size: int) -> str:
    path = blobs / digest[:2] / digest[2:]
    try:
        if path.stat().st_size != size:
            return "has another size than is recorded"
        if size <= _SAMPLE_BYTES and hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            return "has other bytes than are recorded"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return ""


def _runs(connection: sqlite3.Connection, folder: Path) -> Iterator[Finding]:
    runs = folder / "runs"
    if runs.exists() and not runs.is_dir():
        yield Finding("error", "Run folders", f"{runs} is a file where a folder should be.", "Move it away.")
    elif runs.is_dir() and not os.access(runs, os.W_OK | os.X_OK):
        yield Finding("error", "Run folders", f"{runs} cannot be written.", f"Try chmod u+rwx {runs}")
    if not _has_table(connection, "runs"):
        return
    running = (
        "SELECT number, id FROM runs WHERE status IN ('Running', 'Finalizing', 'NotResponding') AND child_count = 0"
    )
    lost = [number for number, run_id in connection.execute(running) if not (runs / run_id).is_dir()]
    if lost:
        shown = ", ".join(f"#{number}" for number in lost[:3])
        text = f"The folder of {shown}{' and others' if len(lost) > 3 else ''} is gone while the run goes on."
        yield Finding("warning", "Runs", text, "The dispatcher ends such a run as failed; submit it again.")
    yield from _elsewhere(connection)
    yield from _held_back(connection)
    yield from _interpreters(connection)


def _elsewhere(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Runs that only the dispatcher of another machine takes up, which may be this one under a former name."""
    query = (
        "SELECT host, min(number) FROM runs WHERE status NOT IN ('Completed', 'Failed', 'Canceled') "
        "AND compute_target = 'local' AND host <> ? GROUP BY host LIMIT 3"
    )
    for host, number in connection.execute(query, (host_name(),)):
        text = f"Run #{number} waits for the machine {host}, and this one is called {host_name()}."
        hint = f"If it is this machine under a former name, set MLWS_HOST={host} here, for Jupyter and in the terminal."
        yield Finding("warning", "Runs", text, hint)


def _held_back(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Runs that wait because somebody has paused their target."""
    query = "SELECT compute_target, waiting_for, count(*) FROM runs WHERE status = 'Queued' GROUP BY 1, 2"
    for target, waiting_for, count in connection.execute(query):
        if waiting_for == paused_words(target):
            text = f"{target} is paused, and {count} run{' waits' if count == 1 else 's wait'} for it."
            yield Finding("warning", "Runs", text, f"Let it go on: mlws compute resume {target}")


def _interpreters(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Runs that wait for an interpreter which is not there any more."""
    queued = (
        "SELECT runs.number, submissions.body FROM runs JOIN submissions ON submissions.id = runs.submission_id "
        "WHERE runs.status = 'Queued' AND runs.compute_target = 'local' ORDER BY runs.number LIMIT 100"
    )
    for number, body in connection.execute(queued):
        try:
            command = json.loads(body)["command"]
        except (ValueError, KeyError, TypeError):
            continue
        program = str(command[0]) if command else ""
        if program.startswith("/") and not os.access(program, os.X_OK):
            text = f"Run #{number} is to be run by {program}, which is not there or is no program."
            yield Finding("warning", "Runs", text, "Make that environment again, or submit the run from another one.")


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None

"""What can befall the folder of a workspace, and what `mlws doctor` has to say of each."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from jupyter_mlws import workspace as room
from jupyter_mlws.domain.run import RunSubmission

__all__ = ["CAUSES", "replace_by_file"]


def write(path: Path, at: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


def flip_page(folder: Path) -> None:
    database = folder / "mlws.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs'").fetchone()[0]
    write(database, (root - 1) * size, b"\xff" * 200)


def truncate(folder: Path) -> None:
    database = folder / "mlws.sqlite"
    os.truncate(database, database.stat().st_size // 2)


def set_json(folder: Path, **changes: object) -> None:
    path = folder / "workspace.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def make_newer(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "mlws.sqlite")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE counters SET value = 9999 WHERE name = 'tables_compatible_since'")
        connection.commit()


def queue_with(folder: Path, program: str) -> None:
    with room.connect(folder) as opened:
        opened.api.runs.submit(RunSubmission(experiment="e", command=(program,)))


def submit_in_the_future(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "mlws.sqlite")) as connection:
        (kind, at) = connection.execute("SELECT typeof(created_at), created_at FROM runs").fetchone()
        later = at + 10_800_000_000 if kind == "integer" else at.replace("20", "21", 1)
        connection.execute("UPDATE runs SET created_at = ?", (later,))
        connection.commit()


def damage_blob(folder: Path) -> None:
    (blob,) = [path for path in (folder / "blobs").rglob("*") if len(path.name) == 62]
    blob.chmod(0o600)
    blob.write_bytes(b"WEIGHTS")


def replace_by_file(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("")


# cause, what brings it about, subject, level, words of the sentence, words of the way out
CAUSES: list[tuple[str, Callable[[Path], object], str, str, str, str]] = [
    ("header flipped", lambda f: write(f / "mlws.sqlite", 0, b"\0" * 16), "Database", "error", "is damaged", "backup"),
    ("page flipped", flip_page, "Database", "error", "is damaged", "Restore"),
    ("truncated", truncate, "Database", "error", "is damaged", "Restore"),
    ("zero bytes", lambda f: os.truncate(f / "mlws.sqlite", 0), "Database", "error", "is empty", "Restore"),
    ("no database", lambda f: (f / "mlws.sqlite").unlink(), "Database", "error", "is missing", "Restore"),
    ("newer database", make_newer, "Database", "error", "newer version", "pip install -U"),
    ("a folder as database", lambda f: ((f / "mlws.sqlite").unlink(), (f / "mlws.sqlite").mkdir()), "Database",
     "error", "no plain file", "Move it away"),
    ("damaged workspace.json", lambda f: (f / "workspace.json").write_text("{"), "Folder", "error", "is damaged",
     "Restore this small file"),
    ("newer workspace.json", lambda f: set_json(f, format_version=9), "Folder", "error", "newer version", "Upgrade"),
    ("no workspace.json", lambda f: (f / "workspace.json").unlink(), "Folder", "error", "is no workspace", "mlws init"),
    ("nonsense in the file", lambda f: set_json(f, settings={"poll_s": "soon"}), "Settings", "error",
     "The setting poll_s in workspace.json cannot be 'soon'", "remove it"),
    ("a file as folder", replace_by_file, "Folder", "error", "is a file", "MLWS_WORKSPACE"),
    ("blobs missing", lambda f: shutil.rmtree(f / "blobs"), "Blobs", "error", "is missing, and 1 files", "backup"),
    ("blobs a file", lambda f: replace_by_file(f / "blobs"), "Blobs", "error", "is a file", "backup"),
    ("blob damaged", damage_blob, "Blobs", "error", "other bytes", "backup"),
    ("runs a file", lambda f: replace_by_file(f / "runs"), "Run folders", "error", "is a file", "Move it away"),
    ("no interpreter", lambda f: queue_with(f, "/gone/python"), "Runs", "warning", "/gone/python", "environment"),
    ("clock behind", submit_in_the_future, "Clock", "warning", "in the future", "Set the clock"),
]  # fmt: skip

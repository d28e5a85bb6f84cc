"""Files that a run left, and its snapshot."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .suite import Ground, body, refused

WEIGHTS = bytes(range(256)) * 4


@body
def the_names_of_files_are_listed(g: Ground) -> None:
    names = g.done.get_file_names()
    assert {"outputs/model/weights.bin", "outputs/model/vocabulary.txt", "outputs/notes.txt"} <= set(names)
    assert "logs/std.log" in names


@body
def a_file_is_downloaded_byte_for_byte(g: Ground) -> None:
    path = g.done.download_file("outputs/model/weights.bin", g.folder)
    assert Path(path) == g.folder / "weights.bin"
    assert Path(path).read_bytes() == WEIGHTS
    named = g.done.download_file("outputs/notes.txt", g.folder / "other.txt")
    assert Path(named).read_text() == "kept"
    assert [entry.name for entry in g.folder.iterdir() if entry.name.startswith(".")] == []


@body
def a_file_that_was_never_left_is_not_found_and_nothing_is_written(g: Ground) -> None:
    assert refused(lambda: g.done.download_file("outputs/nothing", g.folder)) == ("NotFound", "not_found")
    assert refused(lambda: g.done.download_file("../../etc/passwd", g.folder)) == ("InvalidPath", "invalid_path")
    assert list(g.folder.iterdir()) == []


@body
def the_snapshot_lists_the_scripts_files(g: Ground) -> None:
    snapshot = g.done.get_snapshot_id()
    assert snapshot is not None
    entries = {entry.path: entry for entry in g.ws.api.snapshots.get(snapshot).entries}
    script = Path(__file__).parent / "prepared.py"
    assert entries["prepared.py"].digest == hashlib.sha256(script.read_bytes()).hexdigest()

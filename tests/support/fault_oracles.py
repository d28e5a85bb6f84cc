"""What must be true after a fault, whatever it was and wherever it happened; each takes what had been acknowledged."""

from __future__ import annotations

import hashlib
import json
import pickle
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from works.files import blob_bytes
from works.place import POINTS, services

from jupyter_mlws.api.series import decode_series
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher.place import host_name
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder import farside, mailbox, processes
from jupyter_mlws.runfolder.journal_reader import JournalReader
from jupyter_mlws.runfolder.values_reader import ValuesReader
from jupyter_mlws.services.offline import imports_folder

__all__ = ["blobs_are_what_they_say", "store_is_sound"]


def store_is_sound(folder: Path) -> None:
    """The database passes SQLite's own checks."""
    path = folder / "mlws.sqlite"
    if path.exists():
        with closing(sqlite3.connect(path)) as c:
            assert c.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert c.execute("PRAGMA foreign_key_check").fetchall() == []


def blobs_are_what_they_say(root: Path) -> None:
    """No blob that is listed is half or wrong."""
    for path in root.glob("[0-9a-f][0-9a-f]/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name + path.name


def told(said: Sequence[str], word: str) -> list[str]:
    """What was acknowledged with this word."""
    return [line.partition(" ")[2] for line in said if line.partition(" ")[0] == word]


def runs(place: Path, **wanted: str) -> list[Run]:
    """All runs of the place's workspace."""
    api = services(place)
    try:
        return [api.runs.get(run.id) for run in api.runs.list(include_children=True, limit=1000).items]
    finally:
        api.store.close()


def init(place: Path, said: Sequence[str]) -> None:
    store_is_sound(place / "project" / ".mlws" / "workspace")
    assert len(set(told(said, "made"))) <= 1
    assert len(set(told(said, "opened"))) <= 1  # the workspace stayed the one that it was
    if "trusted" in said:
        assert json.loads((place / "project" / ".mlws" / "config.json").read_text())


def upgrade(place: Path, said: Sequence[str]) -> None:
    folder = place / "workspace"
    store_is_sound(folder)
    with closing(sqlite3.connect(folder / "mlws.sqlite")) as c:
        ((version,),) = c.execute("SELECT version_num FROM alembic_version").fetchall()
        assert version in ("0001", *told(said, "upgraded"))[-1:] or not told(said, "upgraded")
        assert c.execute("SELECT count(*) FROM runs").fetchone() == (7,)
    copies = list(folder.glob("mlws.sqlite.before-*"))
    assert copies or version == "0001"
    for copy in copies:
        with closing(sqlite3.connect(copy)) as c:
            assert c.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert c.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    if told(said, "upgraded"):
        assert not list(folder.glob(".mlws.sqlite.before-*"))


def submit(place: Path, said: Sequence[str]) -> None:
    store_is_sound(place / "workspace")
    blobs_are_what_they_say(place / "workspace" / "blobs")
    found = runs(place)
    blobs = BlobStore(place / "workspace" / "blobs")
    for word, size in (("run", 1), ("sweep", 3)):
        acknowledged = set(told(said, word))
        assert len(acknowledged) <= 1  # asked again with the same key, the same run is the answer
        here = [run for run in found if (run.kind == "sweep") == (word == "sweep") and run.parent_id is None]
        assert len(here) <= 1
        assert acknowledged <= {run.id for run in here}
        family = [run for run in found if here and run.parent_id == here[0].id]
        assert 1 + len(family) == size or not here
    for run in found:
        assert run.status is RunStatus.QUEUED
        assert run.snapshot_id is not None
        blobs.read(run.snapshot_id)


def cancel(place: Path, said: Sequence[str]) -> None:
    store_is_sound(place / "workspace")
    found = {run.id: run.status for run in runs(place)}
    assert set(told(said, "run")) <= set(found)
    assert all(found[run] is RunStatus.CANCELED for run in told(said, "canceled"))


def write_records(place: Path, said: Sequence[str]) -> None:
    store_is_sound(place / "workspace")
    tags = {tag for run in runs(place) for tag in run.tags}
    assert {line for line in said if line.startswith("tag")} <= tags


def collect_garbage(place: Path, said: Sequence[str], root: str = "workspace/blobs") -> None:
    store_is_sound(place / "workspace")
    blobs_are_what_they_say(place / root)
    api = services(place)
    blobs = BlobStore(f"local://{place}/{root}") if root == "remote" else api.snapshots._context.blobs
    try:
        for run_id, digest, model in (line.split() for line in told(said, "kept")):
            assert api.runs.get(run_id).metrics[0].count == 3
            assert blobs.read(digest) == f"kept {run_id}".encode()
            assert blobs.read(api.runs.get(run_id).snapshot_id)
            name, _, version = model.partition(":")
            assert api.models.get(name, int(version)).files[0].digest == digest
            assert (place / "workspace" / "runs" / run_id).is_dir()
        if said and said[-1] == "collected":
            found = runs(place)
            assert {path.name for path in (place / "workspace" / "runs").iterdir()} <= {run.id for run in found}
            # Of each run its list of files, the file in it, and its output; and the workspace's mark.
            assert len(list(blobs.place.walk())) <= 3 * len(found) + (root == "remote")
    finally:
        api.store.close()


def collect_remote_garbage(place: Path, said: Sequence[str]) -> None:
    collect_garbage(place, said, "remote")


def put_blobs(place: Path, said: Sequence[str]) -> None:
    blobs_are_what_they_say(place / "blobs")
    blobs = BlobStore(place / "blobs")
    for digest in told(said, "blob"):
        blobs.read(digest)


def put_remote_blobs(place: Path, said: Sequence[str]) -> None:
    blobs_are_what_they_say(place / "remote")
    blobs = BlobStore(f"local://{place}/remote")
    for digest in told(said, "blob"):
        blobs.read(digest)


def copy_blob(place: Path, said: Sequence[str]) -> None:
    if told(said, "copied"):
        assert (place / "copy").read_bytes() == blob_bytes(3)
    elif any(line.startswith("! ") for line in said):
        assert not (place / "copy").exists()


def download(place: Path, said: Sequence[str]) -> None:
    file = place / "down" / "file.bin"
    assert file.exists() or "saved" not in said
    if file.exists():
        assert file.read_bytes() == 2 * blob_bytes(2)


def fetch_model(place: Path, said: Sequence[str]) -> None:
    store_is_sound(place / "workspace")
    blobs_are_what_they_say(place / "workspace" / "blobs")
    saved, cached = place / "down" / "m", [path / "m" for path in (place / "cache" / "models").glob("[0-9a-f]*")]
    assert saved.exists() or "saved" not in said
    assert len(cached) == 1 or "cached" not in said
    for folder in (*([saved] if saved.exists() else []), *cached):
        for number in range(3):
            assert (folder / f"{number}.bin").read_bytes() == blob_bytes(number)


def unpack(place: Path, said: Sequence[str]) -> None:
    if "unpacked" in said:
        assert len(list((place / "unpacked").rglob("*.txt"))) == 3
    elif any(line.startswith("! ") for line in said):
        assert not (place / "unpacked").exists()


def far_side(place: Path, said: Sequence[str]) -> None:
    for path in (place / "far").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
    for folder in (place / "far").glob("jupyter_mlws-*[0-9a-f]"):
        assert (folder / "jupyter_mlws" / "agent" / "__main__.py").exists()
    assert farside.build_folder(place / "far").is_dir()


def script(place: Path, said: Sequence[str]) -> None:
    folder = place / "run"
    reader = JournalReader(folder)
    offsets: dict[str, int] = {}
    counts: dict[str, int] = {}
    while found := reader.poll(offsets, final=True):
        for points in found:
            offsets[points.stream] = points.end
            counts[points.stream] = counts.get(points.stream, 0) + len(points.step)
    logged = len(told(said, "log"))
    assert sum(counts.values()) + reader.dropped() <= logged + len(counts)
    # Where not even the first segment found room there is no place for a count; the script's log says it.
    if not any("metrics cannot be kept" in line for line in said):
        assert logged <= sum(counts.values()) + reader.dropped()
    values = [value for part in ValuesReader(folder).poll({}) for value in part.values]
    assert all(value.value == [1, 2] for value in values)
    if not any("values cannot be kept" in line for line in said):
        assert said.count("listed") <= len(values)
    ended = [mailbox.pending(child)[0] for child in (folder / "children").glob("*") if mailbox.pending(child)]
    assert said.count("child ended") <= sum(request.operation == "runs.end" for request in ended)
    asked = mailbox.pending(folder)
    assert said.count("child ended") <= sum(request.operation == "runs.create_children" for request in asked)
    assert not any(request.problem for request in asked)
    assert said.count("tagged") <= sum(request.operation == "runs.update" for request in asked)
    assert said.count("registered") <= sum(request.operation == "models.register" for request in asked)
    upload = folder / "outputs" / "x"
    assert upload.exists() or "uploaded" not in said
    assert not upload.exists() or upload.read_bytes() == b"weights"


def consume_journal(place: Path, said: Sequence[str]) -> None:
    if (place / "offsets").exists():
        reader = JournalReader(place / "run")
        for points in reader.poll(json.loads((place / "offsets").read_text()), final=True):
            assert points.stream not in json.loads((place / "offsets").read_text())


def offline(place: Path, said: Sequence[str]) -> None:
    return  # each of these runs is a folder of its own


def start_interactive(place: Path, said: Sequence[str]) -> None:
    store_is_sound(place / "workspace")
    begun = set(told(said, "run"))
    assert len(begun) <= 1  # the same key, the same run
    found = [run for run in runs(place) if run.id in begun]
    assert [run.status for run in found] == [RunStatus.RUNNING] * len(begun)
    for run_id in begun:
        folder = place / "workspace" / "runs" / run_id
        if "line" in said:
            assert (folder / "values" / "a.jsonl").read_bytes() == b"a line\n"
        if (folder / "outputs" / "x.bin").exists() or "whole" in said:
            assert (folder / "outputs" / "x.bin").read_bytes() == b"0123401234"


def import_offline(place: Path, said: Sequence[str]) -> None:
    store_is_sound(place / "workspace")
    waiting = imports_folder(place / "workspace", host_name())
    found = [run.id for run in runs(place)]
    assert len(found) <= 1
    assert set(told(said, "imported")) <= set(found)
    for folder in waiting.glob("[!.]*"):  # whole, as soon as it has its name
        assert {"job.json", "state.jsonl", "journal", "outputs"} <= {path.name for path in folder.iterdir()}
    if "imported" in "".join(said):
        assert (waiting / "OfflineRun_1").is_dir()


def working_directory(place: Path, said: Sequence[str]) -> None:
    if "made" in said:
        assert (place / "run" / "outputs" / "old.txt").read_text() == "old"


def served(place: Path, submitted: Sequence[str]) -> dict[str, Run]:
    """What holds of runs when their dispatcher has left: all have ended, none was begun twice, nothing is left."""
    workspace = place / "workspace"
    store_is_sound(workspace)
    blobs_are_what_they_say(workspace / "blobs")
    found = {run.id: run for run in runs(place)}
    assert set(submitted) <= set(found)
    starts = (place / "starts").read_text().split() if (place / "starts").exists() else []
    assert len(starts) == len(set(starts))
    models = [model.run_id for model in services(place).models.list(limit=1000).items]
    assert len(models) == len(set(models))
    for run in found.values():
        assert run.status.is_terminal
        assert processes.marked(run.id) == []
        left = {path.name for path in (workspace / "runs" / run.id).glob("*")}
        assert left <= {"job.json", "state.jsonl", "left"}
        if run.status is RunStatus.COMPLETED:
            assert run.id in starts
            assert run.id in models
            whole(place, run)
        elif run.status is RunStatus.FAILED:
            assert run.error is not None
            assert run.error.message
            assert run.error.code != "internal_error", run.error.message
    return found


def whole(place: Path, run: Run) -> None:
    """A run that completed has everything that its script did, once."""
    api = services(place)
    values = decode_series(api.metrics.read(run.id, "n").read()).columns["value"]
    assert list(values) == list(range(POINTS))
    assert run.tags == {"done": "yes"}
    assert api.files.download(run.id, "outputs/model.bin").read() == b"weights"
    assert api.logs.read(run.id).text.endswith("over\n")
    # Too large to store, and promised to be left in the run's folder.
    assert (place / "workspace" / "runs" / run.id / "left" / "outputs" / "large.bin").stat().st_size == 200_000
    api.store.close()


def cell(place: Path, said: Sequence[str]) -> None:
    results = place / "run" / "results"
    for name in ("index.json", "error.json"):
        if (results / name).exists():
            assert json.loads((results / name).read_text())
    if (results / "x.pkl").exists():
        assert pickle.loads((results / "x.pkl").read_bytes()) == 41

"""Works with durable writes, each small; what they print has been acknowledged to whoever asked for it."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import sys
import threading
import time
import zipfile
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401 - imported once, not by every fork
import next_version
import numpy as np
from asleep import Asleep

from jupyter_mlws import workspace as room
from jupyter_mlws.agent.sync import JournalSync
from jupyter_mlws.api.routes import Download, Upload
from jupyter_mlws.blobs import BlobStore, StoredBlob
from jupyter_mlws.blobs.marking import put_mark
from jupyter_mlws.dispatcher import __main__ as dispatcher
from jupyter_mlws.dispatcher import preparing
from jupyter_mlws.dispatcher.place import host_name, user_name
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import LinkedPath, SnapshotRequest
from jupyter_mlws.domain.status import TERMINAL, RunStatus
from jupyter_mlws.errors import AlreadyExists, Unavailable
from jupyter_mlws.magics import cell_job
from jupyter_mlws.magics.job import returns as _returns  # noqa: F401 - imported once, not by every fork
from jupyter_mlws.magics.job import shell as _shell  # noqa: F401
from jupyter_mlws.runfolder import farside, state
from jupyter_mlws.runfolder.journal_reader import JournalReader
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import identity_of
from jupyter_mlws.sdk import files as downloads
from jupyter_mlws.sdk.connection import Connection
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.sdk.model import Model
from jupyter_mlws.sdk.offline import begin_offline
from jupyter_mlws.sdk.offline_folders import OfflineFolder
from jupyter_mlws.sdk.offline_packing import pack
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace
from jupyter_mlws.services import Keeping, Services
from jupyter_mlws.services.offline import imports_folder
from jupyter_mlws.snapshots import unpack_zip
from jupyter_mlws.store import Store, files, schema
from jupyter_mlws.store import metrics as _metrics
from jupyter_mlws.workspace.config import trust
from jupyter_mlws.workspace.folder import create, prepare

ASSETS = Path(__file__).parents[1] / "assets"
BLOB_SIZES = (0, 1, 5_000, 1_500_000)
MANY = 20
POINTS = 40
SCRIPT = f"""
import os, time
import jupyter_mlws as mlws
run = mlws.Run.get_context()
with open(os.path.join(os.environ["MLWS_SOURCE_DIR"], "..", "starts"), "a") as starts:
    starts.write(run.id + "\\n")
for i in range({POINTS}):
    run.log("n", i)
run.tag("done", "yes")
open("outputs/model.bin", "w").write("weights")
run.register_model("net", "outputs/model.bin")
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import mailbox
folder = os.environ["MLWS_RUN_FOLDER"]
asked = mailbox.post(folder, "files.download", {{"run": run.id, "name": "outputs/model.bin"}})
try:
    mailbox.wait_reply(folder, asked, 30)
except MlwsError as error:  # a full disk is told
    print(error)
open("outputs/large.bin", "wb").write(bytes(200_000))
time.sleep(float(os.environ.get("MLWS_TEST_SLEEP_S", 0.15)))
print("over")
"""


def say(text: str) -> None:
    """Acknowledge."""
    print(text, flush=True)


def services(place: Path, **more: Any) -> Services:
    """The workspace of a test's place, made when it is missing."""
    folder = place / "workspace"
    facts = prepare(folder)
    return Services(
        folder,
        Store.open(folder),
        BlobStore(folder / "blobs"),
        wake=Asleep(),
        user=user_name(),
        host=host_name(),
        workspace_id=facts.id,
        **more,
    )


def project(place: Path) -> Path:
    """A folder with a script, an old output and data beside it."""
    folder = place / "project"
    (folder / "outputs").mkdir(parents=True, exist_ok=True)
    (folder / "train.py").write_text(SCRIPT)
    (folder / "outputs" / "old.txt").write_text("old")
    (place / "data.csv").write_text("1,2,3")
    return folder


def submission(place: Path, api: Services, key: str, **changes: Any) -> Any:
    """A whole submission, with an input and a linked file."""
    from dataclasses import replace

    from jupyter_mlws.domain.job import InputFile

    one = ScriptRunConfig(project(place), "train.py").prepare(api, "faults")
    blob = BlobStore(place / "workspace" / "blobs").put_bytes(b"captured" * 200)
    given = InputFile(name="captured.pkl", digest=blob.digest, size_bytes=blob.size_bytes)
    link = LinkedPath(path="../data.csv", target=str(place / "data.csv"), reason="asked")
    return replace(one, key=key, inputs=(given,), links=(link,), **changes)


# -- the workspace


def init(place: Path) -> None:
    """``mlws init``, open, trust."""
    folder = place / "project"
    folder.mkdir(exist_ok=True)
    made = create(folder)
    say(f"made {made}")
    with room.connect(made) as opened:
        say(f"opened {opened.id}")
    trust(folder)
    say("trusted")


def upgrade(place: Path) -> None:
    """Open a database of the first format with a version to come, whose tables have grown."""
    folder = place / "workspace"
    folder.mkdir(exist_ok=True)
    if not (folder / "mlws.sqlite").exists():
        shutil.copyfile(ASSETS / "store-1.sqlite", folder / "mlws.sqlite")
    scripts = place / "migrations"
    shutil.copytree(schema.MIGRATIONS, scripts, dirs_exist_ok=True)
    (scripts / "versions" / f"{next_version.SCHEMA}_pretended.py").write_text(next_version._MIGRATION)
    schema.SCHEMA_VERSIONS = (*schema.SCHEMA_VERSIONS, next_version.SCHEMA)
    schema.SCHEMA_VERSION = next_version.SCHEMA
    migrate = schema.migrate
    schema.migrate = lambda engine, **more: migrate(engine, scripts, **more)
    Store.open(folder).close()
    say(f"upgraded {next_version.SCHEMA}")


def submit(place: Path) -> None:
    """A run, and a sweep of two."""
    api = services(place)
    say(f"run {api.runs.submit(submission(place, api, 'one')).id}")
    sweep = ({"n": "1"}, {"n": "2"})
    say(f"sweep {api.runs.submit(submission(place, api, 'two', kind='sweep', sweep=sweep)).id}")


def cancel(place: Path) -> None:
    """A run that is canceled before anybody has claimed it."""
    api = services(place)
    run = api.runs.submit(submission(place, api, "gone"))
    say(f"run {run.id}")
    say(f"canceled {api.runs.cancel(run.id).id}")


def write_records(place: Path) -> None:
    """Tags and models, one transaction after the other."""
    api = services(place)
    run = api.runs.submit(submission(place, api, "one"))
    for i in range(4):
        api.runs.update(run.id, RunUpdate(tags={f"tag{i}": "x"}))
        say(f"tag{i}")


def collect_garbage(place: Path) -> None:
    """A run, a model and a snapshot are deleted and purged, and their bytes swept; others stay."""
    api = services(place, keeping=lambda: Keeping(trash_days=0.0, grace_s=0.0))
    _collect(api, place)


def collect_remote_garbage(place: Path) -> None:
    """The same where fsspec leads."""
    (place / "remote").mkdir(exist_ok=True)
    blobs = BlobStore(f"local://{place}/remote")
    folder = place / "workspace"
    facts = prepare(folder)
    put_mark(blobs, facts.id)
    api = Services(
        folder,
        Store.open(folder),
        blobs,
        wake=Asleep(),
        user=user_name(),
        host=host_name(),
        workspace_id=facts.id,
        keeping=lambda: Keeping(trash_days=0.0, grace_s=0.0),
    )
    _collect(api, place)


def _collect(api: Services, place: Path) -> None:
    for name in ("kept", "gone"):
        (place / "code").mkdir(exist_ok=True)
        (place / "code" / "train.py").write_text(f"print({name!r}, {time.time_ns()})")
        report = api.snapshots.create(SnapshotRequest(directory=str(place / "code"), rule="directory"))
        assert report.snapshot is not None
        wish = RunSubmission(experiment="faults", command=("p",), snapshot_id=report.snapshot.id)
        run = api.runs.submit(wish)
        api.runs.cancel(run.id)
        with api.store.write() as c:
            numbers = np.arange(3.0)
            _metrics.put_points(c, run.number, "loss", np.arange(3), numbers, numbers, run.created_at)
        stored = api.files.upload(run.id, "outputs/a.bin", Upload(f"{name} {run.id}".encode()))
        left = place / "workspace" / "runs" / run.id / "left"
        left.mkdir(parents=True)
        os.utime(left.parent, (1, 1))  # of a young folder nobody knows whether its run is about to be recorded
        model = api.models.register(ModelRegistration(name=name, run_id=run.id, path="outputs/a.bin"))
        if name == "gone":
            api.runs.delete(run.id)
            api.models.delete(name, model.version)
        else:
            say(f"kept {run.id} {stored.digest} {model.id}")
    report = api.trash.collect(everything=True)
    if report.warnings:
        raise Unavailable(report.warnings[0])
    assert not api.trash.list().items
    say("collected")


# -- bytes


def blob_bytes(number: int) -> bytes:
    """The bytes of a test's blob."""
    size = BLOB_SIZES[number] if number < len(BLOB_SIZES) else 100 + number
    return (str(number).encode() * size)[:size]


def put_blobs(place: Path) -> None:
    """Few blobs and many, stored and synced."""
    blobs = BlobStore(place / "blobs")
    for number in range(len(BLOB_SIZES)):
        stored = blobs.put_stream(io.BytesIO(blob_bytes(number)))
        blobs.sync([stored.digest])
        say(f"blob {stored.digest}")
    many = [blobs.put_bytes(blob_bytes(len(BLOB_SIZES) + number)).digest for number in range(MANY)]
    blobs.sync(many)
    for digest in many:
        say(f"blob {digest}")


def put_remote_blobs(place: Path) -> None:
    """The same where fsspec leads."""
    (place / "remote").mkdir(exist_ok=True)
    blobs = BlobStore(f"local://{place}/remote")
    for number in range(len(BLOB_SIZES)):
        say(f"blob {blobs.put_stream(io.BytesIO(blob_bytes(number))).digest}")


def copy_blob(place: Path) -> None:
    """A verified copy of a blob."""
    blobs = BlobStore(place / "blobs")
    stored = blobs.put_bytes(blob_bytes(3))
    target = place / "copy"
    target.unlink(missing_ok=True)
    blobs.copy_to(stored.digest, target)
    say(f"copied {stored.digest}")


def download(place: Path) -> None:
    """A download to disk."""
    downloads.save(Download([blob_bytes(2), blob_bytes(2)]), str(place / "down" / "file.bin"))
    say("saved")


def fetch_model(place: Path) -> None:
    """A model of a folder: registered, saved elsewhere, and had from the cache."""
    os.environ["MLWS_CACHE_DIR"] = str(place / "cache")
    api = services(place)
    ws = Workspace._of(Connection(api=api, id="w", location=str(place / "workspace")))
    folder = place / "given" / "m"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(3):
        (folder / f"{number}.bin").write_bytes(blob_bytes(number))
    model = Model.register(ws, folder, "digits")
    say(f"registered {model.version}")
    model.download(place / "down", exist_ok=True)
    say("saved")
    Model.get_model_path("digits", _workspace=ws)
    say("cached")


def unpack(place: Path) -> None:
    """A zip that somebody uploaded, unpacked."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(3):
            archive.writestr(f"folder/{number}.txt", blob_bytes(2))
    data.seek(0)
    target = place / "unpacked"
    if target.exists():
        shutil.rmtree(target)
    unpack_zip(data, target)
    say("unpacked")


def far_side(place: Path) -> None:
    """What travels beside a script, as a zip and as a folder."""
    say(f"zip {farside.build_zip(place / 'far')}")
    say(f"folder {farside.build_folder(place / 'far')}")


# -- the script's side


def run_folder(place: Path) -> RunFolder:
    """A run folder without an agent."""
    folder = RunFolder(place / "run").create()
    facts = {"run_id": "faults_1_abcdef01", "run_number": 1, "experiment": "faults", "protocol_version": 1}
    folder.job.write_text(json.dumps(facts))
    return folder


def script(place: Path) -> None:
    """Log over several segments, log a list, make a child run, ask, upload."""
    folder = run_folder(place)
    run = ActiveRun(folder, json.loads(folder.job.read_text()))
    for i in range(3_000):
        run.log("n", i)
        say(f"log {i}")
    run.log_list("l", [1, 2])
    say("listed")
    with run.child_run("c") as child:
        child.log("n", 1)
    say("child ended")
    run.tag("done", "yes")
    say("tagged")
    run._mailbox().models.register(ModelRegistration(name="net", run_id=run.id, path="outputs/x"))
    say("registered")
    try:
        run.upload_file("outputs/x", io.BytesIO(b"weights"))
    except AlreadyExists:
        say("kept before")
    say("uploaded")


def consume_journal(place: Path) -> None:
    """Take up a journal and give its space back."""
    script(place)
    folder = run_folder(place)
    reader = JournalReader(folder)
    offsets: dict[str, int] = {}
    while found := reader.poll(offsets, final=True, limit=500):
        offsets.update({points.stream: points.end for points in found})
    (place / "offsets").write_text(json.dumps(offsets))
    reader.remove_consumed(offsets)
    say("consumed")


def offline(place: Path) -> None:
    """A run outside of any workspace."""
    begin_offline().log("n", 1)
    say("logged")


def start_interactive(place: Path) -> None:
    """A run that logs from a machine elsewhere, begun and written to."""
    api = services(place)
    run = api.runs.start(RunStart(experiment="faults", key="one", logged_from="elsewhere"))
    say(f"run {run.id}")
    api.folders.append(run.id, "values/a.jsonl", 0, Upload(b"a line\n"))
    say("line")
    for start in (0, 5):
        api.folders.append(run.id, "outputs/x.bin", start, Upload(b"01234"), 10)
    say("whole")


def recorded_offline(place: Path) -> OfflineFolder:
    """The folder of an offline run with points, made when it is missing."""
    path = place / "OfflineRun_1"
    if not (path / "job.json").exists():
        folder = RunFolder(path).create()
        writer = JournalWriter(folder)
        for i in range(POINTS):
            writer.log("n", i)
        state.append(folder, "started", identity=identity_of(os.getpid()).to_dict(), protocol_version=1)
        state.append(folder, "ended", status="Completed")
        (folder.outputs / "model.bin").write_text("weights")
        facts = {"run_id": path.name, "run_number": 0, "experiment": "faults", "protocol_version": 1}
        folder.job.write_text(json.dumps(facts))
    return OfflineFolder.read(path)


def import_offline(place: Path) -> None:
    """Send the folder of an offline run, and note that."""
    folder = recorded_offline(place)
    packed = io.BytesIO()
    pack(folder.path, packed, alive=False)
    api = services(place)
    waiting = imports_folder(place / "workspace", host_name()) / folder.run_id
    if waiting.exists():  # what a dispatcher would have taken in by now
        shutil.rmtree(waiting)
    say(f"imported {api.folders.import_offline(Upload(packed.getvalue())).run_id}")
    folder.note("w1", 1, folder.holds())
    say("noted")


def serve_imports(place: Path) -> int:
    """An offline run that waits to be taken in, and an interactive one that has ended."""
    import_offline(place)
    api = services(place)
    run = api.runs.start(RunStart(experiment="faults", key="one"))
    folder = RunFolder(place / "workspace" / "runs" / run.id)
    writer = JournalWriter(folder)
    for i in range(POINTS):
        writer.log("n", i)
    state.append(folder, "started", identity=identity_of(os.getpid()).to_dict(), protocol_version=1)
    state.append(folder, "ended", status="Completed")
    say(f"run {run.id}")
    api.store.close()
    return serve(place)


def cell(place: Path) -> int:
    """A cell that shows something, leaves a name and fails."""
    folder = run_folder(place)
    wish = {
        "cells": [{"name": "cell", "code": "display('shown')\nx = 41\nraise ValueError('no')", "head": "", "flags": 0}],
        "overrides": [], "directory": "", "document": "notebook.ipynb", "names": [], "readonly": [], "submodules": [],
        "secrets": [], "returns": ["x"], "returns_asked": True, "left": {},
    }  # fmt: skip
    (folder.inputs / "cell.json").write_text(json.dumps(wish))
    code = cell_job.main(folder.path)
    sys.modules["__main__"].__dict__.clear()
    say(f"cell ended {code}")
    return 0 if code == 1 else 5


# -- the dispatcher


def serve(place: Path) -> int:
    """Be the dispatcher until there is nothing to do."""
    return dispatcher.main(["dispatcher", str(place / "workspace")])


def submit_runs(place: Path) -> None:
    """As many runs of the script as MLWS_TEST_RUNS says."""
    api = services(place)
    for number in range(int(os.environ["MLWS_TEST_RUNS"])):
        say(f"run {api.runs.submit(submission(place, api, str(number))).id}")


def serve_one(place: Path) -> int:
    """Two runs from their submit to their end, and one whose variables are lost before it starts."""
    from jupyter_mlws.services import handover

    api = services(place)
    for key in ("0", "1"):
        say(f"run {api.runs.submit(submission(place, api, key)).id}")
    lost = api.runs.submit(submission(place, api, "lost"))
    handover.discard([lost.id])
    api.store.close()
    return serve(place)


def serve_and_cancel(place: Path) -> int:
    """A run that is canceled as soon as it is seen to live."""
    api = services(place)
    os.environ["MLWS_TEST_SLEEP_S"] = "60"  # it ends by the cancel, not by itself
    run = api.runs.submit(submission(place, api, "0"))
    say(f"run {run.id}")

    def cancel_it() -> None:
        while api.runs.get(run.id).status not in (RunStatus.RUNNING, *TERMINAL):
            time.sleep(0.01)
        if api.runs.cancel(run.id):
            say(f"canceled {run.id}")

    threading.Thread(target=cancel_it, daemon=True).start()
    return serve(place)


def working_directory(place: Path) -> None:
    """A run folder whose snapshot has outputs of its own."""
    folder = RunFolder(place / "run")
    shutil.rmtree(folder.path, ignore_errors=True)
    (folder.create().code / "outputs").mkdir()
    (folder.code / "outputs" / "old.txt").write_text("old")
    preparing._make_working_directory(folder, "")
    say("made")


def environment() -> dict[str, str]:
    """Short times for a dispatcher that leaves as soon as it can."""
    times = {"DISPATCHER_IDLE_S": "0", "POLL_S": "0.03", "IDLE_POLL_S": "0.05", "SETTLE_S": "0.05"}
    limits = {
        "HEARTBEAT_S": "0.1",
        "KILL_GRACE_S": "1",
        "DRAIN_S": "0.5",
        "MAX_OUTPUT_BYTES": "100000",
        "LOCAL_SLOTS": "6",
    }
    return {f"MLWS_{name}": value for name, value in {**times, **limits}.items()}


# -- power loss


def live_through_power_losses(place: Path) -> None:
    """Make a workspace; record runs, tags, files and their bytes; reopen it, which takes its log into the database."""
    folder = place / "workspace"
    for life in range(2):
        api = services(place)
        say(f"opened {prepare(folder).id}")
        blobs = BlobStore(folder / "blobs")
        for number in range(3):
            name = f"{life}{number}"
            (project(place) / f"{name}.py").write_text(f"# {name}")
            run = api.runs.submit(submission(place, api, name))
            say(f"run {run.id} {run.snapshot_id}")
            api.runs.update(run.id, RunUpdate(tags={name: "x"}))
            say(f"tag {run.id} {name}")
            # A few files, then many: the two ways to sync.
            outputs = [blobs.put_bytes(f"{name} {i}".encode() * 400) for i in range(3 if number else 20)]
            blobs.sync(output.digest for output in outputs)
            with api.store.write() as c:
                files.put_files(c, run.id, [_output(i, blob) for i, blob in enumerate(outputs)])
            say(f"files {run.id} {len(outputs)}")
        with closing(sqlite3.connect(folder / "mlws.sqlite")) as c:
            c.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        api.runs.submit(submission(place, api, f"{life} after the checkpoint"))
        api.store.close()


def log_and_sync(place: Path) -> None:
    """What an agent syncs of a script that logs, twice."""
    folder = run_folder(place)
    ActiveRun(folder, json.loads(folder.job.read_text())).log("n", 1)
    folder.std_log.write_text("over\n")
    state.append(folder, "started")
    sync = JournalSync(str(folder.path), 5.0, print)
    sync.now()
    sync.now()


def _output(number: int, blob: StoredBlob) -> RunFile:
    return RunFile(
        name=f"outputs/{number}", kind=FileKind.OUTPUT, size_bytes=blob.size_bytes, digest=blob.digest, mode=0o644,
        modified_at=datetime.now(timezone.utc),
    )  # fmt: skip


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))

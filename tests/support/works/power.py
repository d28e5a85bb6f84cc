"""Works that are recorded, and replayed with the power lost in between."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from works.place import project, run_folder, say, services, submission

from jupyter_mlws.agent.sync import JournalSync
from jupyter_mlws.blobs import BlobStore, StoredBlob
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.run import RunUpdate
from jupyter_mlws.runfolder import state
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.store import files
from jupyter_mlws.workspace.folder import prepare


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

"""Works of a script's side: it logs, asks, runs outside of any workspace; a cell."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from pathlib import Path

from works.place import POINTS, run_folder, say, services

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.dispatcher.place import host_name
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.errors import AlreadyExists
from jupyter_mlws.magics import cell_job
from jupyter_mlws.runfolder import state
from jupyter_mlws.runfolder.journal_reader import JournalReader
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import identity_of
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.sdk.offline import begin_offline
from jupyter_mlws.sdk.offline_folders import OfflineFolder
from jupyter_mlws.sdk.offline_packing import pack
from jupyter_mlws.services.offline import imports_folder


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

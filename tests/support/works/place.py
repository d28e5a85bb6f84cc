"""What the works stand on: their place, what is submitted there, and how something is acknowledged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from asleep import Asleep

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher.place import host_name, user_name
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.workspace.folder import prepare

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


def services(place: Path, blobs: BlobStore | None = None, **more: Any) -> Services:
    """The workspace of a test's place, made when it is missing; its bytes lie in it, or in `blobs`."""
    folder = place / "workspace"
    facts = prepare(folder)
    return Services(
        folder,
        Store.open(folder),
        blobs or BlobStore(folder / "blobs"),
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
    one = ScriptRunConfig(project(place), "train.py").prepare(api, "faults")
    blob = BlobStore(place / "workspace" / "blobs").put_bytes(b"captured" * 200)
    given = InputFile(name="captured.pkl", digest=blob.digest, size_bytes=blob.size_bytes)
    link = LinkedPath(path="../data.csv", target=str(place / "data.csv"), reason="asked")
    return replace(one, key=key, inputs=(given,), links=(link,), **changes)


def run_folder(place: Path) -> RunFolder:
    """A run folder without an agent."""
    folder = RunFolder(place / "run").create()
    facts = {"run_id": "faults_1_abcdef01", "run_number": 1, "experiment": "faults", "protocol_version": 1}
    folder.job.write_text(json.dumps(facts))
    return folder


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

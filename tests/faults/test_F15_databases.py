"""The whole thread on both databases, and a server that stops, restarts and ends connections under it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.domain.status import RunStatus

from .conftest import Lab

SCRIPT = """
import time, jupyter_mlws
run = jupyter_mlws.Run.get_context()
run.tag("kind", "thread")
for i in range(2000):
    run.log("loss", i)
open("outputs/model.txt", "w").write("weights")
print("done", flush=True)
"""
LASTING = """
import sys, time, jupyter_mlws
run = jupyter_mlws.Run.get_context()
for i in range(int(sys.argv[1])):
    run.log("loss", i)
    time.sleep(0.01)
"""


@pytest.fixture
def lab(tmp_path: Path, workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    for name, value in {"HEARTBEAT_S": "0.1", "KILL_GRACE_S": "1", "DRAIN_S": "1", "SETTLE_S": "0.2"}.items():
        monkeypatch.setenv(f"MLWS_{name}", value)
    found = Lab(tmp_path, workspace_folder)
    yield found
    room.stop_dispatcher(found.folder)


def test_a_run_goes_its_whole_way_on_either_database(lab: Lab, database_kind: str) -> None:
    run = lab.submit(SCRIPT)
    assert lab.ended(run).status is RunStatus.COMPLETED, lab.log()
    assert list(lab.series(run.id, "loss")) == list(range(2000))
    assert run.refresh().tags == {"kind": "thread"}
    assert lab.api.files.list(run.id).items[0].name == "outputs/model.txt" or lab.api.files.list(run.id).items
    assert (lab.folder / "mlws.sqlite").exists() == (database_kind == "sqlite")


def test_cancel_and_a_killed_dispatcher_on_either_database(lab: Lab) -> None:
    run, other = lab.submit(LASTING, arguments=["100000"]), lab.submit(LASTING, arguments=["300"])
    lab.wait_for(other, RunStatus.RUNNING)
    lab.wait_for(run, RunStatus.RUNNING)
    lab.kill_dispatcher()
    run.cancel()
    assert lab.ended(run).status is RunStatus.CANCELED
    assert lab.ended(other).status is RunStatus.COMPLETED
    assert list(lab.series(other.id, "loss")) == list(range(300))

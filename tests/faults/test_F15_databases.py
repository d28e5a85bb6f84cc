"""The whole thread on both databases, and a server that stops, restarts and ends connections under it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres import new_server

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
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HEARTBEAT_S": "0.1", "KILL_GRACE_S": "1", "DRAIN_S": "1", "SETTLE_S": "0.2"}.items():
        monkeypatch.setenv(f"MLWS_{name}", value)


@pytest.fixture
def lab(tmp_path: Path, workspace_folder: Path, short: None) -> Iterator[Lab]:
    found = Lab(tmp_path, workspace_folder)
    yield found
    room.stop_dispatcher(found.folder)


def test_a_run_goes_its_whole_way_on_either_database(lab: Lab, database_kind: str) -> None:
    run = lab.submit(SCRIPT)
    assert lab.ended(run).status is RunStatus.COMPLETED, lab.log()
    assert list(lab.series(run.id, "loss")) == list(range(2000))
    assert run.refresh().tags == {"kind": "thread"}
    assert [file.name for file in lab.api.files.list(run.id, kind="output").items] == ["outputs/model.txt"]
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


def own_lab(tmp_path: Path, url: str) -> Lab:
    project = tmp_path / "of-the-database"
    project.mkdir()
    return Lab(tmp_path, room.create(project, database=url))


@pytest.mark.usefixtures("short")
def test_F15_runs_go_on_while_all_connections_are_ended_again_and_again(tmp_path: Path, postgres: Any) -> None:
    with postgres.database() as url:
        lab = own_lab(tmp_path, url)
        stop = threading.Event()

        def end_them() -> None:
            while not stop.wait(0.15):
                postgres.end_connections(url.partition("@/")[2].partition("?")[0])

        ending = threading.Thread(target=end_them)
        ending.start()
        try:
            found = [lab.submit(LASTING, arguments=["250"]) for _ in range(3)]
            ends = [lab.ended(run).status for run in found]
        finally:
            stop.set()
            ending.join()
        assert ends == [RunStatus.COMPLETED] * 3, lab.log()
        assert [list(lab.series(run.id, "loss")) for run in found] == [list(range(250))] * 3
        assert len(lab.api.runs.list().items) == 3
        room.stop_dispatcher(lab.folder)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("crash", [pytest.param(False, marks=pytest.mark.soak), True], ids=["restart", "crash"])
def test_F15_a_server_that_is_away_for_a_while_costs_no_point_and_no_run(tmp_path: Path, crash: bool) -> None:
    server = new_server(durable=True)
    try:
        with server.database() as url:
            lab = own_lab(tmp_path, url)
            run = lab.submit(LASTING, arguments=["400"])
            lab.wait_for(run, RunStatus.RUNNING)
            lab.wait(lambda: run.refresh().metrics)
            before = run.refresh().metrics[0].count
            server.stop(crash=crash)
            time.sleep(2.0)
            server.start()
            after = run.refresh().metrics[0].count
            assert after >= before
            other = lab.submit(LASTING, arguments=["5"])
            assert lab.ended(run).status is RunStatus.COMPLETED, lab.log()
            assert list(lab.series(run.id, "loss")) == list(range(400))
            assert lab.ended(other).status is RunStatus.COMPLETED
            room.stop_dispatcher(lab.folder)
    finally:
        server.close()

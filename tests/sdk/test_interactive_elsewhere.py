"""Runs that log to a workspace behind a server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_process import JupyterProcess
from logged_runs import only_run, values, wait

from jupyter_mlws import workspace as room
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.offline_folders import offline_folders
from jupyter_mlws.sdk.workspace import Workspace

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[JupyterProcess, Path]]:
    """A Jupyter server with a workspace of its own, and the folder of that."""
    from jupyter_mlws.workspace.folder import create

    root = tmp_path / "root"
    root.mkdir()
    folder = create(root)
    server = JupyterProcess(root, tmp_path / "server.log", alone=True)
    ended: list[JupyterProcess] = [server]
    yield server, folder
    for one in ended:
        one.close()
    room.stop_dispatcher(folder)


def test_a_server_that_is_killed_and_restarted_loses_nothing_and_doubles_nothing(served, tmp_path, capfd):
    server, _ = served
    ws = Workspace(server.url, token=server.token)
    run = Experiment(ws, "digits").start_logging(snapshot_directory=None)
    for i in range(5_000):
        run.log("loss", i)
    run.log_row("rows", a=1)
    assert run.get_metrics("rows") == {"rows": {"a": [1]}}
    server.kill()
    for i in range(5_000, 15_000):
        run.log("loss", i)
    run.log_row("rows", a=2)
    run.tag("while", "away")
    with run.child_run("fold") as child:
        child.log("loss", 7)
    time.sleep(1.0)  # longer than the thread waits before it finds the server gone
    with JupyterProcess(tmp_path / "root", tmp_path / "server.log", alone=True, port=server.port):
        for i in range(15_000, 16_000):
            run.log("loss", i)
        run.upload_file("notes.txt", __file__)
        run.flush(60)
        run.complete()
        assert run.status == "Completed"
        assert values(ws, run, "loss") == [float(i) for i in range(16_000)]
        assert run.get_metrics("rows") == {"rows": {"a": [1, 2]}}
        assert run.tags == {"while": "away"}
        assert run.get_file_names() == ["notes.txt"]
        assert [one.get_metrics() for one in run.get_children()] == [{"loss": 7.0}]
        assert run.properties == {"mlws.logged_from": os.uname().nodename}
        assert offline_folders() == []


@pytest.mark.soak
def test_what_a_killed_process_could_not_send_is_imported_afterwards(served, script, tmp_path):
    server, _ = served
    process = script(
        """
        run.log("loss", 0)
        run.flush()
        print("sent", flush=True)
        while not os.path.exists("gone"): time.sleep(0.02)
        for i in range(1, 1000): run.log("loss", i)
        run.log_row("rows", a=1)
        print("logged", flush=True)
        time.sleep(100)
        """,
        server.url,
        MLWS_TOKEN=server.token,
    )
    assert process.stdout.readline() == "sent\n"
    server.kill()
    Path("gone").touch()
    assert process.stdout.readline() == "logged\n"
    process.kill()
    process.wait()
    with JupyterProcess(tmp_path / "root", tmp_path / "server.log", alone=True, port=server.port):
        ws = Workspace(server.url, token=server.token)
        run = only_run(ws)
        wait(lambda: run.status == "Failed")
        assert [one.id for one in ws.import_offline()] == [run.id]
        assert values(ws, run, "loss") == [float(i) for i in range(1000)]
        assert run.get_metrics("rows") == {"rows": {"a": [1]}}
        assert run.status == "Failed"
        assert ws.import_offline() == []

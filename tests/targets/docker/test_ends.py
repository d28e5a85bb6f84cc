"""How containers end otherwise: canceled, killed, out of memory, removed; with their dispatcher or engine away."""

from __future__ import annotations

import os
import signal
import time

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.dispatcher.client import ask

_WAITS = """
import os, time
print("up", flush=True)
while not os.path.exists("outputs/go"):
    time.sleep(0.05)
print("went on")
"""


def _up(boxes):
    run = boxes.submit(_WAITS)
    boxes.wait(lambda: "up" in boxes.log_of(run))
    return run


def _go(boxes, run):
    (boxes.folder / "runs" / run.id / "outputs" / "go").touch()


def test_a_canceled_run_leaves_no_container(boxes):
    run = _up(boxes)
    run.cancel()
    assert boxes.end(run)["status"] == "Canceled"
    boxes.wait(lambda: boxes.containers() == [])


def test_a_killed_container_is_told_as_such(boxes):
    run = _up(boxes)
    boxes.containers()[0].kill()
    facts = boxes.end(run)
    assert facts["status"] == "Failed"
    assert "killed from outside" in facts["error"]["message"]
    boxes.wait(lambda: boxes.containers() == [])


def test_a_container_that_is_removed_under_us_is_told_as_such(boxes):
    run = _up(boxes)
    boxes.containers()[0].remove(force=True)
    facts = boxes.end(run)
    assert facts["status"] == "Failed"
    assert "from outside" in facts["error"]["message"]


def test_a_full_memory_is_told_as_such(boxes, monkeypatch):
    room.stop_dispatcher(boxes.folder)
    monkeypatch.setenv("MLWS_DOCKER_MEMORY", "96m")
    _run, facts = boxes.run("x = []\nwhile True: x.append(bytearray(1 << 22))")
    assert facts["status"] == "Failed"
    assert "memory" in facts["error"]["message"]
    assert "full" in facts["error"]["message"]
    assert boxes.containers() == []


def test_a_run_goes_on_without_its_dispatcher_and_is_taken_up_by_the_next(boxes):
    run = _up(boxes)
    pid = ask(boxes.folder, "status")["pid"]
    os.kill(pid, signal.SIGKILL)
    _go(boxes, run)
    second = boxes.submit("print('second')")
    assert boxes.end(second)["status"] == "Completed"
    assert boxes.end(run)["status"] == "Completed"
    boxes.wait(lambda: boxes.containers() == [])


def test_a_run_goes_on_while_its_engine_is_away(boxes):
    if not boxes.engine.is_ours:
        pytest.skip("The engine here is somebody's own, and is not stopped for a test.")
    run = _up(boxes)
    boxes.engine.stop()
    try:
        _go(boxes, run)
        time.sleep(1)
    finally:
        boxes.engine.start()
    assert boxes.end(run)["status"] == "Completed"
    boxes.wait(lambda: boxes.containers() == [])

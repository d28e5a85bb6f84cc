"""How containers end otherwise: killed, out of memory, removed; with their engine away."""

from __future__ import annotations

import time

import pytest

from jupyter_mlws import workspace as room

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


def test_a_container_that_is_killed_or_removed_from_outside_is_told_as_such(boxes):
    killed, removed = _up(boxes), _up(boxes)
    boxes.container_of(killed).kill()
    boxes.container_of(removed).remove(force=True)
    for run, words in ((killed, "killed from outside"), (removed, "from outside")):
        facts = boxes.end(run)
        assert facts["status"] == "Failed"
        assert words in facts["error"]["message"]
    boxes.wait_until_none_is_left()


def test_a_full_memory_is_told_as_such(boxes, monkeypatch):
    room.stop_dispatcher(boxes.folder)
    monkeypatch.setenv("MLWS_DOCKER_MEMORY", "96m")
    _run, facts = boxes.run("x = []\nwhile True: x.append(bytearray(1 << 22))")
    room.stop_dispatcher(boxes.folder)
    assert facts["status"] == "Failed"
    assert "memory" in facts["error"]["message"]
    assert "full" in facts["error"]["message"]
    boxes.wait_until_none_is_left()


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
    boxes.wait_until_none_is_left()

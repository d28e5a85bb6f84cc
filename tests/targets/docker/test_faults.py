"""A dispatcher that dies, or whose disk fails, while it makes a container or its image."""

from __future__ import annotations

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.dispatcher.client import ask


@pytest.mark.parametrize("fault", ["docker.created:1:kill", "environments.image:1:kill", "environments.image:1:ENOSPC"])
def test_a_run_is_done_once_whoever_dies_at_its_container(boxes, own_base, tmp_path, monkeypatch, fault):
    room.stop_dispatcher(boxes.folder)
    monkeypatch.setenv("MLWS_DOCKER_BASE", own_base.name)
    once = tmp_path / "once"
    once.mkdir()
    monkeypatch.setenv("MLWS_FAULT", f"dispatcher/{fault}")
    monkeypatch.setenv("MLWS_FAULT_ONCE", str(once))
    first = boxes.submit("open('outputs/done', 'x').close()")
    boxes.wait(lambda: any(once.iterdir()))
    if fault.endswith("kill"):
        boxes.wait(lambda: ask(boxes.folder, "status") is None)
    second = boxes.submit("print('wakes the next dispatcher')")
    assert boxes.end(second)["status"] == "Completed"
    facts = boxes.end(first)
    assert facts["status"] == "Completed", facts["error"]
    boxes.wait(lambda: boxes.containers() == [])

"""A dispatcher that dies, or whose disk fails, while it makes a container or its image."""

from __future__ import annotations

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.dispatcher.client import ask


@pytest.mark.parametrize(
    "faults",
    [("environments.image:1:kill", "docker.created:1:kill"), ("environments.image:1:ENOSPC",)],
    ids=["death", "full disk"],
)
def test_a_run_is_done_once_whoever_dies_at_its_container(boxes, own_base, tmp_path, monkeypatch, faults):
    room.stop_dispatcher(boxes.folder)
    monkeypatch.setenv("MLWS_DOCKER_BASE", own_base.name)
    once = tmp_path / "once"
    once.mkdir()
    monkeypatch.setenv("MLWS_FAULT", ",".join(f"dispatcher/{fault}" for fault in faults))
    monkeypatch.setenv("MLWS_FAULT_ONCE", str(once))
    first = boxes.submit("open('outputs/done', 'x').close()")
    others = []
    for number, fault in enumerate(faults, start=1):
        boxes.wait(lambda number=number: len(list(once.iterdir())) == number)
        if fault.endswith("kill"):
            boxes.wait(lambda: ask(boxes.folder, "status") is None)
        others.append(boxes.submit("print('wakes the next dispatcher')"))
    for run in (first, *others):
        facts = boxes.end(run)
        assert facts["status"] == "Completed", facts["error"]
    boxes.wait_until_none_is_left()

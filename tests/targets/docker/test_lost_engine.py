"""An engine that is lost on the way: the run waits for it, is begun once, and can be canceled meanwhile."""

from __future__ import annotations

import time

import pytest

_ONCE = """
from jupyter_mlws import Run
open("outputs/done", "x").close()
Run.get_context().log("begun", 1)
"""
_BASE = r"/images/[^/]+/[^/]+/json"
# In the order in which a run comes by them; whether the engine has done it when it is lost.
_MOMENTS = [
    (_BASE, False),
    (r"/containers/create\?name=mlws-image", True),
    (r"/containers/[^/]+/archive", False),
    (r"/containers/[^/]+/archive", True),
    (r"/commit", False),
    (r"/commit", True),
    (r"/containers/create\?name=mlws-[0-9a-f]{32}", False),
    (r"/containers/create\?name=mlws-[0-9a-f]{32}", True),
    (r"/containers/[^/]+/attach", True),
    (r"/containers/[^/]+/start", False),
    (r"/containers/[^/]+/start", True),
]


@pytest.fixture
def lost(relay, own_base, boxes, monkeypatch):
    """A workspace whose engine can be lost, and that has no image yet."""
    from jupyter_mlws import workspace as room

    room.stop_dispatcher(boxes.folder)
    monkeypatch.setenv("MLWS_DOCKER_BASE", own_base.name)
    return relay


def test_an_engine_that_is_lost_at_any_step_of_a_launch_is_waited_for(lost, boxes, own_base):
    lost.break_at(_BASE)
    run = boxes.submit(_ONCE)
    for moment in [*_MOMENTS[1:], None]:
        boxes.wait(lost.broken.is_set)
        boxes.wait(lambda: "engine does not answer" in boxes.ws.get_run(run.id).record.waiting_for)
        if moment is None:
            lost.mend()
        else:
            lost.break_at(moment[0], answered=moment[1])
    facts = boxes.end(run)
    assert facts["status"] == "Completed", facts["error"]
    assert run.get_metrics() == {"begun": 1}
    boxes.wait(lambda: boxes.containers() == [])


def test_a_run_whose_engine_is_lost_can_be_canceled(lost, boxes):
    lost.break_at(r"/containers/[^/]+/start", answered=True, after=1)  # the first asks for the Python of the base
    run = boxes.submit(_ONCE)
    boxes.wait(lost.broken.is_set)
    run.cancel()
    facts = boxes.end(run)
    assert facts["status"] == "Canceled", facts["error"]
    lost.mend()
    boxes.wait(lambda: boxes.containers() == [])


def test_a_run_goes_on_while_its_engine_is_lost(lost, boxes):
    run = boxes.submit(
        "import os, time\nprint('up', flush=True)\nwhile not os.path.exists('outputs/go'): time.sleep(0.05)\n"
        "from jupyter_mlws import Run\nRun.get_context().log('late', 1)"
    )
    boxes.wait(lambda: "up" in boxes.log_of(run))
    lost.cut()
    (boxes.folder / "runs" / run.id / "outputs" / "go").touch()
    facts = boxes.end(run)
    assert facts["status"] == "Completed", facts["error"]
    assert run.get_metrics() == {"late": 1}
    lost.mend()
    boxes.wait(lambda: boxes.containers() == [])


def test_a_run_that_ended_while_the_engine_was_lost_is_told_once_it_is_back(lost, boxes):
    run = boxes.submit("import time\nprint('up', flush=True)\ntime.sleep(600)")
    boxes.wait(lambda: "up" in boxes.log_of(run))
    lost.cut()
    (container,) = boxes.containers()
    container.kill()
    time.sleep(0.5)
    assert boxes.ws.get_run(run.id).get_status() in ("Running", "NotResponding")
    lost.mend()
    facts = boxes.end(run)
    assert facts["status"] == "Failed"
    # Whether it was looked at while it could not be seen is a matter of the moment.
    assert facts["error"]["message"].startswith(("The Docker engine was stopped", "The container was killed"))
    boxes.wait(lambda: boxes.containers() == [])

"""Cancelling: in every state, once or often, and of scripts that do not want to go."""

from __future__ import annotations

import time

import pytest

from jupyter_mlws.domain.status import RunStatus

STUBBORN = """
import os, signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
# A fork, a double fork in a session of its own, and one that drops the marker as well.
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(300)
    os._exit(0)
subprocess.Popen(["sleep", "300"], start_new_session=True)
subprocess.Popen(["env", "-i", "/bin/sleep", "301"], start_new_session=True)
print("ready", flush=True)
while True:
    time.sleep(1)
"""


def sleeping(seconds: str) -> list[str]:
    from pathlib import Path

    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if place.read_bytes() == b"/bin/sleep\0" + seconds.encode() + b"\0":
                found.append(place.parent.name)
        except OSError:
            continue
    return found


def test_F29_a_script_that_forks_leaves_its_session_and_ignores_sigterm_is_gone_within_15_s(lab, monkeypatch):
    before = sleeping("301")
    run = lab.submit(STUBBORN)
    lab.wait(lambda: "ready" in run.get_log())
    began = time.monotonic()
    run.cancel()
    record = lab.ended(run, 15)
    assert record.status is RunStatus.CANCELED
    assert record.error is None
    assert time.monotonic() - began < 15
    assert lab.marked(run) == []
    assert sleeping("301") == before


def test_F31_a_queued_run_is_canceled_at_once_and_never_starts(lab, monkeypatch):
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "1")
    first = lab.submit("import time\ntime.sleep(300)")
    lab.wait_for(first, RunStatus.RUNNING)
    second = lab.submit("open('/proc/self/cwd/../../../started', 'w')")
    waiting = lab.wait(lambda: second.refresh().waiting_for)
    assert "local" in waiting
    second.cancel()
    assert second.get_status() == "Canceled"
    first.cancel()
    assert lab.ended(first).status is RunStatus.CANCELED
    assert not list(lab.folder.rglob("started"))
    assert not (lab.folder / "runs" / second.id).exists()


@pytest.mark.parametrize("pause_s", [0.0, 0.01, 0.02, 0.04, 0.08])
def test_F32_a_run_can_be_canceled_at_any_moment_of_its_start(lab, pause_s):
    lab.api.workspace.wake()
    run = lab.submit("import time\ntime.sleep(300)")
    time.sleep(pause_s)
    run.cancel()
    record = lab.ended(run, 15)
    assert record.status is RunStatus.CANCELED
    assert lab.marked(run) == []


def test_F33_a_cancel_that_comes_at_the_end_gives_one_final_state(lab):
    run = lab.submit("print('short')")
    time.sleep(0.12)
    run.cancel()
    status = lab.ended(run).status
    assert status in (RunStatus.COMPLETED, RunStatus.CANCELED)
    time.sleep(0.3)
    assert run.refresh().status is status


def test_F34_canceling_twice_or_after_the_end_changes_nothing(lab):
    run = lab.submit("import time\ntime.sleep(300)")
    lab.wait_for(run, RunStatus.RUNNING)
    run.cancel()
    run.cancel()
    lab.ended(run)
    run.cancel()
    assert run.get_status() == "Canceled"
    done = lab.submit("print('done')")
    lab.ended(done)
    done.cancel()
    assert done.get_status() == "Completed"


def test_F29_canceling_a_sweep_ends_its_children(lab):
    from dataclasses import replace

    from jupyter_mlws.sdk.run import Run

    one = lab.prepare("import time\ntime.sleep(300)")
    parent = Run(lab.ws, lab.api.runs.submit(replace(one, kind="sweep", sweep=tuple({"n": str(i)} for i in range(5)))))
    lab.wait_for(parent, RunStatus.RUNNING)
    parent.cancel()
    assert lab.ended(parent).status is RunStatus.CANCELED
    statuses = {child.status for child in lab.api.runs.list(parent=parent.id).items}
    assert statuses == {RunStatus.CANCELED}

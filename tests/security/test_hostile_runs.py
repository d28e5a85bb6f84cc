"""A hostile script and its run folder: it harms its own run at worst; all else stays as it was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.dispatcher.requests import MAX_REQUESTS
from jupyter_mlws.domain.status import RunStatus

from .attacks import FOLDER_ATTACKS, MAILBOX_ATTACKS, flood
from .lab import Lab

GRACE_S = 60.0
# The agent writes as the script's own account, so a script that moves its whole folder leads the agent astray, not us.
BY_THE_AGENT = {"state.jsonl"}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A fresh workspace whose dispatcher has short times, and a run in it that is somebody else's."""
    times = {"HEARTBEAT_S": "0.1", "KILL_GRACE_S": "1", "DRAIN_S": "1", "SETTLE_S": "0.2", "LOST_S": "3"}
    for name, value in {**times, "LOCAL_SLOTS": "3", "MAX_OUTPUT_BYTES": "1000000"}.items():
        monkeypatch.setenv(f"MLWS_{name}", value)
    found = Lab(tmp_path)
    yield found
    room.stop_dispatcher(found.folder)


def test_P11_P27_O10_N14_D10_a_script_that_spoils_its_folder_harms_its_own_run_alone(lab):
    """All attacks one after the other on one dispatcher, which is the same process at the end."""
    before = lab.dispatcher()
    runs = {name: lab.attack(code) for name, code in FOLDER_ATTACKS.items()}
    for name, run in runs.items():
        record = lab.ended(run)
        assert record.status in (RunStatus.COMPLETED, RunStatus.FAILED), name
        assert record.error is None or record.error.code != "internal_error", (name, record.error)
        assert all(len(warning) < 2000 for warning in record.warnings), name
        assert len(record.warnings) <= 25, name
    for path in BY_THE_AGENT:
        (lab.outside / path).unlink(missing_ok=True)
    for run in runs.values():
        lab.unharmed(run)
    assert lab.dispatcher() == before
    assert lab.ended(lab.submit("print(2)")).status is RunStatus.COMPLETED


def test_P01_N08_N14_O04_O05_V04_V05_requests_of_a_script_are_about_its_own_run(lab):
    for name, code in MAILBOX_ATTACKS.items():
        run = lab.attack(code + '\nask(update(tags={"heard": "yes"}))\n')
        record = lab.ended(run)
        assert record.status is RunStatus.COMPLETED, name
        assert "owned" not in record.tags, name
        assert record.tags["heard"] == "yes", name
        assert 0 < len(record.warnings) <= 25, name
        assert all(len(warning) < 1000 for warning in record.warnings), name
        lab.unharmed(run)


def test_O07_a_flood_of_requests_holds_up_neither_a_cancel_nor_another_run(lab):
    run = lab.attack(flood(150) + "time.sleep(600)")
    lab.wait(lambda: lab.api.runs.get(run.id).tags.get("n"))
    began = time.monotonic()
    assert lab.ended(lab.submit("print(3)")).status is RunStatus.COMPLETED
    lab.api.runs.cancel(run.id)
    lab.wait(lambda: lab.api.runs.get(run.id).status is RunStatus.CANCELED)
    assert time.monotonic() - began < GRACE_S
    # What was asked before the end was asked for good.
    assert lab.api.runs.get(run.id).tags["n"] == "149"
    lab.unharmed(run)


@pytest.mark.soak
def test_O07_a_hundred_thousand_requests(lab):
    run = lab.attack(flood(100_000))
    record = lab.wait(lambda: (found := lab.api.runs.get(run.id)).status.is_terminal and found, 240)
    assert record.status is RunStatus.COMPLETED
    assert any(f"more than {MAX_REQUESTS:,} requests" in warning for warning in record.warnings)
    assert int(record.tags["n"]) < MAX_REQUESTS
    lab.unharmed(run)

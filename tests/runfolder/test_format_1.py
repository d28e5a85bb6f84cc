"""The run folder of format 1, as its first release left it: every later version reads it."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from jupyter_mlws.runfolder import mailbox, state
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity

ASSET = Path(__file__).parent.parent / "assets" / "runfolder-1"


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    # A copy, for what is read must not depend on being read-only, nor be able to change the asset.
    return RunFolder(shutil.copytree(ASSET, tmp_path / "run"))


def test_its_metrics_are_read(folder, follower):
    follow = follower(folder)
    follow.follow()
    assert len(follow.by_stream) == 2
    for kind, points in zip(("mapped", "written"), follow.by_stream.values(), strict=True):
        by_name = {name: [p for p in points if p.name == name] for name in {p.name for p in points}}
        loss = by_name[f"{kind}/loss"]
        assert [(p.step, p.value) for p in loss] == [(step, 1 / (step + 1)) for step in range(60)]
        assert [(p.step, p.value) for p in by_name["Genauigkeit ⌀"]] == [(None, float(n)) for n in range(60)]
        nan, *odd = [p.value for p in by_name[f"{kind}/odd"]]
        assert math.isnan(nan)
        assert odd == [math.inf, -math.inf, 0.0, 5e-324]
        assert math.copysign(1, odd[2]) == -1
        assert {p.step for p in by_name[f"{kind}/odd"]} == {-(2**63) + 1}
        assert [(p.step, p.value) for p in by_name[f"{kind}/last"]] == [(2**63 - 1, 1.0)]
        assert all(1795257900 < p.time < 1795258000 for p in points)
    assert follow.reader.dropped() == 0


def test_its_events_are_read(folder):
    events, offset = state.read(folder)
    assert [event["event"] for event in events] == ["started", "script_started", "finalizing", "ended"]
    assert offset == folder.state.stat().st_size
    assert Identity.from_dict(events[0]["identity"]).host == "vm"
    assert events[0]["protocol_version"] == 1
    assert (events[3]["exit_code"], events[3]["signal"], events[3]["reason"]) == (0, None, None)
    assert (state.read_heartbeat(folder) or 0) >= 1


def test_its_job_mailbox_and_log_are_read(folder, monkeypatch):
    monkeypatch.setenv("MLWS_RUN_FOLDER", str(folder.path))
    facts = get_job_context().facts
    assert (facts["run_id"], facts["run_number"], facts["params"]) == ("digits_1790000000_0123abcd", 12, {"lr": "0.1"})
    (request,) = mailbox.pending(folder)
    assert (request.operation, request.problem) == ("runs.update", "")
    assert request.arguments["update"] == {"tags": {"a": "b"}}
    assert folder.std_log.read_text() == "done ⌀\n"
    assert folder.outputs.joinpath("model.txt").read_text() == "a model\n"

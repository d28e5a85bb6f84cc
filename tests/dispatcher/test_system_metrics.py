"""What a run uses, from its processes to whoever asks."""

from __future__ import annotations

import json

from jupyter_mlws.sdk.workspace import Workspace

SCRIPT = """
import time
from jupyter_mlws import Run
Run.get_context().log("loss", 1.0)
time.sleep(1.2)
"""


def test_a_run_has_system_metrics_that_are_nowhere_but_where_they_are_asked_for(bench, monkeypatch):
    monkeypatch.setenv("MLWS_SYSTEM_METRICS_S", "0.2")
    record = bench.ended(bench.submit(SCRIPT))
    run = Workspace(bench.folder).run(record.number)
    assert run.get_metrics() == {"loss": 1.0}
    assert [metric.name for metric in record.metrics] == ["loss"]
    assert [metric.name for metric in bench.api.runs.list().items[0].metrics] == ["loss"]
    measured = run.get_metrics(system=True)
    assert {"system/cpu_percent", "system/memory_bytes", "system/processes"} <= set(measured)
    assert all(name.startswith("system/") for name in measured)
    memory = run.metric("system/memory_bytes")
    assert len(memory.columns["value"]) >= 3
    assert min(memory.columns["value"]) > 1_000_000
    assert run.get_metrics("system/processes") == {"system/processes": measured["system/processes"]}
    found = Workspace(bench.folder).runs(filter="metrics.system/memory_bytes > 1e6")
    assert [each.number for each in found] == [record.number]


def test_a_workspace_can_turn_them_off(bench):
    path = bench.folder / "workspace.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({**facts, "settings": {"system_metrics_s": 0}}))
    record = bench.ended(bench.submit(SCRIPT))
    assert Workspace(bench.folder).run(record.number).get_metrics(system=True) == {}

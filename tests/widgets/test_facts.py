"""What a card outside JupyterLab is told of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone

from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Run, RunError
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.widgets.facts import chart_names, facts_of

_AT = datetime(2026, 1, 1, tzinfo=timezone.utc)


def metric(name: str, last: float = 1.0) -> MetricSummary:
    return MetricSummary(name=name, count=1, last=last, last_step=0, minimum=last, maximum=last, updated_at=_AT)


RUN = Run(
    id="digits_1_0",
    number=12,
    experiment="digits",
    kind="cell",
    status=RunStatus.FAILED,
    status_sequence=1,
    created_at=_AT,
    command=("/home/ada/venv/bin/python", "train.py", "--token=abc"),
    working_directory="/home/ada/project",
    host="machine",
    properties={"mlws.secret": "abc"},
    params={f"p{i}": "1" for i in range(500)},
    metrics=tuple(metric(f"m{i}", float("nan")) for i in range(1000)),
    error=RunError(code="script_failed", message="x" * 100_000, traceback="y" * 100_000),
)


def test_the_two_most_telling_metrics_are_drawn_and_keep_their_place() -> None:
    assert chart_names([metric("lr"), metric("loss")]) == ["loss", "lr"]
    assert chart_names([metric("lr"), metric("loss"), metric("val_acc")], ["lr"]) == ["lr", "val_acc"]
    assert chart_names([metric("val_acc"), metric("loss")], ["loss", "lr"]) == ["loss", "lr"]
    assert chart_names([]) == []


def test_facts_are_bounded_json_without_places_and_commands() -> None:
    told = json.dumps(facts_of(RUN, ["m7"], log="z" * 100_000), allow_nan=False)
    assert len(told) < 20_000
    assert "/home/ada" not in told
    assert "abc" not in told
    assert facts_of(RUN, ["m999"])["metrics"][0]["name"] == "m999"
    assert facts_of(RUN)["metric_count"] == 1000


def test_what_processes_use_is_told_while_they_run() -> None:
    used = [metric(f"system/{name}") for name in ("cpu_percent", "memory_bytes", "memory_percent", "gpu_percent")]
    live = replace(RUN, status=RunStatus.RUNNING)
    names = [item["name"] for item in facts_of(live, usage=used)["usage"]]
    assert names == ["system/cpu_percent", "system/memory_bytes", "system/gpu_percent"]
    assert facts_of(RUN, usage=used)["usage"] == []

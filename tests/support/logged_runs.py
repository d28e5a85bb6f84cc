"""Asking for what runs have logged that log from a process of somebody's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from jupyter_mlws.api.series import decode_series
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["DEADLINE_S", "only_run", "values", "wait"]

# Ten processes that begin at once on a busy machine take their time.
DEADLINE_S = 90.0


def wait(what: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    until = time.monotonic() + deadline_s
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def values(ws: Workspace, run: Run | str, name: str) -> list[float]:
    run_id = run if isinstance(run, str) else run.id
    return list(decode_series(ws.api.metrics.read(run_id, name).read()).columns["value"])


def only_run(ws: Workspace) -> Run | None:
    found = ws.runs(2)
    assert len(found) < 2
    return found[0] if found else None

"""A workspace with a real dispatcher that tests may treat badly."""

from __future__ import annotations

import os
import signal
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.api.series import decode_series
from jupyter_mlws.dispatcher import client
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder import state
from jupyter_mlws.runfolder.processes import identity_of, is_alive, marked
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace

DEADLINE_S = 90.0


class Lab:
    """Submits scripts, looks at what became of them, and kills."""

    def __init__(self, tmp_path: Path, folder: Path | None = None) -> None:
        self.tmp_path = tmp_path
        self.project = tmp_path / "project"
        self.project.mkdir()
        self.folder = folder or tmp_path / "workspace"
        self.ws = Workspace(self.folder)
        self.api = self.ws.api

    def prepare(self, script: str, **changes: Any) -> RunSubmission:
        (self.project / "train.py").write_text(script)
        return ScriptRunConfig(self.project, "train.py", **changes).prepare(self.api, "faults")

    def submit(self, script: str, **changes: Any) -> Run:
        (self.project / "train.py").write_text(script)
        return Experiment(self.ws, "faults").submit(ScriptRunConfig(self.project, "train.py", **changes))

    def wait(self, what: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
        """The first true answer of `what`."""
        until = time.monotonic() + deadline_s
        while time.monotonic() < until:
            found = what()
            if found:
                return found
            time.sleep(0.02)
        pytest.fail(f"Nothing came of it in {deadline_s} s. The dispatcher said:\n{self.log()}")

    def wait_for(self, run: Run, *statuses: RunStatus, deadline_s: float = DEADLINE_S) -> Any:
        return self.wait(lambda: (record := run.refresh()).status in statuses and record, deadline_s)

    def ended(self, run: Run, deadline_s: float = DEADLINE_S) -> Any:
        return self.wait(lambda: (record := run.refresh()).status.is_terminal and record, deadline_s)

    def log(self) -> str:
        path = self.folder / "dispatcher.log"
        return path.read_text() if path.exists() else ""

    def series(self, run_id: str, name: str) -> array[float]:
        return decode_series(self.api.metrics.read(run_id, name).read()).columns["value"]

    def dispatcher(self) -> int:
        return int(self.wait(lambda: client.state(self.folder).pid))

    def kill_dispatcher(self) -> None:
        pid = self.dispatcher()
        identity = identity_of(pid)
        os.kill(pid, signal.SIGKILL)
        self.wait(lambda: not is_alive(identity))

    def events(self, run: Run) -> dict[str, dict[str, Any]]:
        found, _ = state.read(self.folder / "runs" / run.id, 0)
        return {event["event"]: event for event in found}

    def agent(self, run: Run) -> int:
        return int(self.wait(lambda: self.events(run).get("started"))["identity"]["pid"])

    def script(self, run: Run) -> int:
        return int(self.wait(lambda: self.events(run).get("script_started"))["identity"]["pid"])

    def marked(self, run: Run) -> list[int]:
        return marked(run.id)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A fresh workspace whose dispatcher has short times."""
    for name, value in {"HEARTBEAT_S": "0.1", "KILL_GRACE_S": "1", "DRAIN_S": "1", "SETTLE_S": "0.2"}.items():
        monkeypatch.setenv(f"MLWS_{name}", value)
    found = Lab(tmp_path)
    yield found
    room.stop_dispatcher(found.folder)

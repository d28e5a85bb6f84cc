"""A workspace with a real dispatcher, and scripts to run in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace


class Bench:
    """Submits scripts and waits for what becomes of them."""

    def __init__(self, tmp_path: Path) -> None:
        self.project = tmp_path / "project"
        self.project.mkdir()
        self.folder = tmp_path / "workspace"
        self.api = Workspace(self.folder).api

    def prepare(self, script: str, experiment: str = "digits", **changes: Any) -> Any:
        (self.project / "train.py").write_text(script)
        return ScriptRunConfig(self.project, "train.py", **changes).prepare(self.api, experiment)

    def submit(self, script: str, **changes: Any) -> Any:
        return self.api.runs.submit(self.prepare(script, **changes))

    def wait(self, what: Callable[[], Any], deadline_s: float = 90.0) -> Any:
        until = time.monotonic() + deadline_s
        while not (found := what()):
            assert time.monotonic() < until, (self.folder / "dispatcher.log").read_text()
            time.sleep(0.02)
        return found

    def ended(self, run: Any) -> Any:
        return self.wait(lambda: (record := self.api.runs.get(run.id)).status.is_terminal and record)

    def files(self, run: Any, kind: str = "output") -> list[str]:
        return [file.name for file in self.api.files.list(run.id, kind=kind).items]

    def run_folder(self, run: Any) -> Path:
        return self.folder / "runs" / run.id


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A fresh workspace; its dispatcher is stopped at the end."""
    found = Bench(tmp_path)
    yield found
    room.stop_dispatcher(found.folder)

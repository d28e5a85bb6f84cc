"""A workspace with a real dispatcher, and scripts to run in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.sdk import interactive
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """A fresh workspace; its dispatcher is stopped at the end."""
    opened = Workspace(tmp_path / "workspace")
    yield opened
    room.stop_dispatcher(opened.location)


@pytest.fixture
def no_run_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A working directory of the test's own, files that settle soon, and no run left open in this process."""
    monkeypatch.setenv("MLWS_SETTLE_S", "0.2")
    monkeypatch.chdir(tmp_path)
    yield
    for run in interactive._open[:]:
        run._agent.end("Completed")
    interactive._open.clear()


@pytest.fixture
def submit(ws: Workspace, tmp_path: Path) -> Callable[..., object]:
    """Submit the text of a script."""

    def submit_text(
        text: str, *, files: dict[str, str] | None = None, tags: dict[str, str] | None = None, **config: object
    ):
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        (folder / "train.py").write_text(text)
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        return Experiment(ws, "digits").submit(ScriptRunConfig(folder, "train.py", **config), tags=tags)

    return submit_text

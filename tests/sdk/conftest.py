"""A workspace with a real dispatcher, and scripts to run in it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.sdk import interactive
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace

BEGIN = """
import os, sys, time
from jupyter_mlws import Workspace, Experiment
run = Experiment(Workspace(sys.argv[1]), "digits").start_logging(snapshot_directory=None)
"""


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


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, no_run_open: None) -> None:
    """A silence that is noticed soon."""
    monkeypatch.setenv("MLWS_SILENCE_S", "1.5")


@pytest.fixture
def exp(ws: Workspace) -> Experiment:
    return Experiment(ws, "digits")


@pytest.fixture
def script(ws: Workspace, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a script that begins a run; `location` is another way to the workspace."""
    begun: list[subprocess.Popen[str]] = []

    def start(text: str, location: str = "", **variables: str) -> subprocess.Popen[str]:
        file = tmp_path / f"train{len(begun)}.py"
        file.write_text(BEGIN + textwrap.dedent(text))
        process = subprocess.Popen(
            [sys.executable, str(file), location or ws.location],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **variables},
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()

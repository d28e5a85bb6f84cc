"""Runs in containers: a workspace of its own whose environment needs no index of packages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import Experiment, ScriptRunConfig, Workspace
from jupyter_mlws import workspace as room
from jupyter_mlws.sdk.environment import Environment

__all__ = ["Containers", "containers"]


class Containers:
    """A workspace, and submits to ``docker`` in it."""

    def __init__(self, folder: Path, docker: Any) -> None:
        self.engine = docker
        self.folder = folder / "ws"
        self.ws = Workspace(self.folder)
        self.project = folder / "project"
        self.project.mkdir()
        self.experiment = Experiment(self.ws, "boxes")

    def environment(self, name: str = "bare", **words: Any) -> Environment:
        return Environment(name, **words).register(self.ws)

    def submit(self, code: str, **words: Any) -> Any:
        (self.project / "train.py").write_text(code)
        words.setdefault("environment", "bare")
        return self.experiment.submit(ScriptRunConfig(self.project, "train.py", compute_target="docker", **words))

    def end(self, run: Any) -> dict[str, Any]:
        """Wait for the end of a run; what is known of it."""
        run.wait_for_completion(raise_on_error=False)
        return run.get_details()

    def run(self, code: str, **words: Any) -> tuple[Any, dict[str, Any]]:
        run = self.submit(code, **words)
        return run, self.end(run)

    def containers(self) -> list[Any]:
        return self.engine.client.containers.list(
            all=True, ignore_removed=True, filters={"label": f"org.jupyter.mlws.workspace={self.folder}"}
        )

    def container_of(self, run: Any) -> Any:
        """The one container of a run."""
        [found] = [each for each in self.containers() if each.labels["org.jupyter.mlws.run"] == run.id]
        return found

    def wait_until_none_is_left(self) -> None:
        self.wait(lambda: self.containers() == [])

    def wait(self, what: Callable[[], Any], deadline_s: float = 60.0) -> Any:
        until = time.monotonic() + deadline_s
        while not (found := what()):
            assert time.monotonic() < until, (self.folder / "dispatcher.log").read_text()
            time.sleep(0.05)
        return found

    def log_of(self, run: Any) -> str:
        place = self.folder / "runs" / run.id / "logs" / "std.log"
        return place.read_text() if place.exists() else ""


@contextmanager
def containers(folder: Path, docker: Any, base_image: str, patch: pytest.MonkeyPatch) -> Iterator[Containers]:
    """A workspace in a folder that is there; its dispatcher and its containers are gone afterwards."""
    patch.setenv("MLWS_DOCKER_BASE", base_image)
    patch.setenv("MLWS_DOCKER_NETWORK", "none")
    found = Containers(folder, docker)
    found.environment()
    yield found
    room.stop_dispatcher(found.folder)
    for container in found.containers():
        container.remove(force=True)


@pytest.fixture
def boxes(
    tmp_path: Path, docker_engine: Any, base_image: str, docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Containers]:
    with containers(tmp_path, docker_engine, base_image, monkeypatch) as found:
        yield found

"""Real agents on real run folders, and proof that none of their processes is left behind."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.runfolder import control, processes, state
from jupyter_mlws.runfolder.farside import agent_command
from jupyter_mlws.runfolder.paths import RunFolder

DEADLINE_S = 60


def until(condition: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Wait until `condition` holds, and fail with a sentence if it never does."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {deadline_s:g} s")


@pytest.fixture(scope="session")
def far_side_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def one_far_side(own_home: Path, far_side_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Build the far side once for all tests, not once for each test's own home."""
    monkeypatch.setenv("MLWS_CACHE_DIR", str(far_side_cache))


class AgentRun:
    """One run folder and the agents started on it."""

    def __init__(self, path: Path, command: list[str], files: dict[str, str] | None = None, **job: Any) -> None:
        self.folder = RunFolder(path).create()
        self.run_id = f"test_1_{os.urandom(4).hex()}"
        self.agents: list[subprocess.Popen[bytes]] = []
        for name, text in (files or {}).items():
            target = self.folder.code / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        facts: dict[str, Any] = {
            "run_id": self.run_id,
            "run_number": 1,
            "experiment": "test",
            "workspace_id": "w",
            "command": command,
        }
        # The journal is the script's alone, but where a test is about what the agent measures.
        facts["system_metrics_s"] = 0
        self.folder.job.write_text(json.dumps({**facts, **job}))

    def start(
        self, payload: dict[str, Any] | bytes | None = None, *, command: list[str] | None = None, **popen: Any
    ) -> AgentRun:
        """Start an agent and hand over; by default this process's variables."""
        agent = subprocess.Popen(
            command or agent_command(self.folder.path),
            stdin=subprocess.PIPE,
            start_new_session=True,
            **{"stderr": subprocess.DEVNULL, **popen},
        )
        self.agents.append(agent)
        if payload is None:
            payload = {"environment": dict(os.environ), "secrets": {}}
        assert agent.stdin is not None
        agent.stdin.write(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
        agent.stdin.close()
        return self

    def wait(self) -> dict[str, Any]:
        """The facts of the event ``ended``, once the agent is gone."""
        self.agents[-1].wait(DEADLINE_S)
        assert self.events[-1] == "ended", self.folder.agent_log.read_text()
        return self.last

    def run(self, payload: dict[str, Any] | None = None, **popen: Any) -> dict[str, Any]:
        """Start and wait."""
        return self.start(payload, **popen).wait()

    @property
    def events(self) -> list[str]:
        return [event["event"] for event in state.read(self.folder)[0]]

    @property
    def agent_pid(self) -> int:
        """The agent itself; the process that was started is its guard."""
        (started,) = until(lambda: [e for e in state.read(self.folder)[0] if e["event"] == "started"], "the start")
        return int(started["identity"]["pid"])

    @property
    def last(self) -> dict[str, Any]:
        return state.read(self.folder)[0][-1]

    @property
    def log(self) -> bytes:
        return self.folder.std_log.read_bytes() if self.folder.std_log.exists() else b""

    @property
    def living(self) -> list[int]:
        return processes.marked(self.run_id)

    def until_log_has(self, words: bytes) -> None:
        until(lambda: words in self.log, f"{words!r} in the log")

    def cancel(self) -> None:
        control.request_cancel(self.folder)

    def tidy(self) -> None:
        for agent in self.agents:
            agent.kill()
            agent.wait()
        processes.sweep(self.run_id)


@pytest.fixture
def agent_run(tmp_path: Path) -> Iterator[Callable[..., AgentRun]]:
    """Make run folders; whatever a test leaves running is killed."""
    made: list[AgentRun] = []

    def make(command: list[str], files: dict[str, str] | None = None, **job: Any) -> AgentRun:
        made.append(AgentRun(tmp_path / f"run{len(made)}", command, files, **job))
        return made[-1]

    yield make
    for run in made:
        run.tidy()


@pytest.fixture
def python_run(agent_run: Callable[..., AgentRun]) -> Callable[..., AgentRun]:
    """A run of one Python script."""
    return lambda script, *arguments, **job: agent_run(
        [sys.executable, "script.py", *arguments], {"script.py": script}, **job
    )


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., Any]:
    return until


def _bare_python() -> str | None:
    """A Python 3.10 with nothing of ours, the oldest that the far side knows."""
    # The user's real home folder: the tests' own is empty.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path(pwd.getpwuid(os.getuid()).pw_dir, ".pyenv"))
    found = shutil.which("python3.10")
    places = [*([Path(found)] if found else []), *sorted(pyenv.glob("versions/3.10.*/bin/python3.10"))]
    for place in places:
        if subprocess.run([place, "-I", "-c", ""], capture_output=True, check=False).returncode == 0:
            return str(place)
    return None


@pytest.fixture(scope="session")
def bare_python() -> str:
    """Path of a bare Python 3.10."""
    found = _bare_python()
    if found is None:
        pytest.skip("needs a Python 3.10 (python3.10 on PATH, or one of pyenv's)")
    return found


@pytest.fixture(scope="session")
def follower_of() -> Callable[[RunFolder], list[int]]:
    """Steps of all points of a dead run's journal."""
    from jupyter_mlws.runfolder.journal import JournalReader

    def steps(folder: RunFolder) -> list[int]:
        reader, offsets, found = JournalReader(folder), {}, []
        while polled := reader.poll(offsets, final=True):
            for points in polled:
                offsets[points.stream] = points.end
                found.extend(points.step)
        return found

    return steps

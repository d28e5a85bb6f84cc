"""Environments of real runs: built once for many, canceled, failed, and begun again after a death."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bad_indexes import failing, stuck
from wheels import Index

from jupyter_mlws import Environment, Experiment, ScriptRunConfig, Workspace
from jupyter_mlws.dispatcher import client
from jupyter_mlws.environments import building
from jupyter_mlws.errors import RunFailed

MANY = 50
# It builds only once the file is there.
SLOW = """
import time
from pathlib import Path

def build_wheel(folder, settings=None, metadata=None):
    Path({note!r}).write_text("")
    while not Path({gate!r}).exists():
        time.sleep(0.02)
    raise SystemExit("no compiler here")
"""


@pytest.fixture
def submit(ws: Workspace, tmp_path: Path) -> Callable[..., Any]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("import six\nprint(six.__version__)\n")

    def run(*packages: str, name: str = "e") -> Any:
        wish = ScriptRunConfig(folder, "train.py", environment=Environment(name, packages=packages))
        return Experiment(ws, "x").submit(wish)

    return run


def wait(what: Callable[[], Any], deadline_s: float = 60.0) -> Any:
    until = time.monotonic() + deadline_s
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_many_runs_build_their_environment_once(
    own_index: Index, submit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "16")
    runs = [submit("mlws-demo") for _ in range(MANY)]
    for run in runs:
        run.wait_for_completion()
    logs = [run.get_log("environment.log") for run in runs]
    assert sum("Built in" in log for log in logs) == 1
    assert sum("Resolving" in log for log in logs) == 1
    assert {run.get_log().strip() for run in runs} == {"1.17.0"}
    assert len({run.refresh().properties["mlws.lock_digest"] for run in runs}) == 1
    assert len(building.built()) == 1


def test_F32_a_run_is_canceled_while_the_index_is_stuck(
    own_index: Index, submit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with stuck() as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        run = submit("six")
        assert index.event.wait(30)
        wait(lambda: "Resolving" in str(run.refresh().waiting_for))
        run.cancel()
        run.wait_for_completion(raise_on_error=False)
    assert run.status == "Canceled"
    assert building.built() == []


def test_F37_a_run_whose_index_is_away_tries_again_and_says_so(
    own_index: Index, submit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("MLWS_INDEX_RETRIES", "2")
    monkeypatch.setenv("MLWS_INDEX_PAUSE_S", "0.1")
    with failing(503) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        run = submit("six")
        with pytest.raises(RunFailed, match=r"get_log\('environment\.log'\)"):
            run.wait_for_completion()
        assert run.status == "Failed"
        assert index.count >= 3
    assert "cannot be reached" in run.get_details()["error"]["message"]
    log = run.get_log("environment.log")
    assert "Trying again in 0.1 s, 2 more times." in log
    assert "Trying again in 0.2 s, 1 more times." in log
    assert run.get_log() == ""


def test_F37_a_run_whose_packages_cannot_be_installed_fails_with_the_last_words(
    own_index: Index, submit: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "gate").write_text("")
    own_index.add_source("broken", "1.0", SLOW.format(note=str(tmp_path / "note"), gate=str(tmp_path / "gate")))
    run = submit("six", "broken")
    run.wait_for_completion(raise_on_error=False)
    assert run.status == "Failed"
    assert "no compiler here" in run.get_details()["error"]["message"]
    assert "no compiler here" in run.get_log("environment.log")
    assert building.built() == []


def test_a_builder_whose_dispatcher_is_killed_is_waited_for_and_begun_again(
    ws: Workspace, own_index: Index, submit: Callable[..., Any], tmp_path: Path
) -> None:
    note, gate = tmp_path / "note", tmp_path / "gate"
    own_index.add_source("slow", "1.0", SLOW.format(note=str(note), gate=str(gate)))
    run = submit("slow")
    wait(note.exists)
    pid = client.state(Path(ws.location)).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    note.unlink()
    other = submit("slow")  # the next dispatcher takes up both
    wait(lambda: "Waiting for another run" in "".join(str(each.refresh().waiting_for) for each in (run, other)))
    assert not note.exists()
    gate.write_text("")
    for each in (run, other):
        each.wait_for_completion(raise_on_error=False)
        assert "no compiler here" in each.get_details()["error"]["message"]
    assert note.exists()

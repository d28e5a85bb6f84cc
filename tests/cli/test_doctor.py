"""`mlws doctor` finds each cause, says it in one sentence with the way out, and changes nothing of what it looks at."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import time
from dataclasses import fields
from pathlib import Path

import pytest
from damage import CAUSES, replace_by_file
from typer.testing import CliRunner

import jupyter_mlws
from jupyter_mlws import workspace as room
from jupyter_mlws.cli.app import app
from jupyter_mlws.cli.doctor import building, dispatcher, installation
from jupyter_mlws.dispatcher.settings import Settings
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import places
from jupyter_mlws.workspace.waking import Wake

from .conftest import findings


def state_of(folder: Path) -> dict[str, str]:
    """Every file below a folder by its content; the dispatcher's own log and lock aside."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
        facts = path.lstat()
        if path.name.startswith("dispatcher") or path.is_dir() or not os.access(path, os.R_OK):
            found[str(path)] = f"{facts.st_mode:o}"
        else:
            found[str(path)] = f"{facts.st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return {path: facts for path, facts in found.items() if "dispatcher" not in Path(path).name}


@pytest.mark.parametrize(("bring_about", "subject", "level", "said", "hint"), [c[1:] for c in CAUSES],
                         ids=[c[0] for c in CAUSES])  # fmt: skip
def test_each_cause_is_found_named_and_left_as_it_is(folder, bring_about, subject, level, said, hint):
    bring_about(folder)
    before = state_of(folder)
    code, found = findings()
    mine = [finding for finding in found if finding["subject"] == subject and finding["level"] == level]
    assert any(said in finding["message"] and hint in finding["hint"] for finding in mine), found
    assert code == (1 if any(finding["level"] == "error" for finding in found) else 0)
    if not any("was started" in finding["message"] for finding in found):  # else the queue has moved on
        assert state_of(folder) == before


@pytest.mark.parametrize("cause", ["header flipped", "page flipped", "zero bytes", "no database", "newer database",
                                   "damaged workspace.json", "newer workspace.json", "no workspace.json",
                                   "a file as folder"])  # fmt: skip
def test_the_same_causes_are_one_sentence_with_a_way_out_where_somebody_opens_the_workspace(folder, cause):
    next(c for c in CAUSES if c[0] == cause)[1](folder)
    submission = RunSubmission(experiment="e", command=("x",))
    for act in (lambda w: w.api.runs.list(), lambda w, it=submission: w.api.runs.submit(it)):
        with pytest.raises(MlwsError) as raised, room.connect(folder) as opened:
            act(opened)
        assert raised.value.hint
        assert "\n" not in raised.value.message
        assert raised.value.code != "internal_error"
    done = CliRunner().invoke(app, ["runs"])
    assert done.exit_code == 1
    assert "\nmlws: " in f"\n{done.output}"
    assert "Traceback" not in done.output


def test_a_healthy_workspace_is_told_aloud_and_its_queue_is_taken_up(folder):
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert "is sound and has 1 runs" in done.output
    assert "takes up the runs that wait" in done.output
    with room.connect(folder) as opened:
        until = time.monotonic() + 20
        while not opened.api.runs.get("1").status.is_terminal:
            assert time.monotonic() < until
            time.sleep(0.05)
    code, found = findings()
    assert code == 0
    assert any(f["subject"] == "Dispatcher" and "answers" in f["message"] for f in found)


def test_a_dispatcher_that_was_started_to_look_stays_where_runs_wait_and_goes_where_none_do(
    workspace_folder, monkeypatch
):
    monkeypatch.setattr(Wake, "__call__", lambda self: None)
    try:
        where = ("doctor", "--workspace", str(workspace_folder))
        assert "rests; it was started for a moment" in CliRunner().invoke(app, where).output
        with room.connect(workspace_folder) as opened:
            run = opened.api.runs.submit(RunSubmission(experiment="e", command=("/bin/sleep", "300")))
            assert "takes up the runs that wait" in CliRunner().invoke(app, where).output
            assert opened.api.workspace.info().dispatcher.alive
            opened.api.runs.cancel(run.id)
    finally:
        room.stop_dispatcher(workspace_folder)


def test_nothing_is_made_where_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("MLWS_WORKSPACE", str(tmp_path / "none"))
    code, found = findings()
    assert code == 0
    assert any("is made when it is first used" in finding["message"] for finding in found)
    assert not (tmp_path / "none").exists()
    assert not places.data_dir().exists()


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (lambda f, set_: set_("MLWS_DATA_DIR", "/dev/null/data"), "workspaces.json cannot be written"),
        (lambda f, set_: set_("MLWS_RUNTIME_DIR", "/dev/null"), "/dev/null cannot be made"),
        (lambda f, set_: set_("MLWS_RUNTIME_DIR", "/tmp/" + "x" * 120), "too long"),
        (lambda f, set_: replace_by_file(f / "blobs"), "Nothing can be stored in"),
        (lambda f, set_: set_("MLWS_WORKSPACE", "/dev/null/ws"), "No workspace can be made in"),
    ],
    ids=["data folder", "runtime folder", "long runtime folder", "blobs", "workspace"],
)  # fmt: skip
def test_a_submit_from_the_command_line_meets_them_as_one_sentence(folder, monkeypatch, cause, said):
    (folder.parent / "train.py").write_text(f"print({time.time()})")
    with monkeypatch.context() as patch:
        cause(folder, patch.setenv)
        if "long" in said:
            with pytest.raises(MlwsError, match=said):
                places.socket_path(folder)
            return
        done = CliRunner().invoke(app, ["submit", "train.py"])
    assert done.exit_code == 1, done.output
    assert "mlws: " in done.output
    assert said in done.output
    assert "Traceback" not in done.output


def test_a_paused_target_is_told_with_those_that_wait(folder):
    with room.connect(folder) as opened:
        opened.api.compute.pause("local")
        opened.api.workspace.wake()
        until = time.monotonic() + 20
        while not opened.api.runs.get("1").waiting_for:
            assert time.monotonic() < until
            time.sleep(0.05)
    code, found = findings()
    (told,) = [f for f in found if f["subject"] == "Runs"]
    assert (code, told["message"]) == (0, "local is paused, and 1 run waits for it.")
    assert told["hint"] == "Let it go on: mlws compute resume local"


def test_what_environments_are_built_with_is_looked_at(folder, monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://ada:s3cret@127.0.0.1:{port}/simple")
        monkeypatch.setenv("UV_INDEX", f"mine=http://127.0.0.2:{port}/simple")
        monkeypatch.setenv("MLWS_CACHE_DIR", "/dev/null/cache")
        code, found = findings()
    said = {(f["subject"], f["level"]): f["message"] for f in found}
    assert code == 0
    assert said["Index", "ok"] == "http://127.0.0.1 answers."
    assert "http://127.0.0.2 does not answer" in said["Index", "warning"]
    assert "cannot be written" in said["Environments", "warning"]
    assert "s3cret" not in json.dumps(found)
    assert said["uv", "ok"].startswith("version ")
    monkeypatch.setattr(building.uv, "find", lambda: str(tmp_path / "gone"))
    assert any(f["subject"] == "uv" and f["level"] == "warning" for f in findings()[1])


def test_an_engine_that_was_never_installed_is_nothing_wrong_and_one_that_rests_is(monkeypatch):
    docker = Compute(name="docker", kind="docker", slots=2, note="The Docker engine does not answer.", ready=False)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert [f.level for f in dispatcher.compute([docker])] == ["ok"]
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/docker")
    (told,) = dispatcher.compute([docker])
    assert (told.level, told.message) == ("warning", "docker cannot be used: The Docker engine does not answer.")


def test_every_setting_that_the_package_reads_is_known_to_it():
    package = Path(jupyter_mlws.__file__).parent
    read = {name for path in package.rglob("*.py") for name in re.findall(r'"(MLWS_[A-Z_]*[A-Z])"', path.read_text())}
    settings = {f"MLWS_{field.name.upper()}" for field in fields(Settings)}
    known = installation._PLACES | installation._OTHERS | settings
    assert len(read) > 20
    assert {name for name in read - known if not name.startswith(installation._OURS)} == set()

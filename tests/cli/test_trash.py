"""``mlws run delete``, ``mlws experiments`` and ``mlws gc``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.cli.app import app
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.sdk.workspace import Workspace
from jupyter_mlws.store.tables import runs


@pytest.fixture
def ws(workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with two runs that have ended."""
    monkeypatch.setenv("MLWS_WORKSPACE", str(workspace_folder))
    monkeypatch.setenv("MLWS_GARBAGE_GRACE_S", "0")
    found = Workspace()
    services = found.api._api
    monkeypatch.setattr(type(services.runs._context.wake), "__call__", lambda self: None)
    for name in (b"first", b"second"):
        run = found.api.runs.submit(RunSubmission(experiment="digits", command=("p",)))
        with services.store.write() as c:
            c.execute(update(runs).values(status="Completed"))
        found.api.files.upload(run.id, "a.bin", Upload(name * 1000))
    return found


def mlws(*words: object, fails: bool = False) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert (result.exit_code != 0) == fails, result.output
    return result.output


pytestmark = pytest.mark.only_sqlite


def test_a_run_goes_into_the_trash_and_comes_back(ws):
    told = mlws("run", "delete", 1)
    assert "Run #1 is in the trash until" in told
    assert "4.9 KiB will be free when it is purged." in told
    assert "Bring it back: mlws run restore 1" in told
    assert [run["number"] for run in json.loads(mlws("runs", "--json"))] == [2]
    assert "#1 digits" in mlws("runs", "--deleted")
    assert json.loads(mlws("runs", "--deleted", "--json"))[0]["number"] == 1
    assert "Restore it: mlws run restore 1." in mlws("run", "show", 1, fails=True)
    assert mlws("run", "restore", 1) == "Run #1 is back.\n"
    assert mlws("runs", "--deleted") == "The trash is empty.\n"


def test_an_experiment_is_archived_tagged_deleted_and_restored(ws):
    assert "team=a" in mlws("experiments", "tag", "digits", "team=a", "old")
    assert "digits" in mlws("experiments", "list", "--tag", "team")
    assert "No experiment" in mlws("experiments", "list", "--tag", "team=b")
    mlws("experiments", "archive", "digits")
    assert mlws("experiments", "list") == "No experiments yet.\n"
    assert "digits (archived)" in mlws("experiments", "list", "--archived")
    assert "There is no experiment 'digit'" in mlws("experiments", "archive", "digit", fails=True)
    mlws("experiments", "reactivate", "digits")
    assert "with 2 runs is in the trash" in mlws("experiments", "delete", "digits")
    assert "No runs" in mlws("runs")
    mlws("experiments", "restore", "digits", "--as", "numbers")
    (found,) = json.loads(mlws("experiments", "list", "--json"))
    assert (found["name"], found["run_count"], found["tags"]) == ("numbers", 2, {"old": "", "team": "a"})


def test_garbage_is_foreseen_and_collected(ws):
    mlws("run", "delete", 2)
    assert "1 run stays in the trash" in mlws("gc")
    foreseen = mlws("gc", "--dry-run", "--now")
    assert "Would go" in foreseen
    assert "5.9 KiB would be free on the disk." in foreseen
    report = json.loads(mlws("gc", "--now", "--json"))
    assert (report["runs"], report["blob_count"], report["freed_bytes"]) == (1, 1, 6000)
    assert "There is no run 2" in mlws("run", "restore", 2, fails=True)
    assert ws.run(1).get_file_names() == ["a.bin"]


def test_the_days_of_the_trash_are_a_setting(ws, monkeypatch):
    mlws("run", "delete", 2)
    monkeypatch.setenv("MLWS_TRASH_DAYS", "0")
    assert json.loads(mlws("gc", "--json"))["runs"] == 1
    monkeypatch.setenv("MLWS_TRASH_DAYS", "soon")
    assert "MLWS_TRASH_DAYS cannot be 'soon'" in mlws("gc", fails=True)

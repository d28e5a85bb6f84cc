"""The working directory of a script, and the dispatcher's notes beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlws.dispatcher.preparing import _make_working_directory, read_job, read_plan
from jupyter_mlws.errors import CorruptData, InvalidPath
from jupyter_mlws.runfolder.paths import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run").create()


def test_outputs_and_logs_of_the_working_directory_lead_to_those_of_the_run(folder):
    _make_working_directory(folder, "deep/work")
    (folder.code / "deep" / "work" / "outputs" / "a.txt").write_text("x")
    (folder.code / "deep" / "work" / "logs" / "b.txt").write_text("y")
    assert os.listdir(folder.outputs) == ["a.txt"]
    assert os.listdir(folder.logs) == ["b.txt"]


def test_what_a_snapshot_has_in_outputs_is_where_the_script_expects_it(folder):
    (folder.code / "outputs" / "sub").mkdir(parents=True)
    (folder.code / "outputs" / "sub" / "before.txt").write_text("old")
    _make_working_directory(folder, "")
    assert (folder.code / "outputs" / "sub" / "before.txt").read_text() == "old"
    assert (folder.outputs / "sub" / "before.txt").exists()


def test_a_file_of_that_name_stays_the_projects(folder):
    (folder.code / "logs").write_text("a text about logs")
    _make_working_directory(folder, "")
    assert (folder.code / "logs").read_text() == "a text about logs"


@pytest.mark.parametrize("relative", ["../x", "a/../../x", "/etc"])
def test_a_working_directory_outside_the_snapshot_is_refused(folder, relative):
    with pytest.raises(InvalidPath):
        _make_working_directory(folder, relative)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"baseline": 3, "warnings": []}'])
def test_damaged_notes_are_said_to_be_damaged(folder, text):
    (folder.path / "plan.json").write_text(text)
    with pytest.raises(CorruptData):
        read_plan(folder)
    with pytest.raises(CorruptData):
        read_job(folder)

"""What is kept of the folder of outputs of a process that logs its own run."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from jupyter_mlws.runfolder import own_secrets
from jupyter_mlws.sdk.watched_outputs import WatchedOutputs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder


def kept(target: Path) -> dict[str, str]:
    return {str(path.relative_to(target)): path.read_text() for path in target.rglob("*") if path.is_file()}


def test_what_is_new_or_has_changed_is_kept_and_links_and_what_was_there_are_not(folder: Path, tmp_path: Path) -> None:
    (folder / "old").write_text("as before")
    (folder / "changed").write_text("as before")
    watched = WatchedOutputs(folder)
    (folder / "changed").write_text("changed meanwhile")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "new").write_text("new")
    (folder / "link").symlink_to(folder / "old")
    watched.keep(tmp_path / "kept")
    assert kept(tmp_path / "kept") == {"changed": "changed meanwhile", "deep/er/new": "new"}


def test_a_file_that_cannot_be_kept_keeps_no_other_from_it(folder: Path, tmp_path: Path) -> None:
    watched = WatchedOutputs(folder)
    for name in "abcd":
        (folder / name).write_text(name)
    for name in "ac":
        (tmp_path / "kept" / name).mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        watched.keep(tmp_path / "kept")
    assert kept(tmp_path / "kept") == {"b": "b", "d": "d"}


def test_a_secret_in_a_name_is_masked(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_secrets, "_added", {"hunter2-hunter2"})
    monkeypatch.setattr(own_secrets, "_known_for", None)  # what another test knew is not known here
    watched = WatchedOutputs(folder)
    (folder / "of-hunter2-hunter2").mkdir()
    (folder / "of-hunter2-hunter2" / "model.bin").write_text("weights")
    watched.keep(tmp_path / "kept")
    assert kept(tmp_path / "kept") == {"of-***/model.bin": "weights"}


def test_files_that_come_and_go_are_nobodys_trouble(folder: Path, tmp_path: Path) -> None:
    watched = WatchedOutputs(folder)
    (folder / "stays").write_text("whole")
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            for i in range(20):
                (folder / f"part-{i}").write_text("x")
            for i in range(20):
                os.unlink(folder / f"part-{i}")

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for i in range(30):
            WatchedOutputs(folder)
            watched.keep(tmp_path / "kept" / str(i))
    finally:
        over.set()
        thread.join()
    assert kept(tmp_path / "kept" / "0")["stays"] == "whole"


def test_a_workspace_among_the_outputs_is_not_touched(folder: Path, tmp_path: Path) -> None:
    workspace = folder / ".mlws" / "workspace"
    workspace.mkdir(parents=True)
    (workspace / "workspace.json").write_text("{}")
    (workspace / "mlws.sqlite").write_text("")
    watched = WatchedOutputs(folder)
    (workspace / "mlws.sqlite").write_text("other bytes")
    (folder / "new").write_text("n")
    watched.keep(tmp_path / "kept")
    assert kept(tmp_path / "kept") == {"new": "n"}

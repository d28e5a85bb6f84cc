"""Small files get their names whole, or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from jupyter_mlws import Workspace
from jupyter_mlws.runfolder import files


def _no_links(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.fixture(params=["by a link", "in one step", "in two steps"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a file gets a name that nobody has: the file system decides that."""
    if request.param != "by a link":
        monkeypatch.setattr(os, "link", _no_links)
    if request.param == "in two steps":
        monkeypatch.setattr(files, "_renamed", lambda *_: False)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_a_file_gets_a_name_that_nobody_has(tmp_path: Path) -> None:
    draft, place = tmp_path / "draft", tmp_path / "place"
    draft.write_text("new")
    files.put_new(draft, place)
    assert place.read_text() == "new"
    (tmp_path / "dangling").symlink_to("nowhere")
    for taken in ("place", "dangling"):
        draft.unlink(missing_ok=True)  # which may still be the file that got the name
        draft.write_text("newer")
        with pytest.raises(FileExistsError):
            files.put_new(draft, tmp_path / taken)
    assert place.read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["dangling", "draft", "place"]


@pytest.mark.usefixtures("way")
def test_of_many_who_want_a_name_one_gets_it(tmp_path: Path) -> None:
    gotten = []

    def put(text: str) -> None:
        draft = tmp_path / f"draft {text}"
        draft.write_text(text)
        try:
            files.put_new(draft, tmp_path / "place")
        except FileExistsError:
            return
        gotten.append(text)

    threads = [threading.Thread(target=put, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / "place").read_text()] == gotten


@pytest.mark.usefixtures("way")
def test_a_file_that_cannot_be_named_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.put_new(tmp_path / "none", tmp_path / "place")
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("way")
def test_a_workspace_can_be_made_where_there_are_no_links(tmp_path: Path) -> None:
    Workspace(tmp_path / "workspace")
    assert not list((tmp_path / "workspace").glob(".workspace.json.*"))
    assert Workspace(tmp_path / "workspace").id

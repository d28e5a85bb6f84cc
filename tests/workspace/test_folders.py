"""Making, opening, moving and copying workspace folders."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest

from jupyter_mlws import workspace
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.errors import NotFound, WorkspaceError
from jupyter_mlws.workspace import registry
from jupyter_mlws.workspace.connection import open_registered
from jupyter_mlws.workspace.waking import Wake


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starts a dispatcher."""
    monkeypatch.setattr(Wake, "__call__", lambda self: None)


def test_a_workspace_is_made_where_it_is_opened_for_its_user_alone(tmp_path):
    with workspace.connect(tmp_path / "new") as opened:
        info = opened.api.workspace.info()
    assert (info.name, info.run_count, info.id) == ("new", 0, opened.id)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    facts = json.loads((tmp_path / "new" / "workspace.json").read_text())
    assert (facts["format_version"], facts["id"]) == (1, opened.id)


def test_the_default_workspace_is_made_at_first_use():
    with workspace.connect() as opened:
        assert opened.api.runs.list().items == ()


def test_init_writes_a_configuration_that_leads_to_the_workspace_inside_the_project(tmp_path):
    place = workspace.create(tmp_path, "digits")
    assert json.loads((tmp_path / ".mlws" / "config.json").read_text()) == {"workspace": ".mlws/workspace"}
    assert sorted(os.listdir(tmp_path / ".mlws")) == [".gitignore", "config.json", "workspace"]
    with workspace.connect(document=tmp_path / "a.ipynb") as opened:
        assert opened.location == str(place)
        assert opened.api.workspace.info().name == "digits"
    assert workspace.create(tmp_path) == place


def test_the_project_can_be_moved_and_finds_its_workspace(tmp_path):
    (tmp_path / "before").mkdir()
    workspace.create(tmp_path / "before")
    with workspace.connect(document=tmp_path / "before") as opened:
        identity = opened.id
    (tmp_path / "before").rename(tmp_path / "after")
    with workspace.connect(document=tmp_path / "after") as opened:
        assert opened.id == identity
        assert opened.location == str(tmp_path / "after" / ".mlws" / "workspace")


def test_moving_the_folder_loses_nothing_and_the_registry_follows(tmp_path, asleep):
    with workspace.connect(tmp_path / "before") as opened:
        run = opened.api.runs.submit(RunSubmission(experiment="digits", command=("true",), tags={"a": "b"}))
        identity = opened.id
    (tmp_path / "before").rename(tmp_path / "after")
    with pytest.raises(WorkspaceError, match="moved"):
        open_registered(identity)
    with workspace.connect(tmp_path / "after") as opened:
        assert opened.id == identity
        assert opened.api.runs.get(run.id) == run
    assert registry.location_of(identity) == str(tmp_path / "after")
    with open_registered(identity) as opened:
        assert opened.api.runs.get("1").id == run.id


def test_a_copy_becomes_a_workspace_of_its_own(tmp_path, asleep):
    with workspace.connect(tmp_path / "one") as opened:
        opened.api.runs.submit(RunSubmission(experiment="digits", command=("true",)))
        identity = opened.id
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    with workspace.connect(tmp_path / "two") as copy:
        assert copy.id != identity
        assert copy.api.workspace.info().run_count == 1
    assert registry.location_of(identity) == str(tmp_path / "one")
    assert registry.location_of(copy.id) == str(tmp_path / "two")


def test_the_same_folder_by_another_path_is_no_copy(tmp_path):
    with workspace.connect(tmp_path / "one") as opened:
        identity = opened.id
    (tmp_path / "link").symlink_to(tmp_path / "one")
    with workspace.connect(tmp_path / "link") as again:
        assert again.id == identity


def test_an_id_that_nobody_opened_is_not_found_and_never_a_path(tmp_path):
    workspace.connect(tmp_path / "one").close()
    for name in ("nobody", str(tmp_path / "one"), "../one"):
        with pytest.raises(NotFound):
            open_registered(name)


def test_many_who_open_at_once_get_one_workspace(tmp_path):
    found = []

    def open_it() -> None:
        with workspace.connect(tmp_path / "shared") as opened:
            found.append((opened.id, opened.api.workspace.info().run_count))

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_registering_at_once_forgets_nobody():
    threads = [threading.Thread(target=registry.register, args=(f"id{i}", f"/place/{i}")) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.all_locations() == {f"id{i}": f"/place/{i}" for i in range(8)}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format_version": 1}', '{"format_version": 1, "id": "../x", "name": "x"}']
)
def test_a_damaged_workspace_file_is_answered_with_the_way_out(tmp_path, text):
    workspace.connect(tmp_path / "one").close()
    (tmp_path / "one" / "workspace.json").write_text(text)
    with pytest.raises(WorkspaceError, match=r"workspace\.json is damaged.*backup"):
        workspace.connect(tmp_path / "one")


def test_a_newer_workspace_is_not_touched(tmp_path):
    workspace.connect(tmp_path / "one").close()
    path = tmp_path / "one" / "workspace.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(WorkspaceError, match="newer version.*pip install -U"):
        workspace.connect(tmp_path / "one")


def test_a_folder_with_other_things_in_it_is_not_taken_over(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(WorkspaceError, match="mlws init"):
        workspace.connect(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_file_is_no_workspace(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="MLWS_WORKSPACE"):
        workspace.connect(tmp_path / "file")


def test_init_needs_a_folder(tmp_path):
    with pytest.raises(WorkspaceError, match="no folder"):
        workspace.create(tmp_path / "missing")


def test_a_workspace_of_another_user_is_refused(tmp_path, monkeypatch):
    workspace.connect(tmp_path / "one").close()
    monkeypatch.setattr(os, "getuid", lambda: os.stat(tmp_path).st_uid + 1)
    with pytest.raises(WorkspaceError, match="another user"):
        from jupyter_mlws.workspace.folder import prepare

        prepare(tmp_path / "one")


@pytest.mark.usefixtures("held_by_modes")
def test_F42_a_read_only_folder_is_answered_in_one_sentence(tmp_path):
    workspace.connect(tmp_path / "one").close()
    (tmp_path / "one").chmod(0o500)
    with pytest.raises(WorkspaceError, match="cannot be written"):
        workspace.connect(tmp_path / "one")
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(WorkspaceError, match="MLWS_WORKSPACE"):
        workspace.connect(tmp_path / "locked" / "new")


def test_a_folder_that_others_may_enter_is_closed_to_them(tmp_path):
    workspace.connect(tmp_path / "one").close()
    (tmp_path / "one").chmod(0o755)
    workspace.connect(tmp_path / "one").close()
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700


def test_a_damaged_registry_is_answered_by_name(tmp_path):
    registry.path().parent.mkdir(parents=True)
    registry.path().write_text("{")
    with pytest.raises(WorkspaceError, match=r"workspaces\.json"):
        workspace.connect(tmp_path / "one")


def test_opening_starts_nothing(tmp_path):
    with workspace.connect(tmp_path / "one") as opened:
        assert not opened.api.workspace.info().dispatcher.alive
    assert not Path(tmp_path, "one", "dispatcher.log").exists()

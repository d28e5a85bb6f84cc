"""A workspace whose folder somebody removes, replaces or moves while this process has it open."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from backups import back_up, restore

from jupyter_mlws.errors import Unavailable, WorkspaceError
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.workspace import Workspace

pytestmark = pytest.mark.usefixtures("no_run_open")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "w"


def elsewhere(code: str, place: Path) -> str:
    """What another process prints."""
    program = f"import sys\nfrom jupyter_mlws.sdk.workspace import Workspace\nws = Workspace(sys.argv[1])\n{code}"
    return subprocess.run([sys.executable, "-c", program, place], capture_output=True, text=True, check=True).stdout


def create(ws: Workspace, experiment: str) -> None:
    """Write something that needs no dispatcher."""
    Experiment(ws, experiment).tag("kept", "yes")


def test_what_is_written_after_the_folder_was_made_anew_is_in_the_new_database(place: Path) -> None:
    old = Workspace(place)
    create(old, "before")
    shutil.rmtree(place)
    new_id = elsewhere("print(ws.id)", place).strip()
    assert new_id != old.id
    here = Workspace(place)
    assert here.id == new_id
    create(here, "after")
    assert elsewhere("print(list(ws.experiments))", place) == "['after']\n"


def test_what_was_opened_before_says_that_its_database_is_gone_and_what_to_do(place: Path) -> None:
    old = Workspace(place)
    create(old, "before")
    shutil.rmtree(place)
    elsewhere("", place)
    for use in (lambda: create(old, "lost"), lambda: old.experiments):
        with pytest.raises(Unavailable, match="moved, removed or replaced") as refused:
            use()
        assert str(place) in refused.value.message
        assert "Workspace(...)" in refused.value.hint
    assert elsewhere("print(ws.experiments)", place) == "{}\n"


def test_a_folder_that_is_away_is_not_made_anew_and_when_it_is_back_all_goes_on(place: Path, tmp_path: Path) -> None:
    ws = Workspace(place)
    create(ws, "before")
    place.rename(tmp_path / "away")
    with pytest.raises(Unavailable, match="moved, removed or replaced"):
        create(ws, "between")
    with pytest.raises(WorkspaceError, match="is gone") as refused:
        Workspace(place)
    assert "kernel" in refused.value.hint
    assert not place.exists()
    (tmp_path / "away").rename(place)
    create(ws, "after")
    assert Workspace(place).id == ws.id
    assert elsewhere("print(sorted(ws.experiments))", place) == "['after', 'before']\n"


def test_a_database_that_was_restored_from_a_backup_is_opened(place: Path, tmp_path: Path) -> None:
    ws = Workspace(place)
    create(ws, "kept")
    back_up(place, tmp_path / "backup.sqlite")
    create(ws, "since")
    restore(tmp_path / "backup.sqlite", place)
    again = Workspace(place)
    assert again.id == ws.id
    assert list(again.experiments) == ["kept"]
    create(again, "new")
    assert elsewhere("print(sorted(ws.experiments))", place) == "['kept', 'new']\n"

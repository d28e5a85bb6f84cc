"""Linked data appears where the script expects it, and covers nothing of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlws.dispatcher.links import place_links
from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.runfolder.paths import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "one").create()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("1,2")
    return tmp_path / "data"


def link(path: str, target: Path) -> LinkedPath:
    return LinkedPath(path=path, target=str(target), reason="asked")


def test_ignored_data_is_seen_at_its_place_and_data_beside_the_project_too(folder, data):
    assert place_links(folder, [link("data", data), link("deep/er/x.csv", data / "x.csv"), link("../data", data)]) == []
    assert (folder.code / "data" / "x.csv").read_text() == "1,2"
    assert (folder.code / "deep" / "er" / "x.csv").read_text() == "1,2"
    assert (folder.code / ".." / "data" / "x.csv").read_text() == "1,2"


def test_what_a_job_writes_never_goes_through_to_the_users_own_file(folder, data):
    assert place_links(folder, [link("x.csv", data / "x.csv")]) == []
    (folder.code / "x.csv").write_text("written by the job")
    assert (data / "x.csv").read_text() == "1,2"


def test_a_large_file_is_linked_and_not_copied(folder, data):
    with open(data / "large.bin", "wb") as file:
        file.truncate(51 * 2**20)
    assert place_links(folder, [link("large.bin", data / "large.bin")]) == []
    assert (folder.code / "large.bin").is_symlink()


def test_absolute_paths_need_no_link(folder, data):
    assert place_links(folder, [link(str(data / "x.csv"), data / "x.csv")]) == []
    assert not any(folder.code.iterdir())


@pytest.mark.parametrize(
    "path",
    ["../../x", "..", ".", "../outputs/x", "../job.json", "../agent.lock", "../journal", "../inputs", "a/../../.."],
)
def test_a_link_that_would_leave_the_run_or_cover_its_own_files_is_refused_by_name(folder, data, path):
    (warning,) = place_links(folder, [link(path, data)])
    assert warning.startswith(f"{path} was not linked")
    assert "full path" in warning


def test_a_file_of_the_snapshot_is_never_covered(folder, data):
    (folder.code / "data").write_text("the snapshot's")
    (warning,) = place_links(folder, [link("data", data)])
    assert "has its place" in warning
    assert (folder.code / "data").read_text() == "the snapshot's"


def test_nothing_is_made_through_a_link_of_the_snapshot(folder, data, tmp_path):
    (tmp_path / "outside").mkdir()
    (folder.code / "sub").symlink_to(tmp_path / "outside")
    (warning,) = place_links(folder, [link("sub/x", data)])
    assert "stands in its way" in warning
    assert not any((tmp_path / "outside").iterdir())


def test_data_that_has_gone_is_said_to_have_gone(folder, tmp_path):
    (warning,) = place_links(folder, [link("x", tmp_path / "gone")])
    assert "not there any more" in warning

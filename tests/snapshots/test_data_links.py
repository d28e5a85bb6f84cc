"""Data is linked in its place instead of copied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlws.domain.snapshot import SnapshotReport
from jupyter_mlws.errors import SnapshotError

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]
Names = Callable[[SnapshotReport], list[str]]


def links_of(report: SnapshotReport) -> dict[str, str]:
    return {link.path: link.reason for link in report.links}


def test_ignored_data_is_linked_in_its_place_and_ignored_rubbish_is_not(
    project: Path, write: Write, take: Take
) -> None:
    write(project, {".gitignore": "data/\nbuild/\n.cache2/\nvenv/\n*.csv\n*.log\nmodel.pkl\n"})
    write(
        project,
        {"data/x.npy": "1", "build/x": "", ".cache2/x": "", "venv/pyvenv.cfg": "", "sub/t.csv": "12", "a.log": ""},
    )
    write(project, {"model.pkl": "m"})
    report = take(project)
    assert links_of(report) == {"data": "ignored", "sub/t.csv": "ignored"}
    folder, file = report.links
    assert (folder.is_directory, folder.target, folder.size_bytes) == (True, str(project / "data"), None)
    assert (file.is_directory, file.size_bytes) == (False, 2)
    assert file.modified_at is not None
    assert links_of(take(project, files=("model.pkl", "build/x", "data/x.npy"))).keys() == {
        "data",
        "sub/t.csv",
        "model.pkl",
        "build/x",
    }


def test_large_files_are_linked_and_do_not_count_as_size(project: Path, take: Take, names: Names) -> None:
    with open(project / "huge.bin", "wb") as file:
        file.truncate(10_000_000_000)
    report = take(project)
    assert (report.scope, names(report), links_of(report)) == ("project", ["pyproject.toml"], {"huge.bin": "large"})
    assert report.links[0].size_bytes == 10_000_000_000


def test_paths_outside_that_the_cell_names_are_linked_where_the_cell_looks_for_them(
    tmp_path: Path, project: Path, write: Write, take: Take
) -> None:
    write(tmp_path, {"data/x.csv": "1", "other/y.csv": "2", "project/nb/": ""})
    named = (
        "../../data/x.csv",
        str(tmp_path / "other/y.csv"),
        "/",
        "..",
        "../..",
        "/etc/hostname",
        "/tmp",
        "~",
        "a" * 5000,
    )
    report = take(project / "nb", files=named)
    assert links_of(report) == {"../data/x.csv": "outside", str(tmp_path / "other/y.csv"): "outside"}


def test_a_pattern_stands_for_its_folder(tmp_path: Path, write: Write, take: Take) -> None:
    folder = write(tmp_path / "loose", {"data/a/1.csv": "", "data/b/1.csv": ""})
    assert links_of(take(folder, files=("data/*/1.csv", "*.csv", "?"))) == {"data": "asked"}


def test_data_asked_for_is_linked_instead_of_copied(project: Path, write: Write, take: Take, names: Names) -> None:
    write(project, {"images/1.png": "", "images/2.png": "", "a.py": ""})
    report = take(project, data=("images",))
    assert (names(report), links_of(report)) == (["a.py", "pyproject.toml"], {"images": "asked"})
    for wrong in ("gone", ".", ".."):
        with pytest.raises(SnapshotError):
            take(project, data=(wrong,))


def test_results_of_earlier_runs_are_not_linked_into_the_folder_of_the_new_ones(
    project: Path, write: Write, take: Take
) -> None:
    write(project, {"outputs/old.csv": "1"})
    report = take(project, files=("outputs/old.csv", "outputs"))
    assert report.links == ()
    assert len(report.warnings) == 1
    assert "outputs/old.csv" in report.warnings[0]

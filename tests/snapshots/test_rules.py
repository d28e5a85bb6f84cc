"""What a snapshot is made of: the project, the folder, or only what the cell names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlws.domain.snapshot import SnapshotReport
from jupyter_mlws.errors import SnapshotError, TooLarge
from jupyter_mlws.snapshots import Limits

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]
Names = Callable[[SnapshotReport], list[str]]


def links_of(report: SnapshotReport) -> dict[str, str]:
    return {link.path: link.reason for link in report.links}


def test_a_project_travels_whole_and_the_run_works_in_the_notebooks_folder(
    project: Path, write: Write, take: Take, names: Names
) -> None:
    write(project, {"src/pkg/__init__.py": "", "notebooks/a.ipynb": "{}", "notebooks/helper.py": "x = 1"})
    report = take(project / "notebooks")
    assert (report.scope, report.root, report.working_directory) == ("project", str(project), "notebooks")
    assert names(report) == ["notebooks/a.ipynb", "notebooks/helper.py", "pyproject.toml", "src/pkg/__init__.py"]


@pytest.mark.parametrize("mark", [".git/", ".mlws/", "pyproject.toml"])
def test_the_nearest_mark_makes_the_project(tmp_path: Path, write: Write, take: Take, mark: str) -> None:
    write(tmp_path, {"outer/pyproject.toml": "", "outer/inner/deep/": "", f"outer/inner/{mark}": ""})
    assert take(tmp_path / "outer/inner/deep").root == str(tmp_path / "outer/inner")


def test_without_a_project_only_the_notebook_and_what_it_names_travel(
    tmp_path: Path, write: Write, take: Take, names: Names, notebook: Callable[..., str]
) -> None:
    folder = write(tmp_path / "loose", {"a.ipynb": notebook(), "x.csv": "1", "y.csv": "2", "other.ipynb": "{}"})
    report = take(folder, document="a.ipynb", files=("x.csv", "missing.csv", "accuracy"))
    assert (report.scope, report.root) == ("files", str(folder))
    assert names(report) == ["a.ipynb", "x.csv"]


@pytest.mark.parametrize("where", ["", "..", "work"])
def test_the_home_folder_and_what_is_above_it_is_no_project(
    own_home: Path, take: Take, write: Write, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = write(own_home / "user", {".git/config": "", "work/a.py": "", ".bashrc": ""})
    monkeypatch.setenv("HOME", str(home))
    (own_home / "pyproject.toml").touch()
    assert take(home / where).scope == "files"


@pytest.mark.parametrize(
    "limits", [Limits(files=3), Limits(size_bytes=3), Limits(seconds=-1.0)], ids=["files", "bytes", "seconds"]
)
def test_a_project_that_is_too_much_is_left_for_what_the_cell_names(
    project: Path, write: Write, take: Take, names: Names, limits: Limits
) -> None:
    write(project, {f"big/{number}.txt": "text" for number in range(9)})
    write(project, {"a.py": "", "helper.py": ""})
    report = take(project, limits=limits, files=("a.py",), modules=(str(project / "helper.py"),))
    assert (report.scope, names(report)) == ("files", ["a.py", "helper.py"])
    assert "pyproject" not in report.warnings[0]
    assert ".mlwsignore" in report.warnings[0]
    assert limits.seconds is not None
    assert limits.seconds < 0 or "'big/'" in report.warnings[0]


def test_a_folder_asked_for_travels_whole_without_any_mark(
    tmp_path: Path, write: Write, take: Take, names: Names
) -> None:
    folder = write(tmp_path / "scripts", {"train.py": "", "lib/a.py": ""})
    report = take(folder, rule="directory")
    assert (report.scope, report.working_directory, names(report)) == ("folder", "", ["lib/a.py", "train.py"])


def test_a_folder_asked_for_that_is_too_large_names_its_biggest_files_and_the_line_to_add(
    tmp_path: Path, write: Write, take: Take
) -> None:
    folder = write(tmp_path / "f", {"train.py": "", "raw/a.bin": bytes(3000), "raw/b.bin": bytes(2000)})
    with pytest.raises(TooLarge, match=r"raw/a\.bin.*raw/b\.bin.*'raw/'.*\.mlwsignore"):
        take(folder, rule="directory", folder_limits=Limits(size_bytes=4000, seconds=None))


def test_no_snapshot_is_taken_where_none_is_wanted(project: Path, take: Take, write: Write) -> None:
    write(project, {"a.py": "", "data.csv": "1"})
    report = take(project, rule="none", data=("data.csv",))
    assert (report.scope, report.snapshot, report.files) == ("none", None, ())
    assert links_of(report) == {"data.csv": "asked"}


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, take: Take) -> None:
    with pytest.raises(SnapshotError, match="no folder"):
        take(tmp_path / "gone")

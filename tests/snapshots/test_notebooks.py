"""Notebooks travel as they are on screen, and without their outputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlws.domain.snapshot import SnapshotReport
from jupyter_mlws.errors import InvalidInput, InvalidPath, SnapshotError

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]
Names = Callable[[SnapshotReport], list[str]]
Restored = Callable[[SnapshotReport], Path]


def test_what_is_on_screen_travels_and_the_saved_file_is_left_alone(
    project: Path, take: Take, restored: Restored, notebook: Callable[..., str]
) -> None:
    (project / "a.ipynb").write_text(notebook("saved"))
    report = take(project, document="a.ipynb", document_text=notebook("on screen"))
    cell = json.loads((restored(report) / "a.ipynb").read_text())["cells"][0]
    assert (cell["source"], cell["outputs"], cell["execution_count"]) == ("on screen", [], None)
    assert "saved" in (project / "a.ipynb").read_text()


def test_a_notebook_never_saved_and_one_that_is_ignored_travel(
    project: Path, take: Take, write: Write, names: Names, notebook: Callable[..., str]
) -> None:
    write(project, {".gitignore": "*.ipynb\nscratch/\n", "scratch/a.ipynb": notebook(), "scratch/b.ipynb": notebook()})
    assert "scratch/new.ipynb" in names(take(project / "scratch", document="new.ipynb", document_text=notebook()))
    report = take(project / "scratch", document="a.ipynb")
    assert "scratch/a.ipynb" in names(report)
    assert "scratch/b.ipynb" not in names(report)
    with pytest.raises(SnapshotError, match="Save it once"):
        take(project, document="gone.ipynb")


def test_a_document_stays_in_its_folder_and_needs_a_path(project: Path, take: Take) -> None:
    with pytest.raises(InvalidPath):
        take(project, document="../other.ipynb", document_text="{}")
    with pytest.raises(InvalidInput):
        take(project, document_text="{}")


def test_the_same_notebook_has_the_same_digest_run_or_not_on_screen_or_saved(
    project: Path, take: Take, notebook: Callable[..., str]
) -> None:
    (project / "a.ipynb").write_text(notebook(output="many\nlines\n", count=12))
    saved = take(project).snapshot
    (project / "a.ipynb").write_text(
        json.dumps(json.loads(notebook(output=None, count=None)), indent=4, sort_keys=True)
    )
    assert saved is not None
    for report in (take(project), take(project, document="a.ipynb", document_text=notebook(count=1))):
        assert report.snapshot is not None
        assert report.snapshot.id == saved.id


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"cells": 3}', "[" * 100_000, '{"cells": ["x"]}'])
def test_what_is_no_notebook_travels_as_it_is(project: Path, take: Take, restored: Restored, text: str) -> None:
    (project / "bad.ipynb").write_text(text)
    report = take(project)
    assert (restored(report) / "bad.ipynb").read_text() == text
    assert [warning for warning in report.warnings if "bad.ipynb" in warning] or not text


def test_old_notebooks_and_widget_states_lose_their_outputs_too(project: Path, take: Take, restored: Restored) -> None:
    cell = {"cell_type": "code", "input": "1", "outputs": [{"secret": 1}], "prompt_number": 3}
    old = {"worksheets": [{"cells": [cell]}], "nbformat": 3, "metadata": {}}
    new = {"cells": [], "metadata": {"widgets": {"secret": 1}}, "nbformat": 4}
    (project / "old.ipynb").write_text(json.dumps(old))
    (project / "new.ipynb").write_text(json.dumps(new))
    folder = restored(take(project))
    assert "secret" not in (folder / "old.ipynb").read_text() + (folder / "new.ipynb").read_text()

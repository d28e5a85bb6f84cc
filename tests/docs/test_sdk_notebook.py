"""The notebook that walks through every call of the SDK: it runs, and no call is missing."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import jupyter_mlws
from jupyter_mlws import Experiment, Model, Run, ScriptRunConfig, Workspace
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.sdk.run_list import RunList

NOTEBOOK = Path(__file__).parents[2] / "examples" / "sdk.ipynb"


def calls(cls: type) -> list[str]:
    """Names of the public methods, properties and fields of a class of ours."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("jupyter_mlws")]
    named = {name for base in ours for name in (*vars(base), *inspect.get_annotations(base))}
    return sorted(name for name in named if not name.startswith("_"))


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.mark.parametrize("cls", [Workspace, Experiment, Run, ActiveRun, Model, ScriptRunConfig, RunList])
def test_no_public_call_is_missing(notebook: nbformat.NotebookNode, cls: type) -> None:
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    missing = [name for name in calls(cls) if not re.search(rf"[.(,\s]{name}\b", source)]
    assert missing == []


def test_no_public_name_of_the_package_is_missing(notebook: nbformat.NotebookNode) -> None:
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert [name for name in (*jupyter_mlws.__all__, "last_run") if not re.search(rf"\b{name}\b", source)] == []


def test_it_is_clean_and_runs(notebook: nbformat.NotebookNode, tmp_path: Path) -> None:
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    NotebookClient(
        notebook.copy(), timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()

"""The server submits scripts and notebooks of its own root, and tells what can be set in a notebook."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.api.http import ServerApi
from jupyter_mlws.domain.file_submission import FileSubmission, NotebookQuestion
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import InvalidInput, InvalidPath, NotFound
from tests.server.conftest import in_thread
from tests.support.asleep import Asleep


def notebook(*sources: str, tagged: bool = True, language: str = "python") -> str:
    cells = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": []} for source in sources]
    if tagged:
        cells[0]["metadata"] = {"tags": ["parameters"]}
    spec = {"name": "some", "language": language}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": cells})


@pytest.fixture(autouse=True)
def asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is dispatched: what is looked at is the record."""
    monkeypatch.setattr("jupyter_mlws.workspace.waking.Wake", lambda folder: Asleep())


@pytest.fixture
def root(jp_root_dir: Path) -> Path:
    (jp_root_dir / "work").mkdir()
    return jp_root_dir


async def submitted(server: ServerApi, path: str, **fields: Any) -> Run:
    def submit() -> Run:
        workspace = server.registry.resolve(path).id
        return server.notebooks.submit(workspace, FileSubmission(path=path, **fields))

    return await in_thread(submit)


async def test_a_script_is_submitted_by_its_path(server: ServerApi, root: Path) -> None:
    (root / "work" / "helper.py").write_text("x = 1\n")
    (root / "work" / "train.py").write_text("import helper, sys\n")
    run = await submitted(server, "work/train.py", arguments=("--lr", "0.1"), tags={"a": "b"}, key="k")
    assert (run.kind, run.experiment, run.command[1:]) == ("script", "train", ("train.py", "--lr", "0.1"))
    assert (run.source.document, run.tags) == ("work/train.py", {"a": "b"})
    workspace = (await in_thread(server.registry.resolve, "work/train.py")).id
    manifest = await in_thread(server.workspace(workspace).snapshots.get, run.snapshot_id or "")
    assert {"train.py", "helper.py"} <= {os.path.basename(entry.path) for entry in manifest.entries}
    again = await submitted(server, "work/train.py", arguments=("--lr", "0.1"), key="k")
    assert again.number == run.number


async def test_a_notebook_is_submitted_as_it_is_on_the_screen(server: ServerApi, root: Path) -> None:
    path = "work/fit.ipynb"
    (root / path).write_text(notebook("lr = 0.1", "old"))
    shown = notebook("lr = 0.1  # how fast\nname = 'a'", "print(lr)")
    run = await submitted(server, f"RTC:{path}", document=shown, document_id="d", parameters={"lr": 1e-3})
    assert (run.kind, run.params) == ("notebook", {"lr": "0.001", "name": "a"})
    assert (run.source.document, run.source.document_id, run.source.origin) == (path, "d", "screen")
    saved = await submitted(server, path)
    assert (saved.params, saved.source.origin) == ({"lr": "0.1"}, "file")
    with pytest.raises(InvalidInput, match="has no parameter lrr.*Did you mean lr"):
        await submitted(server, path, parameters={"lrr": 1})
    with pytest.raises(InvalidInput, match="neither a script nor a notebook"):
        await submitted(server, "work/readme.md")


async def test_nothing_outside_of_the_root_and_nothing_hidden_is_submitted(
    server: ServerApi, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("secret.py", "secret.ipynb"):
        (outside / name).write_text(notebook("x = 1"))
    (root / "link.ipynb").symlink_to(outside / "secret.ipynb")
    (root / "folder").symlink_to(outside)
    (root / ".hidden").mkdir()
    (root / ".hidden" / "a.ipynb").write_text(notebook("x = 1"))
    (root / "shown.ipynb").symlink_to(root / ".hidden" / "a.ipynb")
    (root / "work" / "pipe.ipynb").mkdir()
    for path in ("link.ipynb", "folder/secret.py", "folder/secret.ipynb", ".hidden/a.ipynb", "shown.ipynb"):
        with pytest.raises(InvalidPath):
            await submitted(server, path)
        with pytest.raises(InvalidPath):
            await in_thread(server.notebooks.parameters, NotebookQuestion(path=path))
    for path in ("none.ipynb", "work/pipe.ipynb"):
        with pytest.raises(NotFound):
            await in_thread(server.notebooks.parameters, NotebookQuestion(path=path))
    for path in ("../outside/secret.py", "/etc/passwd", "work/%2e%2e/%2e%2e/outside/secret.py"):
        with pytest.raises(InvalidPath):
            await submitted(server, path)


async def test_a_form_is_told_names_types_defaults_and_remarks(server: ServerApi, root: Path) -> None:
    source = (
        "%matplotlib inline\nlr = 1e-3  # how fast\n# of passes\nepochs: int = 3\nname, on = 'a', True\n"
        "size: float = 1\nlayers = [1,\n  2]\nseed: int | None = None\nstart = today()  # when"
    )
    (root / "work" / "fit.ipynb").write_text(notebook(source))
    found = await in_thread(server.notebooks.parameters, NotebookQuestion(path="work/fit.ipynb"))
    assert (found.tagged, found.language, found.kernel) == (True, "python", "some")
    assert [(item.name, item.type, item.default, item.help) for item in found.items] == [
        ("lr", "float", 1e-3, "how fast"),
        ("epochs", "int", 3, "of passes"),
        ("name", "str", "a", ""),
        ("on", "bool", True, ""),
        ("size", "float", 1, ""),
        ("layers", "json", [1, 2], ""),
        ("seed", "int", None, ""),
        ("start", "json", None, "when"),
    ]
    assert found.items[-1].code == "today()"


async def test_without_the_tag_a_form_is_told_the_literals_of_the_cells(server: ServerApi) -> None:
    shown = notebook("import os\nlr = 0.1", "lr = 0.2\nmodel = fit(lr)\nn = 5", tagged=False)
    found = await in_thread(server.notebooks.parameters, NotebookQuestion(document=shown))
    assert [(item.name, item.default, item.cell) for item in found.items] == [("lr", 0.1, 1), ("n", 5, 2)]
    assert not found.tagged
    of_r = notebook('lr <- 0.1 # how fast\nok = TRUE\nname <- "a # b"\nz <- c(1, 2)', language="R")
    found = await in_thread(server.notebooks.parameters, NotebookQuestion(document=of_r))
    assert [(item.name, item.type, item.default) for item in found.items] == [
        ("lr", "float", 0.1),
        ("ok", "bool", True),
        ("name", "str", "a # b"),
        ("z", "json", None),
    ]

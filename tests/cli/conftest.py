"""What the tests of the command line share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jupyter_mlws.cli.app import app


class Terminal:
    """Types `mlws ...` and reads what it prints."""

    def __call__(self, *words: object, fails: bool = False) -> str:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    def json(self, *words: object) -> object:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def mlws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal in a project without a workspace yet; a dispatcher is stopped at the end."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    (project / "train.py").write_text("import sys, jupyter_mlws as mlws\nmlws.log(loss=0.25)\nprint(sys.argv[1:])\n")
    yield Terminal()
    CliRunner().invoke(app, ["stop"])

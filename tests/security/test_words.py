"""Hostile text on the command line and on the line of `%%submit`: a sentence, and nothing is run, opened or made."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jupyter_mlws.cli.app import app
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.magics.grammar import parse_cell_line

from .lab import digest_of
from .test_bad_inputs import PATHS, TEXTS

ALL = [*(text for texts in PATHS.values() for text in texts), *TEXTS]
OPTIONS = ("--name", "-t", "-p", "--sweep", "--env-var", "--secret", "--compute", "--time-limit")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project beside something that must stay as it is."""
    (tmp_path / "projecttest").mkdir()
    (tmp_path / "projecttest" / "secret.txt").write_text("CANARY-of-the-words")
    found = tmp_path / "project"
    found.mkdir()
    monkeypatch.chdir(found)
    return found


@pytest.mark.parametrize("command", ["show", "logs", "cancel"])
def test_P01_V04_V09_a_run_on_the_command_line_is_never_a_path(command: str, project: Path) -> None:
    before = digest_of(project.parent / "projecttest")
    for text in ALL:
        result = CliRunner().invoke(app, ["run", command, "--", text])
        assert result.exit_code in (1, 2), (text[:50], result.output[:500])
        assert "Traceback" not in result.output
        assert "CANARY" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), (text[:50], result.exception)
    assert digest_of(project.parent / "projecttest") == before


def test_K13_P01_V05_no_text_on_the_line_of_a_cell_does_anything(project: Path) -> None:
    before = digest_of(project.parent)
    for text in (*ALL, f"$(touch {project}/pwned)", f"{{__import__('os').system('touch {project}/pwned')}}"):
        for option in OPTIONS:
            for line in (f"{option} {text}", f"{option}={text!r}", text):
                with contextlib.suppress(MlwsError):
                    parse_cell_line(line, {"os": os})
    assert digest_of(project.parent) == before

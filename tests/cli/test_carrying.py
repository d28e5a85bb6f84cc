"""``mlws export`` and ``mlws import`` of a file, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jupyter_mlws.cli.app import app

ASSET = Path(__file__).parents[1] / "assets" / "archive-1.zip"


def mlws(*words: object, fails: bool = False) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert (result.exit_code != 0) == fails, result.output
    return result.output


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    mlws("init")
    return tmp_path


def test_a_file_is_imported_and_written_again(project: Path) -> None:
    assert "Added 6 runs and 2 model versions" in mlws("import", ASSET)
    assert json.loads(mlws("import", ASSET, "--json"))["runs_known"] == 6
    assert "run-1.zip is written: 1 run" in mlws("export", 1, "run-1.zip")
    written = json.loads(mlws("export", "--all", project, "--json"))
    assert written["path"].endswith(f"{project.name}.zip")
    assert (written["run_count"], written["left_out"]) == (6, 0)
    mlws("export", "--filter", "tags.owner = 'ada'", "some.zip")
    assert "there already" in mlws("export", 1, "run-1.zip", fails=True)
    mlws("export", 1, "run-1.zip", "--overwrite")
    assert "0 runs" in mlws("import", "run-1.zip")


def test_a_run_is_shown_with_what_stands_in_the_way_of_the_same_again(project: Path) -> None:
    mlws("import", ASSET)
    found = json.loads(mlws("run", "show", 1, "--json"))["reproducibility"]
    shown = mlws("run", "show", 1)
    assert ("It can be done again." in shown) == found["can"]
    assert found["reasons"]
    for reason in found["reasons"]:
        assert reason["sentence"].split()[0] in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "x.zip"), "Name one run and a file"),
        (("export", "1", "2", "x.zip"), "Name one run and a file"),
        (("export", "--all", "1", "x.zip"), "Name one run and a file"),
        (("export", "9", "x.zip"), "no run 9"),
        (("export", "--filter", "nonsense", "x.zip"), "nonsense"),
        (("import", ".mlws/config.json"), "not imported"),
    ],
)
def test_mistakes_are_one_sentence(words: tuple[str, ...], said: str, project: Path) -> None:
    assert said in mlws(*words, fails=True)
    assert not (project / "x.zip").exists()

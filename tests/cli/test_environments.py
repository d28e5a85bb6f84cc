"""``mlws env``: what a person types and reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jupyter_mlws.cli.app import app

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def mlws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(app, ["env", *words])
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    CliRunner().invoke(app, ["init"])
    return run


def test_an_environment_from_its_packages_to_its_removal(
    mlws: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = mlws("register", "sk", "-p", "six", "--env-var", "A=b", "--label", "stable")
    assert told == "Environment sk:1 is registered. Submit with it: mlws submit --env sk train.py\n"
    assert mlws("register", "sk", "-p", "Six", "--env-var", "A=b").startswith("Environment sk:1 says the same already.")
    Path("requirements.txt").write_text("six==1.16.0\nattrs\n")
    mlws("register", "sk", "-r", "requirements.txt", "--python", "3.11")
    assert json.loads(mlws("show", "sk@stable", "--json"))["spec"]["environment_variables"] == {"A": "b"}
    assert "six==1.16.0" in mlws("show", "sk")
    listed = mlws("list")
    assert "sk:2" in listed
    assert "sk:1" not in listed
    assert "sklearn" in listed
    assert [item["version"] for item in json.loads(mlws("list", "sk", "--json"))] == [2, 1]
    assert json.loads(mlws("diff", "sk:1", "sk:2", "--json"))["attrs"] == [None, "attrs"]
    assert mlws("label", "sk:2", "stable") == "sk@stable is sk:2.\n"
    assert "no longer" in mlws("label", "sk", "stable", "--remove")
    assert mlws("list", "--built") == "No environment is built on this machine.\n"
    assert "Built in" in mlws("build", "sk:2")
    (built,) = json.loads(mlws("list", "--built", "--json"))
    assert built["size_bytes"] > 0
    told = mlws("list", "--built")
    assert "1 environment, " in told
    assert "sk:2 " in told
    monkeypatch.setenv("COLUMNS", "60")
    assert "sk:2 " in mlws("list", "--built")
    assert mlws("prune", "--dry-run").startswith("Would be removed: 1 environment, ")
    assert mlws("prune", "--unused-for", "1").endswith("1 stays: in use, or used lately.\n")
    assert mlws("prune").startswith("Removed: 1 environment, ")
    assert json.loads(mlws("list", "--built", "--json")) == []


def test_what_cannot_be_is_answered(mlws: Callable[..., str]) -> None:
    assert "made of nothing" in mlws("register", "sk", fails=True)
    assert "more than one" in mlws("register", "sk", "-p", "six", "--image", "python", fails=True)
    assert "workspace's own" in mlws("register", "sklearn", "-p", "six", fails=True)
    assert "mlws env list" in mlws("show", "none", fails=True)
    mlws("register", "img", "--image", "python:3.11")
    assert "nothing to build" in mlws("build", "img", fails=True)

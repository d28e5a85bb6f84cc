"""Models, saved configurations and re-runs on the command line, with a real dispatcher."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jupyter_mlws.cli.app import app

SCRIPT = """
import os, sys
import jupyter_mlws as mlws
run = mlws.Run.get_context()
mlws.log(loss=float(run.params.get("loss", 0.25)))
os.makedirs("outputs", exist_ok=True)
open("outputs/m.txt", "w").write("weights")
print(sys.argv[1:], os.environ.get("HF_TOKEN"))
"""


@pytest.fixture
def mlws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Types `mlws ...` in a project and gives what it prints."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    (project / "train.py").write_text(SCRIPT)

    def run(*words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(app, list(words))
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    run("init")
    yield run
    run("stop")


def test_a_model_from_its_run_to_the_trash_and_back(mlws: Callable[..., str], tmp_path: Path) -> None:
    mlws("submit", "--wait", "train.py")
    told = mlws("models", "register", "digits", "outputs/m.txt", "--run", "1", "--alias", "production", "-t", "a=b")
    assert told == "Model digits:1 is registered: 1 file, 7 B.\n"
    mlws("models", "register", "here", "train.py", "--framework", "PyTorch", "--property", "acc=0.9")
    listed = mlws("models", "list")
    assert [line.split()[0] for line in listed.splitlines()] == ["Model", "here:1", "digits:1"]
    assert "production" in listed
    shown = mlws("models", "show", "digits@production")
    assert "#1" in shown
    assert "m.txt  7 B" in shown
    assert "acc = 0.9" in mlws("models", "show", "here")
    assert str(tmp_path / "out") in mlws("models", "download", "digits", str(tmp_path / "out"))
    assert (tmp_path / "out" / "m.txt").read_text() == "weights"
    assert "is there already" in mlws("models", "download", "digits", str(tmp_path / "out"), fails=True)
    mlws("models", "download", "digits", str(tmp_path / "out"), "--replace")
    assert mlws("models", "tag", "digits", "x=1", "y", "-r", "a") == "Model digits:1 has the tags x=1, y.\n"
    assert json.loads(mlws("models", "list", "-t", "x", "--json"))[0]["tags"] == {"x": "1", "y": ""}
    assert mlws("models", "alias", "digits:1", "live") == "digits@live is digits:1.\n"
    mlws("models", "alias", "digits:1", "live", "--remove")
    told = mlws("models", "delete", "digits:1")
    assert "mlws models restore digits:1" in told
    assert "production" in told
    assert "digits" not in mlws("models", "list")
    assert "digits:1" in mlws("models", "list", "--deleted")
    assert "in the trash" in mlws("models", "show", "digits:1", fails=True)
    assert mlws("models", "restore", "digits:1") == "Model digits:1 is back.\n"
    for words in (["show", "digits"], ["tag", "digits", "z"], ["alias", "digits", "a"], ["restore", "digits:1"]):
        assert json.loads(mlws("models", *words, "--json"))["name"] == "digits"
    assert json.loads(mlws("models", "delete", "digits:1", "--json"))["name"] == "digits:1"
    assert json.loads(mlws("models", "register", "j", "train.py", "--json"))["version"] == 1


def test_a_saved_configuration_is_submitted_and_run_again(
    mlws: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--config train" in mlws("submit", "--save", "train", "--secret", "HF_TOKEN", "train.py", "--lr", "0.1")
    monkeypatch.setenv("HF_TOKEN", "hf_abc")
    assert "['--lr', '0.1'] ***" in mlws("submit", "-c", "train", "-e", "more", "--wait")
    monkeypatch.delenv("HF_TOKEN")
    told = mlws("run", "rerun", "1", fails=True)
    assert told == (
        "mlws: Run #1 was given the secret HF_TOKEN, and secrets are not stored. Give it again: "
        "run.rerun(secrets={'HF_TOKEN': ...}), or mlws run rerun 1 --secret HF_TOKEN; "
        "or store it: mlws secrets set HF_TOKEN\n"
    )
    monkeypatch.setenv("HF_TOKEN", "hf_new")
    told = mlws("run", "rerun", "1", "--secret", "HF_TOKEN", "-p", "loss=2", "--arg=--lr", "--arg=3", "--watch")
    assert "Run #2 is submitted, as #1 was." in told
    assert "['--lr', '3'] ***" in told
    run = json.loads(mlws("run", "show", "2", "--json"))
    assert f"what {json.loads(mlws('run', 'show', '1', '--json'))['run']['id']} was" in mlws("run", "show", "2")
    assert run["metrics"] == {"loss": 2.0}
    assert (run["run"]["experiment"], run["run"]["params"]) == ("more", {"loss": "2"})
    again: dict[str, Any] = json.loads(mlws("run", "rerun", "2", "-n", "third", "-t", "a=b", "--wait", "--json"))
    assert (again["display_name"], again["tags"], again["status"]) == ("third", {"a": "b"}, "Completed")
    assert again["properties"] == {"mlws.rerun_of": run["run"]["id"]}


MISTAKES: list[tuple[list[str], str]] = [
    (["submit"], "mlws submit --config train"),
    (["submit", "-c", "train"], "no run configuration 'train'"),
    (["submit", "-C", "train"], "no run configuration 'train'"),
    (["submit", "-C", "train", "train.py"], "Give one of them"),
    (["submit", "--save", "a b", "train.py"], "cannot be the name"),
    (["submit", "--save", "a", "-t", "x", "train.py"], "keeps no experiment, name, note or tags"),
    (["submit", "--save", "a", "train.py", "--token", "abc"], "--token"),
    (["run", "rerun", "99"], "no run 99"),
    (["run", "rerun", "1", "--secret", "A=b"], "where others can see it"),
    (["models", "show", "nobody"], "no model 'nobody'"),
    (["models", "show", "a:b"], "names no version"),
    (["models", "show", "../x"], "cannot be the name of a model"),
    (["models", "delete", "digits"], "name:version"),
    (["models", "tag", "digits"], "--remove stage"),
    (["models", "alias", "digits", "latest"], "digits"),
    (["models", "register", "digits", "nothing"], "no file or folder 'nothing'"),
    (["models", "register", "digits", "outputs/m", "--run", "99"], "no run 99"),
]


def test_mistakes_are_one_sentence_with_a_way_out(mlws: Callable[..., str]) -> None:
    mlws("submit", "train.py")
    for words, said in MISTAKES:
        told = mlws(*words, fails=True)
        assert said in told
        assert told.startswith("mlws: ")
        assert told.count("\n") == 1

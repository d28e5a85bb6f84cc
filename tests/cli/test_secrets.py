"""``mlws secrets`` and ``--secret``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jupyter_mlws.cli.app import app
from jupyter_mlws.runfolder.places import data_dir
from jupyter_mlws.workspace import stop_dispatcher

CANARY = "c4n4ry-of-the-command-line"


@pytest.fixture
def mlws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Types `mlws ...` in a project and gives what it prints."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, given: str | bytes = "", fails: bool = False) -> str:
        result = CliRunner().invoke(app, list(words), input=given)
        assert (result.exit_code != 0) == fails, result.output
        assert CANARY not in result.output
        return result.output

    run("init")
    return run


def test_a_secret_from_its_setting_to_its_end(mlws: Callable[..., str], tmp_path: Path) -> None:
    assert "mlws secrets set HF_TOKEN" in mlws("secrets", "list")
    said = mlws("secrets", "set", "HF_TOKEN", given=CANARY + "\n")
    assert said == "The secret HF_TOKEN is stored. Hand it to a run: mlws submit --secret HF_TOKEN train.py\n"
    assert mlws("secrets", "list") == "HF_TOKEN\n"
    assert json.loads(mlws("secrets", "list", "--json")) == [{"name": "HF_TOKEN", "vault": "file"}]
    assert mlws("secrets", "rotate") == "1 vault is sealed with a new key.\n"
    (tmp_path / "train.py").write_text("import os\nprint(os.environ['HF_TOKEN'], os.environ['HF_TOKEN'][::-1])")
    try:
        assert f"*** {CANARY[::-1]}" in mlws("submit", "--secret", "HF_TOKEN", "--wait", "train.py")
        assert f"*** {CANARY[::-1]}" in mlws("run", "rerun", "1", "--secret", "HF_TOKEN", "--wait")
    finally:
        stop_dispatcher(tmp_path / ".mlws" / "workspace")
    assert mlws("secrets", "delete", "HF_TOKEN") == "The secret HF_TOKEN is removed.\n"
    assert "no secret HF_TOKEN" in mlws("secrets", "delete", "HF_TOKEN", fails=True)
    said = mlws("submit", "--secret", "HF_TOKEN", "train.py", fails=True)
    assert "Store it: mlws secrets set HF_TOKEN" in said


def test_a_value_on_the_command_line_is_refused(mlws: Callable[..., str]) -> None:
    said = mlws("secrets", "set", f"HF_TOKEN={CANARY}", fails=True)
    assert "where others can see it. Give its name alone: mlws secrets set HF_TOKEN" in said
    assert CliRunner().invoke(app, ["secrets", "set", "HF_TOKEN", CANARY]).exit_code == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [("", "is empty"), ("\n", "is empty"), (b"\xff\xfe", "is no text"), ("x" * 70000, "bytes"), ("a\0b", "NUL")],
)
def test_what_is_no_secret_is_refused(mlws: Callable[..., str], given: str | bytes, said: str) -> None:
    assert said in mlws("secrets", "set", "A", given=given, fails=True)
    assert json.loads(mlws("secrets", "list", "--json")) == []


def test_a_key_of_several_lines_is_kept_whole(mlws: Callable[..., str]) -> None:
    from jupyter_mlws import Workspace

    mlws("secrets", "set", "KEY", given="-----BEGIN-----\nabc\n-----END-----\n")
    assert Workspace.from_config().secrets.get("KEY") == "-----BEGIN-----\nabc\n-----END-----"


def test_without_a_vault_there_is_nothing_to_rotate(mlws: Callable[..., str]) -> None:
    assert json.loads(mlws("secrets", "rotate", "--json")) == {"vaults": 0}


def test_the_doctor_looks_whether_vaults_open(mlws: Callable[..., str]) -> None:
    assert "vault" not in mlws("doctor").lower()
    mlws("secrets", "set", "A", given=CANARY)
    assert "1 encrypted vault opens with the key." in mlws("doctor")
    (data_dir() / "vault.key").unlink()
    assert f"The key {data_dir() / 'vault.key'} is missing" in " ".join(mlws("doctor", fails=True).split())


def test_the_secret_of_a_registry_is_handed_to_no_run(mlws: Callable[..., str]) -> None:
    told = mlws("secrets", "set", "registry.127.0.0.1:5000", given=f"ada:{CANARY}")
    assert told.endswith("Images of 127.0.0.1:5000 are pulled and pushed with it.\n")

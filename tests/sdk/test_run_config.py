"""Run configurations in files: what is saved comes back as it was, and what is broken says where."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import Experiment, ScriptRunConfig, Workspace
from jupyter_mlws.errors import InvalidInput, InvalidName, MlwsError, NotFound, TooLarge, UsageError
from jupyter_mlws.sdk.notebook import NotebookRunConfig


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("import os, sys\nprint(sys.argv[1:], os.environ.get('HF_TOKEN'))\n")
    return folder


def edited(project: Path, **keys: Any) -> Path:
    """A saved configuration after somebody has edited it; None removes a key."""
    file = Path(ScriptRunConfig(project, "train.py").save("train"))
    said = {**json.loads(file.read_text()), **keys}
    file.write_text(json.dumps({key: value for key, value in said.items() if value is not None}))
    return file


@pytest.mark.parametrize(
    "facts",
    [
        {"script": "train.py"},
        {"script": "train.py", "arguments": ["--lr", 0.1, "--n", 10**20, 1e-300, "a b", "é\n", "", "'", "-0.0", -0.0]},
        {"command": "cat data.txt | wc -l && echo \"a 'b'\" $HOME"},
        {"command": ["python", "-c", "print('é')", ""]},
        {
            "script": "train.py",
            "compute_target": "gpu",
            "environment": "torch",
            "environment_variables": {"OMP_NUM_THREADS": "4", "EMPTY": ""},
            "max_run_duration_seconds": 90.5,
            "secrets": ["HF_TOKEN"],
        },
    ],
)
def test_what_is_saved_is_loaded_as_it_was(project: Path, facts: dict[str, Any]) -> None:
    config = ScriptRunConfig(str(project), **facts)
    file = config.save("train")
    assert file == str(project / ".mlws" / "train.runconfig.json")
    again = ScriptRunConfig.load(project, "train")
    assert again == config == ScriptRunConfig.load(file) == ScriptRunConfig.load(project)
    assert [*map(str, again.arguments)] == [*map(str, config.arguments)]
    written = Path(file).read_bytes()
    again.save("train")
    assert Path(file).read_bytes() == written


def test_a_person_can_read_the_file(project: Path) -> None:
    file = ScriptRunConfig(project, "train.py", arguments=["--lr", 0.1], secrets={"HF_TOKEN": "hf_abc"}).save("train")
    assert Path(file).read_text() == (
        '{\n  "format": 1,\n  "script": "train.py",\n  "arguments": [\n    "--lr",\n    0.1\n  ],\n'
        '  "compute_target": "local",\n  "environment": "kernel",\n  "environment_variables": {},\n'
        '  "secrets": [\n    "HF_TOKEN"\n  ],\n  "max_run_duration_seconds": null\n}\n'
    )


def test_configurations_are_listed_and_deleted_and_can_be_saved_elsewhere(project: Path, tmp_path: Path) -> None:
    assert ScriptRunConfig.list(project) == ScriptRunConfig.list(tmp_path / "nowhere") == []
    config = ScriptRunConfig(str(project), "train.py")
    config.save("b.2")
    config.save("a")
    (project / ".mlws" / "config.json").write_text("{}")
    assert ScriptRunConfig.list(project) == ["a", "b.2"]
    with pytest.raises(NotFound, match=r"more than one .* There are a, b\.2"):
        ScriptRunConfig.load(project)
    ScriptRunConfig.delete(project, "a")
    with pytest.raises(NotFound):
        ScriptRunConfig.delete(project, "a")
    config.save("far", tmp_path)
    assert ScriptRunConfig.load(tmp_path, "far") == config
    project.rename(tmp_path / "moved")
    with pytest.raises(InvalidInput, match=r"far\.runconfig\.json: source_directory leads to .*project"):
        ScriptRunConfig.load(tmp_path, "far")
    assert ScriptRunConfig.load(tmp_path / "moved", "b.2").source_directory == str(tmp_path / "moved")


def test_a_name_that_is_not_there_names_the_nearest(project: Path) -> None:
    with pytest.raises(NotFound, match="Save one"):
        ScriptRunConfig.load(project)
    ScriptRunConfig(project, "train.py").save("train")
    with pytest.raises(NotFound, match="Did you mean train"):
        ScriptRunConfig.load(project, "trian")
    for name in ("../up", "a/b", "", ".hidden", "x" * 101, "a b"):
        with pytest.raises(InvalidName):
            ScriptRunConfig.load(project, name)
        with pytest.raises(InvalidName):
            ScriptRunConfig(project, "train.py").save(name)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"argumnts": []}, r"unknown key 'argumnts'.*Did you mean arguments"),
        ({"arguments": "--lr 1"}, "arguments must be a list of texts and numbers"),
        ({"arguments": [["a"]]}, "arguments must be"),
        ({"environment_variables": {"A": 1}}, "environment_variables must be an object of texts"),
        ({"secrets": {"A": "value"}}, "secrets must be a list of names, without their values"),
        ({"max_run_duration_seconds": "1h"}, "max_run_duration_seconds must be a number"),
        ({"command": "true"}, "one of the keys script, command, notebook"),
        ({"script": None}, "one of the keys script, command, notebook"),
        ({"notebook": "a.ipynb"}, "one of the keys script, command, notebook"),
        ({"parameters": {}}, "parameters is for a notebook, and the file has none. Remove it there."),
        ({"parameters": []}, "parameters must be an object of values"),
        ({"script": None, "notebook": "a.ipynb"}, "arguments is for a script, and the file has none"),
        ({"script": "../other/train.py"}, "not inside"),
        ({"source_directory": "nowhere"}, "source_directory leads to"),
        ({"format": 3}, "format 3, which a newer version"),
        ({"format": None}, "does not say its format"),
        ({"format": "1"}, "does not say its format"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_file_and_key(project: Path, keys: dict[str, Any], said: str) -> None:
    file = edited(project, **keys)
    with pytest.raises(InvalidInput, match=said) as caught:
        ScriptRunConfig.load(project, "train")
    assert str(file) in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": 1,\n "script": }', "line 2, column 12"),
        ("[]", "no JSON object"),
        ("", "line 1"),
        ('{"format": 1, "script": "a", "script": "b"}', "'script' twice"),
        ('{"format": 1, "script": "train.py", "arguments": [NaN]}', "NaN is no JSON"),
        ("[" * 100_000, "no JSON text"),
    ],
)
def test_a_broken_file_says_where(project: Path, text: str, said: str) -> None:
    file = edited(project)
    file.write_text(text)
    with pytest.raises(InvalidInput, match=said) as caught:
        ScriptRunConfig.load(project, "train")
    assert str(file) in caught.value.message
    file.write_text(" " * (2 << 20))
    with pytest.raises(TooLarge):
        ScriptRunConfig.load(project, "train")


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({"script": "train.py", "arguments": ["--hf-token", "hf_abc"]}, "--hf-token"),
        ({"script": "train.py", "arguments": ["--password=abc"]}, "--password"),
        ({"command": "python train.py --api-key 'abc'"}, "--api-key"),
        ({"command": ["python", "train.py", "--token", "abc"]}, "--token"),
        ({"script": "train.py", "environment_variables": {"HF_TOKEN": "abc"}}, "HF_TOKEN"),
        ({"script": "train.py", "environment_variables": {"DB": "postgresql://ada:abc@db/x"}}, "DB"),
    ],
)
def test_a_secret_gets_into_no_file(project: Path, facts: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        ScriptRunConfig(project, **facts).save("train")
    assert not (project / ".mlws").exists()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"command": ""}, "The command is empty"),
        ({"command": " \n"}, "The command is empty"),
        ({"command": []}, "The command is empty"),
        ({"command": ["", "a"]}, "names no program"),
        ({"command": ["python train.py"]}, "command='python train.py'"),
        ({"command": ["python", None]}, "Word 2 of the command is None"),
        ({"command": ["python", ["-c", "1"]]}, "Word 2 of the command is of the type list"),
        ({"command": b"ls"}, "bytes"),
        ({"command": {"a": 1}}, "dict"),
        ({"command": "a\0b"}, "NUL"),
        ({"command": "true", "script": "train.py"}, "not both"),
        ({"command": "true", "arguments": ["a"]}, "Put them into the command"),
        ({}, "needs a script or a command"),
        ({"script": ""}, "not named"),
        ({"script": "../train.py"}, "not inside"),
        ({"script": "."}, "not inside"),
        ({"script": "train.py", "arguments": "--lr 1"}, "Give a list"),
        ({"script": "train.py", "arguments": {"--lr": 1}}, "Give a list"),
        ({"script": "train.py", "arguments": ["--lr", None]}, "Argument 2 is None"),
        ({"script": "train.py", "arguments": ["--xs", [1, 2]]}, "Argument 2 is of the type list"),
        ({"script": "train.py", "arguments": ["\0"]}, "NUL"),
        ({"script": "train.py", "environment_variables": {"A": None}}, "variable A is None"),
        ({"script": "train.py", "environment_variables": ["A"]}, "no mapping"),
        ({"script": "train.py", "secrets": "HF_TOKEN"}, r"secrets=\['HF_TOKEN'\]"),
        ({"script": "train.py", "secrets": {"HF_TOKEN": 1}}, "no text"),
    ],
)
def test_what_cannot_be_run_is_answered_at_once(project: Path, facts: dict[str, Any], said: str) -> None:
    with pytest.raises(MlwsError, match=said) as caught:
        ScriptRunConfig(project, **facts)
    assert caught.value.code in ("usage_error", "invalid_input")


def test_a_script_is_named_in_any_way_that_leads_into_the_folder(project: Path) -> None:
    for script in ("train.py", "./train.py", project / "train.py", "sub/../train.py"):
        assert ScriptRunConfig(project, script).script == "train.py"


def test_a_loaded_configuration_is_submitted_with_its_secrets(
    project: Path, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abc")
    ScriptRunConfig(project, "train.py", arguments=["--lr", 0.1], secrets=["HF_TOKEN"]).save("train")
    run = Experiment(ws, "digits").submit(ScriptRunConfig.load(project, "train"))
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.get_log() == "['--lr', '0.1'] ***\n"
    manifest = ws.api.snapshots.get(str(run.get_snapshot_id()))
    assert [entry.path for entry in manifest.entries] == ["train.py"]
    assert b"hf_abc" not in b"".join(path.read_bytes() for path in Path(ws.location).glob("mlws.sqlite*"))
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(InvalidInput, match="HF_TOKEN is neither a variable .* mlws secrets set HF_TOKEN"):
        Experiment(ws, "digits").submit(ScriptRunConfig.load(project, "train"))


NOTEBOOK = json.dumps(
    {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "lr = 0.1\nn = 5", "outputs": []}
        ],
    }
)


def test_the_configuration_of_a_notebook_is_loaded_as_it_was(project: Path) -> None:
    (project / "fit.ipynb").write_text(NOTEBOOK)
    config = NotebookRunConfig(
        project,
        "fit.ipynb",
        parameters={"lr": 0.5, "n": [1, None]},
        output_notebook="done.ipynb",
        environment_variables={"A": "b"},
        secrets=["HF_TOKEN"],
        cpus=2,
    )
    file = config.save("fit")
    again = NotebookRunConfig.load(project, "fit")
    assert again == replace(config, source_directory=str(project), compute_target="local", environment="kernel")
    assert json.loads(Path(file).read_text())["format"] == 2
    with pytest.raises(InvalidInput, match=r"of the notebook fit.ipynb. Load it: NotebookRunConfig.load"):
        ScriptRunConfig.load(project, "fit")
    ScriptRunConfig(project, "train.py").save("train")
    with pytest.raises(InvalidInput, match=r"Load it: ScriptRunConfig.load"):
        NotebookRunConfig.load(project, "train")


def test_what_a_notebook_does_not_have_is_said_with_its_file(project: Path) -> None:
    (project / "fit.ipynb").write_text(NOTEBOOK)
    file = Path(NotebookRunConfig(project, "fit.ipynb", parameters={"lr": 1}).save("fit"))
    file.write_text(file.read_text().replace('"lr"', '"learning"'))
    with pytest.raises(InvalidInput, match=r"fit.runconfig.json: fit.ipynb has no parameter learning"):
        NotebookRunConfig.load(project, "fit")
    with pytest.raises(UsageError, match="none that JSON has"):
        NotebookRunConfig(project, "fit.ipynb", parameters={"lr": float("nan")}).save("fit")

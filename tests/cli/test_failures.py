"""What fails is said in one sentence with a way out, and by an exit code that scripts can go by."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jupyter_mlws.cli.app import app
from jupyter_mlws.cli.commands import runs
from jupyter_mlws.cli.errors import EXIT_CODES
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.model import Model
from jupyter_mlws.sdk.workspace import Workspace


def told(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["comput", "list"], 2, "mlws: No such command 'comput'. Did you mean 'compute'? See mlws --help\n"),
        (["runs", "--stat", "x"], 2, "mlws: No such option: --stat (Possible options: --status"),
        (["run", "show"], 2, "mlws: Missing argument 'RUN'. See mlws run show --help\n"),
        (["submit"], 2, "mlws: There is nothing to run. Name a script, "),
        (["run", "show", "9"], 1, "mlws: There is no run 9. List the runs to see their numbers: mlws runs.\n"),
        (["submit", "-c", "locl", "train.py"], 1, "mlws: There is no compute target 'locl'. Known: local, docker. "),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_its_exit_code_says_whose(mlws, words, code, sentence):
    mlws("init")
    found, said = told(*words)
    assert (found, found in EXIT_CODES) == (code, True)
    assert said.startswith(sentence)
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [[], ["run"]])
def test_a_group_without_a_command_shows_its_help_once(words):
    code, said = told(*words)
    assert (code, said.count("Usage: mlws"), said.count("--help")) == (2, 1, 1)


def test_a_mistake_is_had_in_json_where_that_was_asked(mlws):
    mlws("init")
    code, said = told("runs", "--nope", "--json")
    assert (code, json.loads(said)["code"]) == (2, "usage_error")
    code, said = told("run", "show", "9", "--json")
    assert (code, json.loads(said)["code"]) == (1, "not_found")
    code, said = told("submit", "-c", "locl", "train.py", "--json")  # the script's word, not ours
    assert (code, said[:6]) == (1, "mlws: ")


@pytest.mark.parametrize("words", [["--debug", "runs"], ["runs", "--debug"]])
def test_what_nobody_has_foreseen_is_a_sentence_and_with_debug_a_traceback(mlws, monkeypatch, words):
    mlws("init")
    monkeypatch.setattr(runs.stuck, "retry", lambda workspace: 1 / 0)
    code, said = told("runs")
    assert code == 1
    assert said == (
        "mlws: Something went wrong that nobody has foreseen: ZeroDivisionError: division by zero. "
        "See where: mlws --debug ...\n"
    )
    code, said = told(*words)
    assert code == 1
    assert said.startswith("Traceback")


@pytest.mark.parametrize("group", ["models", "compute", "env", "secrets", "experiments"])
def test_the_bare_name_of_what_a_workspace_holds_lists_it(mlws, group):
    mlws("init")
    assert mlws(group) == mlws(group, "list")
    assert mlws.json(group) == mlws.json(group, "list")
    assert "Usage: mlws" in mlws(group, "--help")
    code, said = told(group, "nonsense")
    assert (code, said) == (2, f"mlws: No such command 'nonsense'. See mlws {group} --help\n")


def test_a_workspace_that_is_not_there_is_not_made_by_whoever_looks(mlws):
    mlws("init")
    for words in (["runs"], ["models"], ["compute", "pause", "local"], ["run", "show", "1"]):
        code, said = told(*words, "-w", "typo")
        assert (code, said.partition(". ")[0]) == (1, "mlws: There is no workspace typo")
    assert not Path("typo").exists()
    Path("typo").mkdir()
    mlws("init", "typo")
    assert "No runs yet" in mlws("runs", "-w", "typo")


def test_a_number_alone_shows_its_run(mlws):
    mlws("init")
    for number in ("9", "#9"):
        code, said = told("run", number)
        assert (code, said.partition(". ")[0]) == (1, f"mlws: There is no run {number}")


def test_help_names_values_as_the_documentation_does(monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")
    said = told("models", "list", "--help")[1]
    assert "bool" not in said
    for name in ("SEARCH", "LIMIT", "WORKSPACE"):
        assert f" {name} " in said


def test_what_is_piped_has_no_colours_and_is_not_cut(mlws):
    mlws("init")
    mlws("submit", "--wait", "-t", f"why={'long ' * 50}", "train.py")
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)
    words = [sys.executable, "-m", "jupyter_mlws.cli", "run", "show", "1"]
    said = subprocess.run(words, capture_output=True, check=True, env=environment, text=True).stdout
    assert f"why = {'long ' * 50}".strip() in said
    assert "\x1b" not in said
    assert "…" not in said


def test_an_interrupt_leaves_the_run_and_says_how_to_cancel_it(mlws):
    mlws("init")
    Path("slow.py").write_text("import time; print('begun', flush=True); time.sleep(300)")
    words = [sys.executable, "-m", "jupyter_mlws.cli", "submit", "--wait", "slow.py"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as shell:
        while "begun" not in (shell.stdout.readline() if shell.stdout else "begun"):
            time.sleep(0.01)
        shell.send_signal(signal.SIGINT)
        said = shell.communicate(timeout=60)[1]
    assert shell.returncode == 130
    assert "Run #1 goes on. Cancel it: mlws run cancel 1" in said
    assert mlws.json("run", "show", "1")["run"]["status"] == "Running"
    mlws("run", "cancel", "1")


def test_the_command_line_starts_without_the_library_of_the_database():
    code = "import sys, jupyter_mlws.cli.app; print([name for name in ('sqlalchemy', 'numpy') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert said == "[]\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("submit --wacth train.py", "There is no option --wacth. Did you mean --watch?"),
        ("submit --nothing-like-it train.py", "There is no option --nothing-like-it. A script's own follow its name: "),
        ("submit trian.py", "There is no script 'trian.py'. Did you mean train.py?"),
        ("submit nowhere/train.py", "There is no script 'nowhere/train.py'. There is no folder 'nowhere'."),
        ("runs -s Runing", "There is no status 'Runing'. Known: NotStarted, "),
        ("runs -n 0", "Invalid value for '--limit' / '-n': "),
        ("env show skleanr", "There is no environment 'skleanr'. Did you mean sklearn? List them: mlws env list."),
        ("experiments archive Kpet", "There is no experiment 'Kpet'. Did you mean kept?"),
        ("experiments archive other", "There is no experiment 'other'. An experiment appears with its first run."),
        ("models show digtis", "There is no model 'digtis'. Did you mean digits? List the models "),
        ("trust nowhere", "There is no folder 'nowhere'. Name a project's folder, or its .mlws/config.json."),
        ("export 1", "Name one run and a file, or a file with --all or --filter. Such as: mlws export 12 run-12.zip"),
        ("export 1 here.zip", "here.zip is there already. Choose another name, or give --overwrite."),
        ("import tensorboard", "No folder of event files is named. Name what tensorboard --logdir is given: "),
    ],
)
def test_what_was_mistyped_is_answered_with_what_was_meant(place_with_a_run, words, sentence):
    code, said = told(*words.split())
    assert said.startswith(f"mlws: {sentence}")
    assert code in EXIT_CODES


@pytest.fixture(scope="module")
def place_with_a_run(tmp_path_factory):
    """A workspace with an experiment and a model, for many mistakes."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "train.py").write_text("")
    (folder / "here.zip").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert told("init")[0] == 0
        workspace = Workspace.from_config()
        run = Experiment(workspace, "kept").start_logging(snapshot_directory=None)
        run.complete()
        Model.register(workspace, folder / "train.py", "digits")
        yield folder
        told("stop")

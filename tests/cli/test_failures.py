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


def test_no_command_shows_the_help_and_is_no_success(mlws):
    for words in ([], ["run"]):
        code, said = told(*words)
        assert (code, "Usage: mlws" in said) == (2, True)


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

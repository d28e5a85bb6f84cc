"""The command line, on a real workspace with a real dispatcher."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest


def test_init_submit_and_find(mlws):
    assert "is ready" in mlws("init")
    assert Path(".mlws/config.json").is_file()
    told = mlws("submit", "--wait", "-t", "owner=ada", "train.py", "--lr", "0.1", "--wait")
    assert "Run #1" in told
    assert "['--lr', '0.1', '--wait']" in told
    assert re.search(r"#1 +project +✔ Completed +loss 0.25", mlws("runs"))
    shown = mlws("run", "show", "1")
    assert "owner = ada" in shown
    assert "loss 0.25" in shown
    assert mlws("run", "logs", "1", "-f") == "['--lr', '0.1', '--wait']\n"


def test_every_answer_is_had_in_json(mlws):
    assert mlws.json("init")["run_count"] == 0
    run = json.loads(mlws("submit", "--wait", "--json", "train.py"))
    assert run["status"] == "Completed"
    assert [r["number"] for r in mlws.json("runs")] == [1]
    assert mlws.json("run", "show", "1")["metrics"] == {"loss": 0.25}
    assert mlws.json("run", "logs", "1")["text"] == "[]\n"
    assert mlws.json("run", "cancel", "1")["status"] == "Completed"
    assert {finding["level"] for finding in mlws.json("doctor")} <= {"ok", "warning"}
    assert mlws.json("stop") == {"stopped": True}


def test_a_failed_run_under_wait_exits_with_1_and_its_cause(mlws):
    Path("bad.py").write_text("raise SystemExit(7)")
    assert "7" in mlws("submit", "--wait", "bad.py", fails=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "show", "99"], "99"),
        (["submit", "nothing.py"], "There is no script 'nothing.py'"),
        (["submit", "-c", "gpu1", "train.py"], "local"),
        (["submit", "-e", "a b", "train.py"], "cannot be the name of an experiment"),
        (["runs", "--status", "asleep"], "Running"),
        (["run", "logs", "--name", "../../etc/passwd", "99"], "99"),
    ],
)
def test_mistakes_are_one_sentence_with_a_way_out(mlws, words, said):
    told = mlws(*words, fails=True)
    assert said in told
    assert told.startswith("mlws: ")
    assert "Traceback" not in told


def test_doctor_leaves_a_stopped_dispatcher_stopped(mlws):
    mlws("init")
    assert "rests" in mlws("doctor")
    assert mlws.json("stop") == {"stopped": False}


def test_the_dispatcher_of_a_damaged_workspace_can_be_stopped(mlws):
    mlws("init")
    mlws("submit", "--wait", "train.py")
    next(Path(".mlws").rglob("workspace.json")).write_text("{damaged")

    def anew(*words: str) -> str:  # this process may still have it open
        command = [sys.executable, "-m", "jupyter_mlws.cli", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    assert "damaged" in anew("runs")
    assert json.loads(anew("stop", "--json")) == {"stopped": True}
    assert json.loads(anew("stop", "--json")) == {"stopped": False}


def test_doctor_explains_a_workspace_that_is_newer(mlws):
    mlws("init")
    marker = next(Path(".mlws").rglob("workspace.json"))
    facts = json.loads(marker.read_text())
    key = next(k for k in facts if "format" in k or "version" in k)
    marker.write_text(json.dumps({**facts, key: 999}))
    told = mlws("doctor", fails=True)
    assert "newer" in told

"""A run that is carried to another machine and done again there, without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import Environment, Experiment, ScriptRunConfig, Workspace

# Whole digits of chance, logged: they are the same again, or not.
SCRIPT = """
import random, sys
import six
from jupyter_mlws import Run

assert "environments" in sys.prefix, sys.prefix
run, chance = Run.get_context(), random.Random(7)
for _ in range(1000):
    run.log("loss", chance.random() / 3)
run.log("six", float(six.__version__.replace(".", "")))
"""

# Run by a fresh user on what could be another machine: all that it has of the first is the archives.
ELSEWHERE = """
import json, sys
from jupyter_mlws import Workspace
from jupyter_mlws import workspace as room
from jupyter_mlws.errors import RunFailed

place, *archives, number = sys.argv[1:]
ws = Workspace(place)
found = []
try:
    for archive in archives:
        report = ws.import_archive(archive)
        run = ws.run(int(number))
        can = run.reproducibility()
        again = run.rerun()
        try:
            again.wait_for_completion()
        except RunFailed:
            pass
        found.append({
            "wheels": report.wheels_added,
            "environments": report.environments_added,
            "can": can.can,
            "codes": [reason.code for reason in can.reasons],
            "lock": again.properties.get("mlws.lock_digest"),
            "told": can.lock_digest,
            "snapshot": again.record.snapshot_id,
            "status": again.status,
            "error": again.record.error.message if again.record.error else "",
            "same": [again.metric(name).value.tobytes() == run.metric(name).value.tobytes() for name in ("loss", "six")]
            if again.status == "Completed" else [],
        })
finally:
    room.stop_dispatcher(ws.location)
print(json.dumps(found))
"""


def elsewhere(home: Path, *words: object, alone: bool) -> list[dict[str, Any]]:
    """Do it as a user with an empty home; `alone`: on a machine without any network."""
    home.mkdir()
    runtime = home / "r"
    runtime.mkdir(mode=0o700)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "UV_", "PIP_", "MLWS_"))}
    user = {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "MLWS_INDEX_RETRIES": "0"}
    # Nobody listens there.
    user |= {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0", "UV_PYTHON_DOWNLOADS": "never"}
    command = [sys.executable, "-c", ELSEWHERE, str(home / "w"), *map(str, words)]
    done = subprocess.run(
        ["unshare", "-rn", *command] if alone else command,
        env=user,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answer


def can_be_alone() -> bool:
    try:
        return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.usefixtures("own_index")
def test_a_carried_run_is_done_again_without_a_network(ws: Workspace, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text(SCRIPT)
    env = Environment("small", packages=["mlws-demo", "six==1.16.0"])
    run = Experiment(ws, "x").submit(ScriptRunConfig(project, "train.py", environment=env))
    run.wait_for_completion()
    lean = run.export(tmp_path / "lean.zip")
    whole = run.export(tmp_path / "whole.zip", with_environment=True)
    assert run.reproducibility().reasons == ()

    without, with_packages = elsewhere(tmp_path / "other", lean, whole, run.number, alone=can_be_alone())

    assert (without["can"], without["codes"], without["wheels"]) == (True, ["needs_network"], 0)
    assert without["status"] == "Failed"
    assert "index of packages cannot be reached" in without["error"]
    assert (with_packages["can"], with_packages["codes"], with_packages["wheels"]) == (True, [], 2)
    assert (with_packages["status"], with_packages["error"]) == ("Completed", "")
    assert with_packages["same"] == [True, True]
    assert with_packages["lock"] == with_packages["told"] == run.properties["mlws.lock_digest"]
    assert with_packages["snapshot"] == run.record.snapshot_id
    assert (without["environments"], with_packages["environments"]) == (1, 0)

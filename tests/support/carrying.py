"""A run that is carried to another machine: the script of the first, and what is done on the second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["SCRIPT", "elsewhere"]

_OF_THE_FIRST = ("XDG_", "UV_", "PIP_", "MLWS_WORKSPACE", "MLWS_DATA", "MLWS_CACHE", "MLWS_RUNTIME")
# Whole digits of chance, logged: they are the same again, or not.
SCRIPT = """
import random, sys
import six
from jupyter_mlws import Run

assert "jupyter_mlws" not in sys.prefix + six.__file__
run, chance = Run.get_context(), random.Random(7)
for _ in range(1000):
    run.log("loss", chance.random() / 3)
run.log("six", float(six.__version__.replace(".", "")))
"""

# Run by a fresh user on what could be another machine: all that it has of the first is the archives.
_ELSEWHERE = """
import json, sys
from jupyter_mlws import Workspace
from jupyter_mlws import workspace as room
from jupyter_mlws.errors import RunFailed

place, target, *archives, number = sys.argv[1:]
ws = Workspace(place)
found = []
try:
    for archive in archives:
        report = ws.import_archive(archive)
        run = ws.run(int(number))
        can = run.reproducibility()
        again = run.rerun(compute_target=target or None)
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


def elsewhere(home: Path, *words: object, target: str = "") -> list[dict[str, Any]]:
    """Import archives as a user with an empty home, do the run again after each, and say what came of it.

    Nobody serves packages there; where the system lets us, there is no network at all.

    Parameters
    ----------
    home : Path
    *words
        The archives, and the number of the run.
    target : str
        The compute target; by default that of the run.
    """
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_FIRST)}
    user = {**kept, "HOME": str(home), "MLWS_INDEX_RETRIES": "0"}
    # Nobody listens there.
    user |= {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0", "UV_PYTHON_DOWNLOADS": "never"}
    command = [sys.executable, "-c", _ELSEWHERE, str(home / "w"), target, *map(str, words)]
    # Sockets lie there, whose paths may not be long; those of a test's own folder are.
    with tempfile.TemporaryDirectory(prefix="mlws-") as runtime:
        done = subprocess.run(
            [*_alone(), *command],
            env={**user, "XDG_RUNTIME_DIR": runtime},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _alone() -> list[str]:
    """What starts a program without a network; nothing where this user may not."""
    command = ["unshare", "-rn"]
    try:
        may = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        may = False
    return command if may else []

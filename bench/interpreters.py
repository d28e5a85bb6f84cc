"""What a call of `log` costs on each Python of this machine, in one thread and in eight: python bench/interpreters.py.

The far side needs the standard library only, so each interpreter takes the package from its folder. Measured are those
named as arguments, or ``python3.10`` to ``python3.14`` on PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = [f"python3.{minor}" for minor in range(10, 15)]
ROOT = Path(__file__).parent.parent
# Calls are timed by the thousand, so that looking at the clock costs nothing of a call.
SCRIPT = """
import json, sys, threading, time
import jupyter_mlws as mlws

CALLS, BATCHES = 1000, 200

def times(log):
    found = []
    for _ in range(BATCHES):
        began = time.perf_counter_ns()
        for step in range(CALLS):
            log("loss", 0.5, step)
        found.append((time.perf_counter_ns() - began) / CALLS / 1000)
    return sorted(found)

def row(run):
    hundred = {f"metric {i}": 0.5 for i in range(100)}
    found = []
    for step in range(1000):
        began = time.perf_counter_ns()
        run.log_metrics(hundred, step)
        found.append((time.perf_counter_ns() - began) / 1000)
    return sorted(found)

run = mlws.Run.get_context()
alone = times(run.log)
began = time.perf_counter()
threads = [threading.Thread(target=times, args=(run.log,)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
eight = (time.perf_counter() - began) * 1e6 / (8 * CALLS * BATCHES)
print(json.dumps([alone[len(alone) // 2], eight, row(run)[500]]))
"""


def runs(python: str) -> bool:
    """Whether it does: one that a version manager names may refuse."""
    return subprocess.run([python, "-c", ""], check=False, stderr=subprocess.DEVNULL).returncode == 0


def measure(python: str) -> list[float]:
    """Microseconds of a call in one thread and in eight at once, and of a `log_metrics` of 100."""
    with tempfile.TemporaryDirectory() as place:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_DATA_HOME": place, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([python, "-c", SCRIPT], env=env, cwd=place, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure each interpreter in turns, five times, and print the medians."""
    pythons = sys.argv[1:] or [found for name in NAMES if (found := shutil.which(name)) and runs(found)]
    rounds: dict[str, list[list[float]]] = {python: [] for python in pythons}
    for _ in range(5):
        for python in pythons:
            rounds[python].append(measure(python))
    print("| Python | `log`, us | in 8 threads, us a call | `log_metrics` of 100, us |\n|---|---|---|---|")
    for python, found in rounds.items():
        version = subprocess.run(
            [python, "-c", "import platform; print(platform.python_version())"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.strip()
        one, eight, row = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"| {version} | {one:.2f} | {eight:.2f} | {row:.1f} |")


if __name__ == "__main__":
    main()

"""Environments beside bare uv: cold (nothing cached), warm (uv's cache is full), and 50 runs that want the same one.

``python bench/environments.py [--packages scikit-learn ...] [--rounds 3]``; figures go to
``.build/bench/environments.json``. Both get the same lock and the same index; each cold round has a cache folder of its
own. They take turns within a round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, configuration, locking

RUNS = 50


def always() -> bool:
    """It is wanted."""
    return True


def quiet(line: str) -> None:
    """Nobody reads it."""


def bare(lock: locking.Lock, folder: Path) -> None:
    """What a person types: ``uv venv`` and ``uv pip install``."""
    requirements = folder / "requirements.txt"
    requirements.write_text(lock.text)
    variables = configuration.variables()
    python = str(folder / "venv" / "bin" / "python")
    for words in (
        ["venv", "--quiet", "--python", lock.python, str(folder / "venv")],
        ["pip", "install", "--quiet", "--python", python, "--requirements", str(requirements)],
    ):
        subprocess.run(["uv", *words], env=variables, check=True, stdin=subprocess.DEVNULL)


def ours(lock: locking.Lock, folder: Path) -> None:
    """The same through the one builder."""
    os.environ["MLWS_CACHE_DIR"] = str(folder)
    building.build(lock, quiet, always)


def timed(work: Callable[[], None]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def one(how: Callable[[locking.Lock, Path], None], lock: locking.Lock, root: Path, cache: Path) -> float:
    """Build it once in an empty folder with this cache of uv's."""
    os.environ["UV_CACHE_DIR"] = str(cache)
    return timed(lambda: how(lock, Path(tempfile.mkdtemp(dir=root))))


def many(lock: locking.Lock, root: Path) -> tuple[float, int]:
    """50 at once; seconds, and how many of them built it."""
    os.environ["MLWS_CACHE_DIR"] = str(root / "many")
    built: list[str] = []

    def say(line: str) -> None:
        if line.startswith("Built in"):
            built.append(line)

    threads = [threading.Thread(target=building.build, args=(lock, say, always)) for _ in range(RUNS)]

    def run() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return timed(run), len(built)


def measure(packages: list[str], rounds: int, root: Path) -> dict[str, object]:
    """All figures, in seconds."""
    lock = locking.lock(EnvironmentSpec(packages=tuple(packages)), quiet, always)
    figures: dict[str, list[float]] = {f"{kind} {name}": [] for kind in ("cold", "warm") for name in ("uv", "ours")}
    for turn in range(rounds):
        systems = [("uv", bare), ("ours", ours)]
        for name, how in systems if turn % 2 == 0 else reversed(systems):
            cache = Path(tempfile.mkdtemp(dir=root))
            figures[f"cold {name}"].append(one(how, lock, root, cache))
            figures[f"warm {name}"].append(one(how, lock, root, cache))
    seconds, built = many(lock, root)
    medians = {name: statistics.median(times) for name, times in figures.items()}
    ratios = {kind: medians[f"{kind} ours"] / medians[f"{kind} uv"] for kind in ("cold", "warm")}
    return {"packages": packages, "seconds": figures, "ratio": ratios, "many_s": seconds, "many_built": built}


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", nargs="+", default=["scikit-learn"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with tempfile.TemporaryDirectory(prefix="mlws-bench-") as root:
        found = measure(options.packages, options.rounds, Path(root))
    target = Path(".build", "bench", "environments.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=2) + "\n")
    json.dump(found, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()

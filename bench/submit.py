"""How long a person waits after submitting: python bench/submit.py [--rounds N]."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import folders
import peers
from figures import keep

Start = Callable[[Path], None]


class Case(NamedTuple):
    """One line of the table: `start` runs a script that leaves the time in the file that it is given."""

    name: str
    start: Start
    goal_s: float | None = None
    before: Callable[[], None] | None = None


def main() -> None:
    """Measure, print the table, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with scratch() as place, ExitStack() as stack:
        figures = measure(cases(place, stack), prompts(place, stack), place, options.rounds)
    keep("submit", figures)


@contextmanager
def scratch() -> Iterator[Path]:
    """A user of its own: home, data and runtime folders that go away, whoever ends the program."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    place = Path(tempfile.mkdtemp(prefix="mlws-bench-"))
    for name, value in {
        "HOME": ".",
        "XDG_DATA_HOME": "data",
        "XDG_CACHE_HOME": "cache",
        "XDG_RUNTIME_DIR": "run",
    }.items():
        (place / value).mkdir(mode=0o700, exist_ok=True)
        os.environ[name] = str(place / value)
    os.environ["MLWS_WORKSPACE"] = str(place / "workspace")
    try:
        yield place
    finally:
        stop_dispatcher()
        shutil.rmtree(place, ignore_errors=True)


def stop_dispatcher() -> None:
    """Stop the dispatcher of the bench's workspace, if it lives."""
    subprocess.run([sys.executable, "-m", "jupyter_mlws.cli", "stop"], stdout=subprocess.DEVNULL, check=True)


def cases(place: Path, stack: ExitStack) -> list[Case]:
    """What is timed from the call to the script's first line."""
    small, large = folders.small(place / "small"), folders.large(place / "large")
    found = [
        Case("bare python", partial(peers.bare_python, small)),
        Case("jupyter-mlws, 20 files", partial(submit, small), 0.3),
        Case("jupyter-mlws, 1,000 files / 50 MB, unchanged", partial(submit, large), 0.7),
        Case("jupyter-mlws, 1,000 files / 50 MB, first time", partial(submit, large), 1.2, partial(renew, large)),
    ]
    there = peers.there(["mlflow", "ray"])
    if "mlflow" in there:
        found.append(Case("mlflow run, 20 files (no snapshot)", partial(peers.mlflow_run, small)))
    if "ray" in there:
        address = stack.enter_context(peers.ray_head(place))
        found.append(Case("ray job submit, 20 files", partial(peers.ray_job, small, address=address)))
    return found


def submit(folder: Path, mark: Path) -> None:
    """Ours: `Experiment.submit` of a folder, to a dispatcher that is awake; then wait for the end."""
    from jupyter_mlws import Experiment, ScriptRunConfig, Workspace

    config = ScriptRunConfig(source_directory=str(folder), script="script.py", arguments=[str(mark)])
    Experiment(Workspace.from_config(), "bench").submit(config).wait_for_completion()


def renew(folder: Path) -> None:
    """Give every file bytes that no store has seen, so that the next time is a first time."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in ("script.py", "MLproject", "pyproject.toml"):
            data = path.read_bytes()
            path.write_bytes(os.urandom(16).hex().encode() + data[32:])


def prompts(place: Path, stack: ExitStack) -> list[tuple[str, Callable[[], float], float]]:
    """What is timed from a cell's execution to the free prompt, in a real kernel."""
    from kernel import Kernel

    folder = place / "large"
    kernel = stack.enter_context(Kernel(folder))
    kernel.run("%load_ext jupyter_mlws\nimport numpy as np\nX = np.random.default_rng(0).random(12_500_000)")
    cell = "%%submit bench\nprint(X.sum())"

    def warm() -> float:
        took = kernel.run(cell)
        kernel.run("_.wait_for_completion()")
        return took

    def fresh() -> float:
        stop_dispatcher()
        with Kernel(folder) as other:
            other.run("%load_ext jupyter_mlws\nX = 1")
            took = other.run("%%submit bench\nprint(X)")
            other.run("_.wait_for_completion()")
            return took

    return [
        ("%%submit, prompt, 100 MB captured, 1,000 files", warm, 1.0),
        ("%%submit, prompt, fresh kernel, no dispatcher, 1,000 files", fresh, 2.5),
    ]


def measure(
    scripts: list[Case], cells: list[tuple[str, Callable[[], float], float]], place: Path, rounds: int
) -> dict[str, list[float]]:
    """All cases, taking turns; one round before the first is thrown away."""
    figures: dict[str, list[float]] = {case.name: [] for case in scripts} | {name: [] for name, *_ in cells}
    for turn in range(rounds + 1):
        print(f"\rround {turn} of {rounds}", end="", flush=True, file=sys.stderr)
        for case in scripts:
            took = to_first_line(case, place / "mark")
            if turn:
                figures[case.name].append(took)
        # A kernel's start is slow and its reply steady: a few of these are enough.
        for name, cell, _ in cells if turn % 4 == 0 else ():
            took = cell()
            if turn or rounds < 4:
                figures[name].append(took)
    print(file=sys.stderr)
    table(figures, {case.name: case.goal_s for case in scripts} | {name: goal for name, _, goal in cells})
    return figures


def to_first_line(case: Case, mark: Path) -> float:
    """Seconds from the call to the script's first statement."""
    if case.before:
        case.before()
    mark.unlink(missing_ok=True)
    began = time.time()
    case.start(mark)
    return float(mark.read_text()) - began


def table(figures: dict[str, list[float]], goals: dict[str, float | None]) -> None:
    """Medians, in milliseconds."""
    print(f"{'':60} {'median':>8} {'min':>8} {'max':>8} {'goal':>8}   ms")
    for name, values in figures.items():
        cells = [statistics.median(values), min(values), max(values), goals[name]]
        text = " ".join(f"{'' if cell is None else round(cell * 1000):>8}" for cell in cells)
        print(f"{name:60} {text}")


if __name__ == "__main__":
    main()

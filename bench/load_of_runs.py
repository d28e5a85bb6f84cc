"""What many runs that log at once cost: python bench/load_of_runs.py [--runs N] [--seconds N].

The short form of `make soak PART=load`, which goes on for five minutes: every run logs 1,000 points a second while
somebody asks the server 20 questions a second.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from figures import Figures, keep
from submit import scratch

# With the tests, which hold these figures to their limits.
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
sys.path.append(str(Path(__file__).parent.parent / "tests" / "soak"))

from jupyter_process import JupyterProcess
from load import Load

from jupyter_mlws.workspace import stop_dispatcher

RATE = 1_000
_LOG_SHOWN = 4_000
LOST, ANSWERS, CPU, MEMORY = "points lost", "answers of the server, 99 of 100", "dispatcher", "memory of the dispatcher"
GOALS = {LOST: "0", ANSWERS: "250 ms", CPU: "100 % of a core", MEMORY: "300 MiB"}
UNITS = {LOST: ("", 1.0), ANSWERS: ("ms", 1000.0), CPU: ("% of a core", 100.0), MEMORY: ("MiB", 1.0)}


def main() -> None:
    """Measure, print the table, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    os.environ["MLWS_LOCAL_SLOTS"] = str(options.runs)
    figures = Figures(GOALS)
    with scratch(), tempfile.TemporaryDirectory() as place:
        measure(figures, Path(place), options.runs, options.seconds)
    figures.show(UNITS.__getitem__, lambda what, name: name)
    keep("load", figures.raw)


def label(runs: int, seconds: int) -> str:
    """The name of a load."""
    return f"{runs} runs, {seconds} s"


def measure(figures: Figures, place: Path, runs: int, seconds: int) -> None:
    """Put one load on a workspace."""
    name = label(runs, seconds)
    load = Load(place, runs=runs, rate=RATE, seconds=seconds)
    try:
        with JupyterProcess(place, place / "server.log") as server:
            load.submit()
            answers, dispatcher, _ = load.drive(server, asks_per_s=20)
        if answers.failures:
            raise RuntimeError(f"The server did not answer {len(answers.failures)} questions: {answers.failures[0]}")
        figures.note(LOST, name, load.lost())
        figures.note(ANSWERS, name, answers.p99())
        figures.note(CPU, name, dispatcher.cpu)
        figures.note(MEMORY, name, dispatcher.rss_mib)
    except Exception:
        log = place / "server.log"
        print(log.read_text()[-_LOG_SHOWN:] if log.exists() else "The server did not start.", file=sys.stderr)
        raise
    finally:
        end(load)


def end(load: Load) -> None:
    """Leave no script behind: those of a load that failed wait for its beginning for ever."""
    if load.parent and not load.api.runs.get(load.parent).status.is_terminal:
        run = load.ws.run(load.parent)
        run.cancel()
        run.wait_for_completion(raise_on_error=False)
    stop_dispatcher(load.folder)


if __name__ == "__main__":
    main()

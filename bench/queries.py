"""How long a person waits for runs among very many: python bench/queries.py [--rounds N] [--runs N] [--many N].

Making the runs takes much longer than asking for them; with ``--keep FOLDER`` they are made once.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import peers
from submit import scratch

RESULTS = Path(".build") / "bench" / "queries.json"
HERE = Path(__file__).parent
QUESTIONS = {
    "top": "the best 100 by a metric",
    "filter": "every run with m0 < 0.5",
    "read": "every run with m0 < 0.5, all their values read",
}
# Milliseconds, by question and number of runs.
GOALS = {("top", 10_000): 5, ("filter", 10_000): 30, ("top", 1_000_000): 20}


class System:
    """A tool in a process of its own."""

    def __init__(self, tool: str, folder: Path, count: int) -> None:
        self.tool, self.count = tool, count
        python = sys.executable if tool == "ours" else str(peers.ROOT / peers.PEERS[tool][0] / "bin" / "python")
        self._process = subprocess.Popen(
            [python, str(HERE / "query_systems.py"), tool, str(folder), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": str(HERE)},
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{self.tool} ended")
        return line

    def ask(self, question: str) -> tuple[float, int]:
        """Seconds, and how many runs were found."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{question}\n")
        seconds, found = json.loads(self._line())
        return seconds, found

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def main() -> None:
    """Measure, print the tables, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--runs", type=int, default=10_000, help="of every tool")
    parser.add_argument("--many", type=int, default=1_000_000, help="of ours alone; 0 for none")
    parser.add_argument("--keep", type=Path, help="make the runs in this folder, or take those that are there")
    options = parser.parse_args()
    with scratch() as place:
        kept = (options.keep or place).absolute()
        figures = compare(kept, options.runs, options.rounds)
        if options.many:
            figures |= survey(kept, options.many, options.rounds)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(figures, indent=1))
    print(f"\nRaw figures: {RESULTS}")


def compare(place: Path, count: int, rounds: int) -> dict[str, list[float]]:
    """All tools with as many runs, asked in turns."""
    tools = ["ours", *(tool for tool in ("trackio", "mlflow") if peers.environment(tool))]
    for tool in ("trackio", "mlflow"):
        if tool not in tools:
            print(f"{tool}: not measured, it is not installed under {peers.ROOT} (--install-peers does it).")
    with ExitStack() as stack:
        systems = [stack.enter_context(made(tool, place / f"{tool}-{count}", count)) for tool in tools]
        return asked(systems, tuple(QUESTIONS), rounds)


def survey(place: Path, count: int, rounds: int) -> dict[str, list[float]]:
    """Ours with very many runs: what is answered from an index."""
    with made("ours", place / f"ours-{count}", count) as system:
        return asked([system], ("top",), rounds)


@contextmanager
def made(tool: str, folder: Path, count: int) -> Iterator[System]:
    """A tool that has its runs already, in a fresh process."""
    whole = folder.with_name(f"{folder.name}.made")
    if not whole.exists():
        maker = System(tool, folder, count)
        seconds, _ = maker.ask("make")
        maker.close()
        whole.touch()
        print(f"{tool}: {count:,} runs were made in {seconds:.0f} s (not compared: ours are written straight).")
    system = System(tool, folder, count)
    yield system
    system.close()


def asked(systems: list[System], questions: tuple[str, ...], rounds: int) -> dict[str, list[float]]:
    """The seconds of each question to each system, in rounds that go from system to system; a first one warms up."""
    figures: dict[str, list[float]] = {}
    found: dict[str, int] = {}
    for i in range(rounds + 1):
        for question in questions:
            for system in systems:
                seconds, count = system.ask(question)
                key = f"{question} {system.count} {system.tool}"
                found[key] = count
                if i:
                    figures.setdefault(key, []).append(seconds)
    for question in questions:
        count = systems[0].count
        goal = GOALS.get((question, count))
        print(f"\n{QUESTIONS[question]}, of {count:,}{'' if goal is None else f' (goal: {goal} ms)'}")
        for system in systems:
            key = f"{question} {count} {system.tool}"
            each = [1000 * seconds for seconds in figures[key]]
            print(
                f"  {'jupyter-mlws' if system.tool == 'ours' else system.tool:14}"
                f"{statistics.median(each):10.1f} ms   {min(each):.1f} to {max(each):.1f}   {found[key]:,} runs",
                flush=True,
            )
    return figures


if __name__ == "__main__":
    main()

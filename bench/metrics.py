"""What logging, keeping and reading metrics costs: python bench/metrics.py [--rounds N] [--only TOOL,...] [--grow].

Each tool is asked in turns, by a process of its own that logs and another that reads.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import peers
from submit import scratch

RESULTS = Path(".build") / "bench" / "metrics.json"
HERE = Path(__file__).parent
PIXELS = 1000
ROW = 100


class Sizes(NamedTuple):
    """How much a tool is asked for, so that each has about as long: points, rows of a hundred, points of a series."""

    points: int
    rows: int
    series: int


TOOLS = {
    "limit": Sizes(1_000_000, 10_000, 1_000_000),
    "ours": Sizes(1_000_000, 10_000, 1_000_000),
    "trackio": Sizes(100_000, 1_000, 1_000_000),
    "aim": Sizes(20_000, 500, 1_000_000),
    "mlflow": Sizes(500, 100, 100_000),
}
SHOWN = {"limit": "limit: file and numpy", "ours": "jupyter-mlws"}
# Of a quiet machine, by what is measured.
GOALS = {
    "log, median": "0.7 us",
    "log, 99 of 100": "3 us",
    "log, until another process sees all": "600,000 points/s",
    "row of 100, median": "40 us",
    "row of 100, until another process sees all": "1,500,000 points/s",
    "read all": "60 ms",
    "chart of 1,000": "10 ms",
}


class System:
    """A tool in a process of its own."""

    def __init__(self, tool: str, folder: Path) -> None:
        self.tool = tool
        inside = tool in ("ours", "limit")
        python = sys.executable if inside else str(peers.ROOT / peers.PEERS[tool][0] / "bin" / "python")
        self._process = subprocess.Popen(
            [python, str(HERE / "metric_systems.py"), tool, str(folder)],
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

    def ask(self, what: str, *given: Any) -> Any:
        """The answer to an operation of `metric_systems`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([what, *given]) + "\n")
        return json.loads(self._line())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


@contextmanager
def asking(tool: str, folder: Path) -> Iterator[System]:
    """A tool's process, which ends with the block."""
    system = System(tool, folder)
    try:
        yield system
    finally:
        system.close()


class Figures:
    """What was measured, by what and by tool, in the order of its coming."""

    def __init__(self) -> None:
        self.raw: dict[str, dict[str, list[float]]] = {}

    def note(self, what: str, tool: str, value: float) -> None:
        """Keep a figure."""
        self.raw.setdefault(what, {}).setdefault(tool, []).append(value)

    def show(self, unit: Callable[[str], tuple[str, float]]) -> None:
        """Print the medians, with the smallest and the largest."""
        for what, tools in self.raw.items():
            goal = GOALS.get(what)
            print(f"\n{what}{'' if goal is None else f' (goal: {goal})'}")
            for tool, found in tools.items():
                name, factor = unit(what)
                low, middle, high = (factor * f(found) for f in (min, statistics.median, max))
                print(f"  {SHOWN.get(tool, tool):24}{middle:14,.2f} {name:9}  {low:,.2f} to {high:,.2f}", flush=True)


def unit(what: str) -> tuple[str, float]:
    """What a figure is shown in, and by how much it is multiplied for that."""
    if "sees all" in what:
        return "points/s", 1.0
    if "bytes" in what:
        return "bytes", 1.0
    if "read" in what or "chart" in what:
        return "ms", 1000.0
    return "us", 1.0


def main() -> None:
    """Measure, print the tables, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="these tools, with commas")
    parser.add_argument("--grow", action="store_true", help="ours alone, at 1, 10 and 100 times the work")
    options = parser.parse_args()
    with scratch() as place:
        figures = grown(place, options.rounds) if options.grow else compared(place, options.rounds, options.only)
    figures.show(unit)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(figures.raw, indent=1))
    print(f"\nRaw figures: {RESULTS}")


def compared(place: Path, rounds: int, only: str) -> Figures:
    """All tools in turns."""
    figures = Figures()
    tools = [tool for tool in TOOLS if not only or tool in only.split(",")]
    for tool in [tool for tool in tools if tool in peers.PEERS and not peers.environment(tool)]:
        print(f"{tool}: not measured, it is not installed under {peers.ROOT} (--install-peers of submit.py does it).")
        tools.remove(tool)
    folders = {tool: place if tool == "ours" else place / tool for tool in tools}
    filled = {}
    for tool in tools:
        with asking(tool, folders[tool]) as system:
            filled[tool] = system.ask("fill", TOOLS[tool].series)
            system.ask("seen", filled[tool], "loss", TOOLS[tool].series)
    for turn in range(rounds):
        print(f"\rround {turn + 1} of {rounds}", end="", flush=True, file=sys.stderr)
        for tool in tools:
            log(figures, tool, tool, folders[tool], TOOLS[tool].points, 1)
            log(figures, tool, tool, folders[tool], TOOLS[tool].rows, ROW)
            read(figures, tool, tool, folders[tool], filled[tool])
    print(file=sys.stderr)
    return figures


def grown(place: Path, rounds: int) -> Figures:
    """Ours at 1, 10 and 100 times the work, and what the points take on the disk."""
    figures = Figures()
    for count in (100_000, 1_000_000, 10_000_000):
        before = stored(place)
        with asking("ours", place) as system:
            ref = system.ask("fill", count)
            system.ask("seen", ref, "loss", count)
        figures.note("bytes on the disk for a point", f"{count:,} points", (stored(place) - before) / count)
        for _ in range(rounds):
            read(figures, f"{count:,} points", "ours", place, ref)
    for _ in range(rounds):
        for count in (10_000, 100_000, 1_000_000):
            log(figures, f"{count:,} points", "ours", place, count, 1)
            log(figures, f"{count // ROW:,} rows", "ours", place, count // ROW, ROW)
    return figures


def log(figures: Figures, label: str, tool: str, folder: Path, count: int, width: int) -> None:
    """Log in one process, and wait in another until all is there."""
    what = "log" if width == 1 else f"row of {width}"
    name, known = ("loss", count + 1) if width == 1 else ("m7", count + 1)
    with ExitStack() as stack:
        writer, reader = (stack.enter_context(asking(tool, folder)) for _ in range(2))
        found = writer.ask("log", count, width)
        took = reader.ask("seen", found["ref"], name, known) - found["began"]
        writer.ask("end")
    figures.note(f"{what}, median", label, found["median_us"])
    figures.note(f"{what}, 99 of 100", label, found["p99_us"])
    figures.note(f"{what}, until another process sees all", label, count * width / took)


def read(figures: Figures, label: str, tool: str, folder: Path, ref: Any) -> None:
    """Read a whole series, and one as wide as a chart, in a process that has done so once."""
    with asking(tool, folder) as system:
        for what, *given in (("read", ref, "loss"), ("chart", ref, "loss", PIXELS)):
            system.ask(what, *given)
            name = "read all" if what == "read" else f"chart of {PIXELS:,}"
            figures.note(name, label, system.ask(what, *given)["s"])


def stored(place: Path) -> int:
    """Bytes of the workspace's database."""
    path = place / "workspace" / "mlws.sqlite"
    if not path.exists():
        return 0
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.stat().st_size


if __name__ == "__main__":
    main()

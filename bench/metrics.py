"""What logging, keeping and reading metrics costs: python bench/metrics.py [--rounds N] [--only TOOL,...].

The tools are asked in turns, each by a process of its own that logs and another that reads.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import peers
from figures import Figures, keep
from submit import scratch
from tool_process import Make, ToolProcess, once

KEPT = peers.ROOT / "series"
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
    "trackio": Sizes(40_000, 500, 1_000_000),
    "aim": Sizes(5_000, 100, 100_000),
    "mlflow": Sizes(200, 20, 50_000),
}
SHOWN = {"limit": "limit: file and numpy", "ours": "jupyter-mlws"}
READ, FRAME, CHART, BYTES = (
    "read all",
    "read all, as a data frame",
    f"chart of {PIXELS:,}",
    "bytes on the disk for a point",
)
LOG, LOG_ROW = "log", f"row of {ROW}"
MEDIAN, P99, SEEN = "median", "99 of 100", "until another process sees all"
# Of a quiet machine, by what is measured.
GOALS = {
    f"{LOG}, {MEDIAN}": "0.7 us",
    f"{LOG}, {P99}": "3 us",
    f"{LOG}, {SEEN}": "600,000 points/s",
    f"{LOG_ROW}, {MEDIAN}": "40 us",
    f"{LOG_ROW}, {SEEN}": "1,500,000 points/s",
    READ: "60 ms",
    FRAME: "60 ms",
    CHART: "10 ms",
}


def begin(tool: str, folder: Path, stack: ExitStack) -> ToolProcess:
    """A process of a tool, until the stack ends."""
    process = ToolProcess(tool, tool in SHOWN, "metric_systems.py", folder)
    stack.callback(process.close)
    return process


class Pair:
    """A tool in two processes, one that logs and one that sees what was logged.

    Parameters
    ----------
    tool : str
    folder : Path
    stack : ExitStack
        Whose end is that of the processes.
    """

    def __init__(self, tool: str, folder: Path, stack: ExitStack) -> None:
        self.writer, self.reader = begin(tool, folder, stack), begin(tool, folder, stack)

    def log(self, count: int, width: int) -> tuple[float, float, float]:
        """What a call takes, median and 99 of 100, in us; and points/s until the other process sees all."""
        found = self.writer.ask("log", count, width)
        took = self.reader.ask("seen", found["ref"], "loss" if width == 1 else "m7", count + 1) - found["began"]
        self.writer.ask("end")
        return found["median_us"], found["p99_us"], count * width / took


class Reader:
    """A process of a tool that reads a run of one long series, which another made.

    Parameters
    ----------
    tool : str
    place : Path
        Where the run's folder is, or is to be made.
    stack : ExitStack
        Whose end is that of the process.
    """

    def __init__(self, tool: str, place: Path, stack: ExitStack) -> None:
        folder, make = series_of(tool, place)
        self._ref = once(folder, make)
        self._process = begin(tool, folder, stack)
        self.bytes_of_a_point = self._process.ask("bytes") / TOOLS[tool].series
        for question in questions(tool).values():
            self.seconds(*question)  # what is imported for the first answer is no part of the others

    def seconds(self, what: str, *given: Any) -> float:
        """How long it takes to ``read`` the series, to have a ``frame`` or a ``chart`` of it."""
        return float(self._process.ask(what, self._ref, "loss", *given)["s"])


def questions(tool: str) -> dict[str, tuple[Any, ...]]:
    """What a tool that reads is asked, by its name in the table."""
    asked: dict[str, tuple[Any, ...]] = {READ: ("read",), CHART: ("chart", PIXELS)}
    return asked | {FRAME: ("frame",)} if tool == "ours" else asked


def series_of(tool: str, place: Path) -> tuple[Path, Make]:
    """The folder of a tool's long series, and how it is made."""
    count = TOOLS[tool].series
    folder = place / f"{tool}-{count}"
    return folder, partial(fill, tool, folder, count)


def fill(tool: str, folder: Path, count: int) -> Any:
    """Make the run that is read."""
    with ExitStack() as stack:
        process = begin(tool, folder, stack)
        ref = process.ask("fill", count)
        process.ask("seen", ref, "loss", count)
    if tool == "ours":
        end_dispatcher(folder)
        pack(folder / "workspace")
    return ref


def pack(workspace: Path) -> None:
    """Pack the one run of a workspace and give back what that frees, as a dispatcher does half a minute later."""
    from jupyter_mlws.store import Store
    from jupyter_mlws.store.packing import pack_one, series_to_pack

    with Store.open(workspace) as store:
        with store.read() as c:
            found = series_to_pack(c, [1])
        for number, name in found:
            with store.write() as c:
                pack_one(c, number, name)
        given = True
        while given:
            with store.write():
                given = store.give_back() > 0
        store.settle()


def end_dispatcher(folder: Path) -> None:
    """End ours of a tool's folder, which takes up what is left first."""
    from jupyter_mlws.workspace import stop_dispatcher

    stop_dispatcher(folder / "workspace")


def unit(what: str) -> tuple[str, float]:
    """What a figure is shown in, and by how much it is multiplied for that."""
    if SEEN in what:
        return "points/s", 1.0
    if what == BYTES:
        return "bytes", 1.0
    if what in (READ, FRAME, CHART):
        return "ms", 1000.0
    return "us", 1.0


def shown(what: str, tool: str) -> str:
    """A tool's name, and how long its series is where that is not the million of ours."""
    size = TOOLS[tool].series
    fewer = what in (READ, CHART, BYTES) and size < TOOLS["ours"].series
    return SHOWN.get(tool, tool) + (f" ({size:,} points)" if fewer else "")


def main() -> None:
    """Measure, print the tables, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="these tools, with commas")
    parser.add_argument("--keep", type=Path, default=KEPT, help="where the peers' long series are")
    options = parser.parse_args()
    only = options.only.split(",") if options.only else list(TOOLS)
    tools = peers.there([tool for tool in TOOLS if tool in only])
    with scratch() as place, ExitStack() as stack:
        figures = compared(tools, place, options.keep.absolute(), options.rounds, stack)
    figures.show(unit, shown)
    keep("metrics", figures.raw)


def compared(tools: list[str], place: Path, kept: Path, rounds: int, stack: ExitStack) -> Figures:
    """All tools in turns; ours and the limit make what is read anew."""
    figures = Figures(GOALS)
    readers = {}
    for tool in tools:
        readers[tool] = Reader(tool, place if tool in SHOWN else kept, stack)
        figures.note(BYTES, tool, readers[tool].bytes_of_a_point)
    if "ours" in tools:
        stack.callback(end_dispatcher, place / "ours")
    pairs = {tool: Pair(tool, place / tool, stack) for tool in tools}
    for turn in range(rounds):
        print(f"\rround {turn + 1} of {rounds}", end="", flush=True, file=sys.stderr)
        for tool in tools:
            log(figures, tool, pairs[tool])
            read(figures, tool, readers[tool])
    print(file=sys.stderr)
    return figures


def log(figures: Figures, tool: str, pair: Pair) -> None:
    """One round of a tool that logs."""
    sizes = TOOLS[tool]
    note_log(figures, LOG, tool, pair.log(sizes.points, 1))
    note_log(figures, LOG_ROW, tool, pair.log(sizes.rows, ROW))


def read(figures: Figures, tool: str, reader: Reader) -> None:
    """One round of a tool that reads."""
    for what, question in questions(tool).items():
        if not figures.has_enough(what, tool):
            figures.note(what, tool, reader.seconds(*question))


def note_log(figures: Figures, what: str, label: str, found: tuple[float, float, float]) -> None:
    """Keep what `Pair.log` tells."""
    for name, value in zip((MEDIAN, P99, SEEN), found, strict=True):
        figures.note(f"{what}, {name}", label, value)


if __name__ == "__main__":
    main()

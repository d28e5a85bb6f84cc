"""How long a person waits for runs among very many: python bench/queries.py [--rounds N] [--runs N] [--many N].

Making the runs takes much longer than asking for them: they are made once, and kept beside the peers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import peers
from figures import SLOW_S, Figures, keep
from submit import scratch
from tool_process import Make, ToolProcess, once

from jupyter_mlws.workspace import stop_dispatcher

KEPT = peers.ROOT / "runs"
TOOLS = ("ours", "trackio", "mlflow")
RUNS, MANY = 10_000, 1_000_000
# Of a tool that takes as long for its runs as all others together: its time grows with their number.
FEWER = {"mlflow": 1_000}
QUESTIONS = {
    "page": "the newest 100",
    "top": "the best 100 by a metric",
    "filter": "every run with m0 < 0.5",
    "read": "every run with m0 < 0.5, all their values read",
}
# Of very many runs: what is answered from an index.
INDEXED = ("page", "top")
GROWTH = (10, 1)
LOG, LOG_SEEN = "a run of 10,000 points, a call", "a run of 10,000 points, until all can be read"
_LOGGED_ROUNDS = 5


def asked_of(question: str, count: int) -> str:
    """What is measured, in words: a question to so many runs."""
    return f"{QUESTIONS[question]}, of {count:,}"


def beside(what: str, count: int) -> str:
    """What is measured, in words: one more run beside so many."""
    return f"{what}, beside {count:,} runs"


GOALS = {
    asked_of("top", 10_000): "5 ms",
    asked_of("filter", 10_000): "30 ms",
    asked_of("top", 1_000_000): "20 ms",
    asked_of("page", 1_000_000): "300 ms",
    beside(LOG, 1_000_000): "0.7 us",
}


def main() -> None:
    """Measure, print the tables, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--runs", type=int, default=RUNS, help="of every tool, but for MLflow's")
    parser.add_argument("--many", type=int, default=MANY, help="of ours alone, and a tenth; 0 for none")
    parser.add_argument("--keep", type=Path, default=KEPT, help="where the runs are, or are to be made")
    options = parser.parse_args()
    figures, kept = Figures(GOALS), options.keep.absolute()
    with scratch():
        ask(figures, kept, peers.there(TOOLS), options.runs, tuple(QUESTIONS), options.rounds)
        for part in GROWTH if options.many else ():
            ask(figures, kept, ["ours"], options.many // part, INDEXED, options.rounds)
    figures.show(unit, lambda what, label: shown(label))
    keep("queries", figures.raw)


def shown(tool: str) -> str:
    """A tool's name, and how many runs it has where these are not as many as ours."""
    return "jupyter-mlws" if tool == "ours" else f"{tool} ({FEWER[tool]:,} runs)" if tool in FEWER else tool


def unit(what: str) -> tuple[str, float]:
    """What a figure is shown in, and by how much it is multiplied for that."""
    return ("us", 1.0) if what.startswith(LOG) else ("ms", 1000.0)


def ask(figures: Figures, place: Path, tools: Sequence[str], count: int, questions: Sequence[str], rounds: int) -> None:
    """Ask tools that have as many runs, in turns; and what one more run costs ours."""
    with ExitStack() as stack:
        systems = [stack.enter_context(made(tool, place, count)) for tool in tools]
        for turn in range(rounds + 1):
            for question in questions:
                what = asked_of(question, count)
                found = {each.tool: timed(figures, each, question, what, turn > 0) for each in systems}
                same = {found[tool] for tool in tools if _runs_of(tool, count) == count}
                if len(same - {None}) > 1:
                    raise SystemExit(f"The tools do not agree on {what}: {found}.")
        for _ in range(min(rounds, _LOGGED_ROUNDS)):
            call_us, seen_s = systems[0].ask("log")
            figures.note(beside(LOG, count), "ours", call_us)
            figures.note(beside(LOG_SEEN, count), "ours", seen_s)


def timed(figures: Figures, system: ToolProcess, question: str, what: str, is_warm: bool) -> int | None:
    """Ask one tool once; how many runs it found. The first answer counts only where a peer is slow anyway."""
    if figures.has_enough(what, system.tool):
        return None
    seconds, runs = system.ask(question)
    if is_warm or (seconds > SLOW_S and system.tool != "ours"):
        figures.note(what, system.tool, seconds)
    return int(runs)


def _runs_of(tool: str, count: int) -> int:
    return min(count, FEWER.get(tool, count))


def runs_of(tool: str, place: Path, count: int) -> tuple[Path, Make]:
    """The folder of a tool's runs where ours has so many, and how they are made."""
    count = _runs_of(tool, count)
    folder = place / f"{tool}-{count}"
    return folder, partial(fill, tool, folder, count)


@contextmanager
def made(tool: str, place: Path, count: int) -> Iterator[ToolProcess]:
    """A tool that has its runs already, in a fresh process."""
    folder, make = runs_of(tool, place, count)
    once(folder, make)
    system = ToolProcess(tool, tool == "ours", "query_systems.py", folder, _runs_of(tool, count))
    yield system
    system.close()
    if tool == "ours":
        stop_dispatcher(folder)


def fill(tool: str, folder: Path, count: int) -> Any:
    """Make the runs."""
    maker = ToolProcess(tool, tool == "ours", "query_systems.py", folder, count)
    maker.ask("make")
    maker.close()


if __name__ == "__main__":
    main()

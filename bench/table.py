"""What came of the parts of `make bench`, as two tables: ours beside its peers, and ours with more and more work."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import growth
import load_of_runs as load
import metrics
import queries
from figures import kept

__all__ = ["beside_peers", "grown"]

PEERS = ("limit", "trackio", "aim", "mlflow")
NOTHING = "–"
RATE = "points/s"
# What the figures of a unit are multiplied by to be in it.
FACTORS = {"ms": 1000.0, "% of a core": 100.0}


class Row(NamedTuple):
    """A line of the first table: what is measured, in which part and by what name, what to reach, and ours' label."""

    words: str
    part: str
    what: str
    goal: float
    unit: str
    label: str = "ours"

    def of(self, label: str) -> float | None:
        """The median of one tool, or None where it was not measured."""
        found = kept(self.part).get(self.what, {}).get(label)
        return statistics.median(found) * FACTORS.get(self.unit, 1.0) if found else None

    @property
    def is_reached(self) -> bool | None:
        """Whether ours reaches the goal; None where it was not measured."""
        ours = self.of(self.label)
        if ours is None:
            return None
        return ours >= self.goal if self.unit == RATE else ours <= self.goal


def _logging() -> Iterator[Row]:
    log, row = metrics.LOG, metrics.LOG_ROW
    many, rows = "1,000,000 `log`, until another process has all", "10,000 `log_metrics` of 100, until another has all"
    yield Row("`log`, a call", "metrics", f"{log}, {metrics.MEDIAN}", 0.7, "µs")
    yield Row("`log`, 99 of 100 calls", "metrics", f"{log}, {metrics.P99}", 3, "µs")
    yield Row(many, "metrics", f"{log}, {metrics.SEEN}", 600_000, RATE)
    yield Row("`log_metrics` of 100, a call", "metrics", f"{row}, {metrics.MEDIAN}", 40, "µs")
    yield Row(rows, "metrics", f"{row}, {metrics.SEEN}", 1_500_000, RATE)


def _reading() -> Iterator[Row]:
    yield Row("1,000,000 points as an array", "metrics", metrics.READ, 60, "ms")
    yield Row("1,000,000 points as a data frame", "metrics", metrics.FRAME, 60, "ms")
    yield Row("chart of 1,000,000 points, 1,000 pixels", "metrics", metrics.CHART, 10, "ms")
    yield Row("chart of 100,000,000 points", "growth", metrics.CHART, 50, "ms", "100,000,000 points")
    yield Row("disk for a point, of 10,000,000", "growth", metrics.BYTES, 12, "bytes", "10,000,000 points")
    yield Row("disk for a point, of 1,000,000", "metrics", metrics.BYTES, 12, "bytes")


def _many() -> Iterator[Row]:
    label = load.label(50, 20)
    yield Row("50 runs x 1,000 points/s: lost", "load", load.LOST, 0, "points", label)
    yield Row("the same: an answer of the server, 99 of 100", "load", load.ANSWERS, 250, "ms", label)
    yield Row("the same: the dispatcher", "load", load.CPU, 100, "% of a core", label)
    yield Row("the same: its memory", "load", load.MEMORY, 300, "MiB", label)
    names, runs = "100,000 names", 1_000_000
    yield Row("100,000 names in a run: the first 100", "growth", growth.FIRST, 300, "ms", names)
    yield Row("the same: 100 out of the middle", "growth", growth.MIDDLE, 300, "ms", names)
    yield Row("the same: `log`, a call", "growth", growth.LOG_BESIDE, 0.7, "µs", names)
    yield Row("1,000,000 runs: the newest 100", "queries", queries.asked_of("page", runs), 300, "ms")
    yield Row("the same: the best 100 by a metric", "queries", queries.asked_of("top", runs), 20, "ms")
    yield Row("the same: `log`, a call", "queries", queries.beside(queries.LOG, runs), 0.7, "µs")


def beside_peers() -> list[str]:
    """The lines of the table with the goals, of what was measured last."""
    lines = [["", "to reach", "jupyter-mlws", "", *("limit" if each == "limit" else each for each in PEERS)]]
    for row in (*_logging(), *_reading(), *_many()):
        goal = f"{'≥' if row.unit == RATE else '≤'} {_number(row.goal)} {row.unit}"
        mark = {True: "reached", False: "**missed**", None: ""}[row.is_reached]
        peers = [_number(row.of(each)) for each in PEERS]
        lines.append([row.words, goal, _number(row.of(row.label)), mark, *peers])
    smaller = (
        f"{tool} {sizes.points:,} calls, {sizes.rows:,} rows, a series of {sizes.series:,}"
        for tool, sizes in metrics.TOOLS.items()
        if tool in PEERS and tool != "limit"
    )
    return [*_table(lines), "", f"Asked for less where they are slow: {'; '.join(smaller)}."]


def grown() -> list[str]:
    """The lines of the table of ours at 1, 10 and 100 times the work."""
    lines = [["", "", "1x", "10x", "100x"]]
    for what, labels in kept("growth").items():
        unit, factor = growth.unit(what)
        sizes = " / ".join(labels)
        lines.append(
            [f"{what}: {sizes}", unit, *(_number(statistics.median(each) * factor) for each in labels.values())]
        )
    found = kept("queries")
    sizes = [10_000, 100_000, 1_000_000]
    wanted = [(queries.QUESTIONS[each], [queries.asked_of(each, size) for size in sizes]) for each in queries.INDEXED]
    wanted += [(each, [queries.beside(each, size) for size in sizes]) for each in (queries.LOG, queries.LOG_SEEN)]
    for words, keys in wanted:
        unit, factor = queries.unit(keys[0])
        cells = [found[key]["ours"] for key in keys if key in found]
        medians = [_number(statistics.median(each) * factor) for each in cells]
        lines.append([f"{words}: of {' / '.join(f'{size:,}' for size in sizes)} runs", unit, *medians])
    return _table(lines)


def _table(lines: Sequence[Sequence[str]]) -> list[str]:
    """In Markdown, its columns below each other."""
    width = max(len(line) for line in lines)
    cells = [[*line, *[NOTHING] * (width - len(line))] for line in lines]
    widths = [max(3, *(len(line[i]) for line in cells)) for i in range(width)]
    rows = [
        "| " + " | ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    rule = "|" + "|".join("-" * (size + 2) for size in widths) + "|"
    return [rows[0], rule, *rows[1:]]


def _number(value: float | None) -> str:
    """As few digits as tell something."""
    if value is None:
        return NOTHING
    if value >= 1e6:
        return f"{value / 1e6:.2f} M".replace(".00 ", " ")
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    print("\n".join([*beside_peers(), "", *grown()]))

"""How ours grows: python bench/growth.py [--rounds N] [--points N] [--names N] [--keep FOLDER].

Logging, long series, runs of very many metrics: each with a hundredth, a tenth and all of the work. A series of 100
million points takes a minute or two to make and a gigabyte to keep: it is written straight into the tables, once, and
kept beside the peers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from figures import Figures, keep
from metrics import BYTES, CHART, KEPT, LOG, LOG_ROW, PIXELS, ROW, SEEN, Pair, end_dispatcher, note_log, pack
from submit import scratch
from tool_process import Make, once

from jupyter_mlws import Workspace
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.store import Store, runs
from jupyter_mlws.store.metrics import append_points, put_points
from jupyter_mlws.workspace.folder import prepare

GROWTH = (100, 10, 1)
MOST_POINTS = 100_000_000
_BLOCK = 50_000  # about as many as the dispatcher takes at a time from a run that logs without a pause
_NAMES_AT_ONCE = 5_000
_PAGE = 100
ZOOM = "a million points out of the middle"
FIRST, MIDDLE, WHOLE_RUN = f"first {_PAGE} names", f"{_PAGE} names out of the middle", "the run itself"
LOG_BESIDE = "log beside so many names, median"
GOALS = {CHART: "50 ms", BYTES: "12", FIRST: "300 ms", MIDDLE: "300 ms", LOG_BESIDE: "0.7 us"}


def main() -> None:
    """Measure, print the tables, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--points", type=int, default=MOST_POINTS, help="of the longest series")
    parser.add_argument("--names", type=int, default=100_000, help="of the run with most metrics")
    parser.add_argument("--keep", type=Path, default=KEPT, help="where the long series are")
    options = parser.parse_args()
    figures = Figures(GOALS)
    with scratch() as place:
        logging(figures, place, options.rounds)
        long_series(figures, options.keep.absolute(), options.points, options.rounds)
        many_names(figures, place, options.names, options.rounds)
    figures.show(unit, lambda what, label: label)
    keep("growth", figures.raw)


def unit(what: str) -> tuple[str, float]:
    """What a figure is shown in, and by how much it is multiplied for that."""
    if SEEN in what:
        return "points/s", 1.0
    if what == BYTES:
        return "bytes", 1.0
    return ("us", 1.0) if "median" in what or "99 of" in what else ("ms", 1000.0)


def logging(figures: Figures, place: Path, rounds: int) -> None:
    """What a call costs, and how soon all is seen, where there is more and more of it."""
    with ExitStack() as stack:
        stack.callback(end_dispatcher, place / "ours")
        pair = Pair("ours", place / "ours", stack)
        for _ in range(rounds):
            for part in GROWTH:
                count = 1_000_000 // part
                note_log(figures, LOG, f"{count:,} points", pair.log(count, 1))
                rows = max(count // ROW, 1)
                note_log(figures, LOG_ROW, f"{rows:,} rows", pair.log(rows, ROW))


def long_series(figures: Figures, place: Path, most: int, rounds: int) -> None:
    """What a chart costs of longer and longer series, and what their points take on the disk."""
    for part in GROWTH:
        count = most // part
        folder, make = series_of(place, count)
        once(folder, make)
        figures.note(BYTES, f"{count:,} points", (folder / "mlws.sqlite").stat().st_size / count)
    for _ in range(rounds):
        for part in GROWTH:
            count = most // part
            run = Workspace(series_of(place, count)[0]).run(1)
            label, middle = f"{count:,} points", max(count // 2, 1_000_000) - 1_000_000
            run.metric("loss", points=PIXELS)
            figures.note(CHART, label, _seconds(lambda r=run: r.metric("loss", points=PIXELS)))
            figures.note(ZOOM, label, _seconds(lambda r=run, m=middle: r.metric("loss", low=m, high=m + 999_999)))


def series_of(place: Path, count: int) -> tuple[Path, Make]:
    """The folder of a series of so many points, and how it is made."""
    folder = place / f"series-{count}"
    return folder, partial(_write_series, folder, count)


def many_names(figures: Figures, place: Path, most: int, rounds: int) -> None:
    """What a run costs of more and more metrics: a page of their names, the run itself, and logging."""
    folder = place / "names"
    counts = [most // part for part in GROWTH]
    _write_names(folder, counts)
    api = Workspace(folder).api
    for count in counts:
        figures.note(LOG_BESIDE, f"{count:,} names", _log_beside(folder, count))
    for _ in range(rounds):
        for number, count in enumerate(counts, 1):
            run, label = api.runs.get(str(number)).id, f"{count:,} names"
            middle = api.metrics.list(run, limit=count // 2).next_cursor
            figures.note(FIRST, label, _seconds(lambda r=run: api.metrics.list(r, limit=_PAGE)))
            figures.note(MIDDLE, label, _seconds(lambda r=run, m=middle: api.metrics.list(r, limit=_PAGE, cursor=m)))
            figures.note(WHOLE_RUN, label, _seconds(lambda r=run: api.runs.get(r)))


def _log_beside(folder: Path, names: int) -> float:
    """Microseconds of a call of a process that has logged so many other metrics, once each."""
    from jupyter_mlws.runfolder.journal import JournalWriter

    place = folder / f"journal-{names}-{time.time_ns()}"
    place.mkdir()
    writer, clock = JournalWriter(place), time.perf_counter_ns
    for i in range(names):
        writer.log(f"k{i}", 0.5)
    taken = []
    for i in range(20_000):
        at = clock()
        writer.log("k7", 0.5, i)
        taken.append(clock() - at)
    own = sorted(-(clock() - clock()) for _ in range(20_000))[10_000]
    return (sorted(taken)[len(taken) // 2] - own) / 1e3


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# -- what is measured, written straight into the tables


def _write_series(folder: Path, count: int) -> None:
    """A workspace with one run, whose one metric has so many points with noise to the last bit."""
    folder.mkdir(parents=True)
    prepare(folder)
    noise = np.random.default_rng(7)
    with Store.open(folder) as store:
        number = _runs(store, 1)[0]
        for first in range(0, count, _BLOCK):
            step = np.arange(first, min(first + _BLOCK, count))
            value = np.exp(-3 * step / count) + noise.normal(0, 0.05, len(step))
            with store.write() as c:
                at = 1_790_000_000 + step / 1_000 + noise.uniform(0, 1e-4, len(step))
                put_points(c, number, "loss", step, at, value, datetime.now(timezone.utc))
    pack(folder)


def _write_names(folder: Path, counts: list[int]) -> None:
    """A workspace with a run for each count of metrics, of one point each."""
    folder.mkdir(parents=True)
    prepare(folder)
    with Store.open(folder) as store:
        for number, count in zip(_runs(store, len(counts)), counts, strict=True):
            for first in range(0, count, _NAMES_AT_ONCE):
                with store.write() as c:
                    append_points(c, f"bench_1_{number:08x}", _Names(first, min(first + _NAMES_AT_ONCE, count)))


def _runs(store: Store, count: int) -> list[int]:
    """Numbers of new runs."""
    submission = RunSubmission(experiment="bench", command=("train",))
    with store.write() as c:
        made = [
            runs.create_run(c, submission, user="ada", host="box", run_id=f"bench_1_{i:08x}")
            for i in range(1, count + 1)
        ]
    return [run.number for run in made]


class _Names:
    """One point of each of the metrics from one to another."""

    def __init__(self, start: int, end: int) -> None:
        self.stream, self.start, self.end = "bench", start, end
        self.names = [f"layer.{i // 100}/weight.{i % 100}" for i in range(start, end)]
        self.name_index = np.arange(end - start)
        self.step = np.zeros(end - start, np.int64)
        self.implicit = bytes(end - start)
        self.time = np.full(end - start, 1_790_000_000.0)
        self.value = np.arange(start, end, dtype=np.float64)


if __name__ == "__main__":
    main()

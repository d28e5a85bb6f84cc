"""How long a logged point is on its way to a page, hop by hop: python bench/latency.py [--seconds N]."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from figures import keep
from submit import scratch
from tornado.websocket import WebSocketClientConnection, websocket_connect

# With the tests: a Jupyter server in a process of its own.
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from jupyter_process import JupyterProcess

from jupyter_mlws import Experiment, Run, ScriptRunConfig, Workspace
from jupyter_mlws.api.interface import Api
from jupyter_mlws.api.series import decode_many
from jupyter_mlws.domain.metric import SeriesWanted, WantedSeries

# As src/model/seriesFeed.ts: a page reads again after so long; where it reads very many series, after the latter.
FEW_S, MANY_S, FEW = 0.08, 0.25, 24
# What is logged before the page has come is not live.
WARM_S = 2.0
LOOK_S = 0.002
START_S = 60.0
# Every value is the time of its logging.
SCRIPT = """
import sys, time
from jupyter_mlws import Run

run = Run.get_context()
children, metrics, rate, seconds = (float(each) for each in sys.argv[1:])
runs = [run.child_run() for _ in range(int(children))] or [run]
names = [f"m{k}" for k in range(int(metrics))]
start = time.monotonic()
for step in range(int(rate * seconds)):
    for each in runs:
        each.log_metrics(dict.fromkeys(names, time.time()), step=step)
    time.sleep(max(0.0, start + (step + 1) / rate - time.monotonic()))
"""


@dataclass(frozen=True)
class Case:
    """What is logged: so many runs below one (0: one run), each with so many metrics, so often a second."""

    name: str
    children: int
    metrics: int
    rate: float


CASES = (Case("1 chart of 1 run, 10 points/s", 0, 1, 10), Case("20 charts of 10 runs, 100 points/s", 10, 20, 100))


@dataclass
class Seen:
    """When which points were there: each value, which is the time of its logging, with the time of its sight."""

    at: dict[float, float] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def read(self, api: Api, series: Sequence[tuple[str, str]]) -> None:
        """Ask for what is new of these series, as a page does."""
        wanted = tuple(
            SeriesWanted(run=run, name=name, after=self.counts.get((run, name), 0), points=1200) for run, name in series
        )
        found = decode_many(api.metrics.read_many(WantedSeries(series=wanted)).read())
        now = time.time()
        for key, piece in zip(series, found, strict=True):
            self.counts[key] = piece.count
            for value in piece.columns.get("value", ()):
                self.at.setdefault(value, now)


class Eye(threading.Thread):
    """Looks at the records themselves, all the time: when points are stored."""

    def __init__(self, api: Any, series: Sequence[tuple[str, str]]) -> None:
        super().__init__(daemon=True)
        self.seen = Seen()
        self.over = threading.Event()
        self._api, self._series = api, series

    def run(self) -> None:
        version = None
        while not self.over.wait(LOOK_S):
            now = self._api.data_version()
            if now != version:
                version = now
                self.seen.read(self._api, self._series)


@dataclass
class Page:
    """What a page with charts does: hears of changes, and asks for what is new of all its series."""

    seen: Seen = field(default_factory=Seen)
    told: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    async def follow(self, socket: WebSocketClientConnection, api: Api, series: Sequence[tuple[str, str]]) -> None:
        """Until it is cancelled."""
        runs, stale = {run for run, _ in series}, asyncio.Event()

        async def hear() -> None:
            while (message := await socket.read_message()) is not None:
                changes = json.loads(message).get("changes", ())
                if any(change["kind"] == "metric" and change["subject"] in runs for change in changes):
                    self.told.append(time.time())
                    stale.set()

        hearing = asyncio.ensure_future(hear())
        interval = FEW_S if len(series) <= FEW else MANY_S
        try:
            while True:
                await stale.wait()
                stale.clear()
                began = time.monotonic()
                await asyncio.to_thread(self.seen.read, api, series)
                took = time.monotonic() - began
                self.took.append(took)
                await asyncio.sleep(max(0.0, interval - took))
        finally:
            hearing.cancel()


def main() -> None:
    """Measure, print the hops, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    figures = {}
    with scratch(), tempfile.TemporaryDirectory() as place:
        workspace = Workspace(Path(place) / "workspace")
        with JupyterProcess(Path(place), Path(place) / "jupyter.log") as server:
            for case in CASES:
                figures[case.name] = asyncio.run(measure(case, workspace, server, Path(place), options.seconds))
    keep("latency", figures)


async def measure(
    case: Case, workspace: Workspace, server: JupyterProcess, place: Path, seconds: float
) -> dict[str, list[float]]:
    """Have a run log, and follow it to the page."""
    api = workspace.api
    folder = place / "project"
    folder.mkdir(exist_ok=True)
    (folder / "clock.py").write_text(SCRIPT)
    arguments = [str(each) for each in (case.children, case.metrics, case.rate, seconds + 10 * WARM_S)]
    run = Experiment(workspace, "latency").submit(ScriptRunConfig(folder, "clock.py", arguments=arguments))
    try:
        return await follow(case, run, api, server, seconds)
    finally:
        await asyncio.to_thread(end, run)


async def follow(case: Case, run: Run, api: Any, server: JupyterProcess, seconds: float) -> dict[str, list[float]]:
    """Follow a run that logs, on both ways, and print what came of it."""
    runs = await logging_runs(api, run.id, case)
    series = [(each, f"m{k}") for each in runs for k in range(case.metrics)]
    address = f"{server.url.replace('http', 'ws', 1)}/api/events/subscribe?token={server.token}"
    socket = await websocket_connect(address)
    page, eye = Page(), Eye(api, series[:: case.metrics])
    http = server.api(api.workspace.info().id)
    await asyncio.to_thread(page.seen.read, http, series)  # from here on the server watches the workspace
    eye.start()
    following = asyncio.ensure_future(page.follow(socket, http, series))
    await asyncio.sleep(WARM_S)
    busy = [psutil.Process(pid) for pid in (dispatcher_of(api), server.pid)]
    used = [-cpu_s(process) for process in busy]
    began = time.time()
    page.took.clear()
    await asyncio.sleep(seconds)
    ended = time.time()
    used = [before + cpu_s(process) for before, process in zip(used, busy, strict=True)]
    asked = len(page.took)
    eye.over.set()
    following.cancel()
    socket.close()
    hops = hops_of(eye.seen, page, began, ended - 1)
    print(
        f"\n{case.name}: {asked / seconds:.1f} reads a second\n{'':34} {'median':>8} {'95 of 100':>10} {'worst':>8}  ms"
    )
    for name, values in hops.items():
        print(f"{name:34} {_row(values)}")
    print(f"{'an answer takes':34} {_row(page.took)}")
    shares = (
        f"{name} {100 * spent / seconds:.0f} %" for name, spent in zip(("dispatcher", "server"), used, strict=True)
    )
    print(f"of a core: {', '.join(shares)}", flush=True)
    return hops


async def logging_runs(api: Api, run: str, case: Case) -> list[str]:
    """The runs that log, once all of them do."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        runs = [each.id for each in api.runs.list(parent=run).items] if case.children else [run]
        if len(runs) == max(1, case.children) and all(api.metrics.list(each).items for each in runs):
            return runs
        await asyncio.sleep(0.05)
    raise SystemExit("The run does not log; see the dispatcher's log.")


def dispatcher_of(api: Api) -> int:
    """Process id of the dispatcher."""
    pid = api.workspace.wake().dispatcher.pid
    assert pid is not None
    return pid


def cpu_s(process: psutil.Process) -> float:
    """What a process has spent so far."""
    times = process.cpu_times()
    return times.user + times.system


def end(run: Run) -> None:
    """Wait until nothing of it is on its way any more."""
    run.cancel()
    run.wait_for_completion(raise_on_error=False)


def hops_of(stored: Seen, page: Page, began: float, ended: float) -> dict[str, list[float]]:
    """Seconds of each hop, for the points that were logged within these times."""
    hops: dict[str, list[float]] = {
        "logged, until it is stored": [],
        "stored, until the page is told": [],
        "told, until the page has it": [],
        "logged, until the page has it": [],
    }
    for logged, stored_at in stored.at.items():
        had = page.seen.at.get(logged)
        if not began <= logged <= ended or had is None:
            continue
        # A page that was asking just then has it without having been told.
        told = min((each for each in page.told if each >= stored_at), default=had)
        told = max(min(told, had), stored_at)
        for name, took in zip(hops, (stored_at - logged, told - stored_at, had - told, had - logged), strict=True):
            hops[name].append(took)
    return hops


def _row(values: Iterable[float]) -> str:
    found = sorted(values)
    median, p95, worst = (1000 * found[min(len(found) - 1, int(len(found) * share))] for share in (0.5, 0.95, 1.0))
    return f"{median:8.0f} {p95:10.0f} {worst:8.0f}"


if __name__ == "__main__":
    main()

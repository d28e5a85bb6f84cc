"""What our processes cost: resident memory, and the share of a core that they take."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from jupyter_process import JupyterProcess

from jupyter_mlws import workspace as room
from jupyter_mlws.dispatcher import client
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder import state
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Cost", "Figure", "Meter", "SilentRuns", "idle", "survey"]

MIB = 1024 * 1024
_START_S = 60.0
# Says nothing, does nothing.
_SILENT = "import signal\nsignal.pause()\n"


@dataclass(frozen=True)
class Cost:
    """Of a process over a while: most resident memory in MiB, and processor time as a share of one core."""

    rss_mib: float
    cpu: float


@dataclass(frozen=True)
class Figure:
    """A line of the survey."""

    name: str
    value: float
    unit: str
    limit: float | None = None


class Meter:
    """Looks at a process again and again, in a thread, while the ``with`` block runs."""

    def __init__(self, pid: int, period_s: float = 1.0) -> None:
        self._process = psutil.Process(pid)
        self._period_s = period_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"meter {pid}", daemon=True)
        self._rss: list[int] = []

    def __enter__(self) -> Meter:
        self._began, self._cpu_began = time.monotonic(), self._cpu()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
        self._took, self._used = time.monotonic() - self._began, self._cpu() - self._cpu_began

    def _cpu(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    def _look(self) -> None:
        while True:
            self._rss.append(self._process.memory_info().rss)
            if self._over.wait(self._period_s):
                return

    @property
    def cost(self) -> Cost:
        """What it came to."""
        return Cost(max(self._rss) / MIB, self._used / self._took)


def costs_of(pids: Sequence[int], seconds: float) -> list[Cost]:
    """The costs of processes over so many seconds."""
    meters = [Meter(pid, seconds).__enter__() for pid in pids]
    time.sleep(seconds)
    for meter in meters:
        meter.__exit__()
    return [meter.cost for meter in meters]


def idle(pids: Sequence[int], seconds: float) -> Cost:
    """The median cost of processes that do nothing, over so many seconds."""
    costs = costs_of(pids, seconds)
    return Cost(statistics.median(cost.rss_mib for cost in costs), statistics.median(cost.cpu for cost in costs))


class SilentRuns:
    """Runs whose scripts wait without a word; a context manager that ends them.

    Parameters
    ----------
    place : Path
        An empty folder.
    slots : int
        So many at a time, at most.
    """

    def __init__(self, place: Path, slots: int, script: str = _SILENT) -> None:
        os.environ["MLWS_LOCAL_SLOTS"] = str(slots)
        self.folder = place / "workspace"
        self.api = Workspace(self.folder).api
        self.runs: list[Run] = []
        self._project = place / "project"
        self._project.mkdir()
        (self._project / "train.py").write_text(script)

    def start(self, count: int, *arguments: object) -> float:
        """Have so many more, all running; seconds from the submit to the last one's start."""
        config = ScriptRunConfig(self._project, "train.py", arguments=[str(each) for each in arguments])
        one = replace(config.prepare(self.api, "costs"), kind="sweep")
        began = time.monotonic()
        parent = self.api.runs.submit(replace(one, sweep=tuple({"n": str(i)} for i in range(count))))
        new = list(self.api.runs.list(parent=parent.id, limit=1000).items)
        deadline = began + _START_S + 0.5 * count
        while any(self.api.runs.get(run.id).status is not RunStatus.RUNNING for run in new):
            assert time.monotonic() < deadline, (self.folder / "dispatcher.log").read_text()[-4000:]
            time.sleep(0.05)
        self.runs += new
        return time.monotonic() - began

    @property
    def dispatcher(self) -> int:
        """Process id of the dispatcher."""
        self.api.workspace.wake()
        pid = client.state(self.folder).pid
        assert pid is not None
        return pid

    def agents(self) -> list[int]:
        """Process ids of the agents."""
        return [self._pid(run, "started") for run in self.runs]

    def _pid(self, run: Run, event: str) -> int:
        events, _ = state.read(self.folder / "runs" / run.id, 0)
        return int(next(found["identity"]["pid"] for found in events if found["event"] == event))

    def __enter__(self) -> SilentRuns:
        return self

    def __exit__(self, *exception: object) -> None:
        for run in self.runs:
            self.api.runs.cancel(run.id)
        deadline = time.monotonic() + _START_S + 0.5 * len(self.runs)
        while time.monotonic() < deadline and not self._all_ended():
            time.sleep(0.05)
        room.stop_dispatcher(self.folder)

    def _all_ended(self) -> bool:
        return all(self.api.runs.get(run.id).status.is_terminal for run in self.runs)


def survey(place: Path, seconds: float, counts: Sequence[int] = (0, 5, 50)) -> Iterator[Figure]:
    """What each kind of process costs, and the limits that it is held to."""
    with SilentRuns(place, max(counts)) as silent:
        for count in counts:
            took = silent.start(count - len(silent.runs)) if count else 0.0
            cost = idle([silent.dispatcher], seconds)
            yield Figure(f"dispatcher with {count} silent runs, share of a core", cost.cpu * 100, "%")
            yield Figure(f"dispatcher with {count} silent runs, resident memory", cost.rss_mib, "MiB", 300)
        last = counts[-1] - counts[-2]
        yield Figure(f"start of {last} runs at once, each", took * 1000 / last, "ms")
        agent = idle(silent.agents()[:5], seconds)
        yield Figure("agent of a silent run, share of a core", agent.cpu * 100, "%", 1)
        yield Figure("agent of a silent run, resident memory", agent.rss_mib, "MiB", 30)
    yield from _extension(place, seconds)


def _extension(place: Path, seconds: float) -> Iterator[Figure]:
    """What the extension adds to a Jupyter server: loaded, and once somebody has looked at a workspace."""
    workspace = Workspace(place / "workspace").api.workspace.info().id
    with (
        JupyterProcess(place, place / "plain.log", extension=False) as plain,
        JupyterProcess(place, place / "ours.log") as ours,
    ):
        before, after = costs_of([plain.pid, ours.pid], seconds)
        ours.api(workspace).runs.list()
        opened = idle([ours.pid], seconds)
    name = "Jupyter server, growth by the extension"
    yield Figure(f"{name}, resident memory", after.rss_mib - before.rss_mib, "MiB", 25)
    yield Figure(f"{name}, share of a core", (after.cpu - before.cpu) * 100, "%", 0.3)
    yield Figure(f"{name} with a workspace open, resident memory", opened.rss_mib - before.rss_mib, "MiB")
    yield Figure(f"{name} with a workspace open, share of a core", (opened.cpu - before.cpu) * 100, "%", 0.3)

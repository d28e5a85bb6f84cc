"""Many runs that log at a given rate, somebody who looks at them all the while, and what that costs."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from costs import Cost, Meter
from jupyter_process import JupyterProcess

from jupyter_mlws.api.http import HttpApi
from jupyter_mlws.api.series import decode_series
from jupyter_mlws.dispatcher import client
from jupyter_mlws.domain.run import Run
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Answers", "Load"]

# Ten points at a time: so the scripts themselves cost little, and what is measured is us.
SCRIPT = """
import os, sys, time
import jupyter_mlws as mlws
rate, points, go = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
run = mlws.Run.get_context()
print("ready", flush=True)
while not os.path.exists(go):
    time.sleep(0.05)
began = time.monotonic()
for i in range(points):
    run.log("n", i)
    if i % 10 == 9:
        wait = began + (i + 1) / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
    if i % rate == 0:
        print("at", i, flush=True)
print("over", points)
print("took", time.monotonic() - began)
"""
ASKERS = 4
QUESTIONS = ("runs.list", "runs.get", "metrics.read", "logs.read")


@dataclass
class Answers:
    """How long the server took to answer, by question, in seconds."""

    times: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    first_s: float = 0.0

    @property
    def all_times(self) -> list[float]:
        """Of all questions."""
        return [time for times in self.times.values() for time in times]

    @property
    def per_second(self) -> float:
        """How many were asked."""
        return len(self.all_times) / self.seconds

    def p99(self, question: str = "") -> float:
        """The time that 99 of 100 answers stay below."""
        times = self.times[question] if question else self.all_times
        return statistics.quantiles(times, n=100)[98] if len(times) > 1 else times[0]

    def __str__(self) -> str:
        rows = [f"{name} p50 {statistics.median(times) * 1e3:.0f} p99 {self.p99(name) * 1e3:.0f} ms"
                for name, times in sorted(self.times.items())]  # fmt: skip
        slowest = max(self.all_times)
        whole = f"{self.per_second:.1f}/s, p99 {self.p99() * 1e3:.0f}, slowest {slowest * 1e3:.0f} ms"
        return "; ".join([whole, f"the first of all kinds {self.first_s * 1e3:.0f} ms", *rows])


class Load:
    """`runs` scripts that log `rate` points a second for `seconds`.

    Parameters
    ----------
    place : Path
        An empty folder.
    runs, rate, seconds : int
    folder : Path, optional
        Of the workspace, where it is there already.
    """

    def __init__(self, place: Path, *, runs: int, rate: int, seconds: int, folder: Path | None = None) -> None:
        self.runs, self.rate, self.seconds = runs, rate, seconds
        self.points = rate * seconds
        self.folder = folder or place / "workspace"
        self.place = place
        self.go = place / "go"
        self.ws = Workspace(self.folder)
        self.api = self.ws.api
        self.parent = ""
        self.children: list[Run] = []
        self.drained_s = 0.0

    @property
    def dispatcher(self) -> int:
        """Its process id."""
        pid = client.state(self.folder).pid
        assert pid is not None, "no dispatcher lives"
        return pid

    def submit(self) -> None:
        """Start the runs, and wait until all scripts are there, waiting for each other."""
        project = self.place / "project"
        project.mkdir()
        (project / "train.py").write_text(SCRIPT)
        config = ScriptRunConfig(project, "train.py", arguments=[self.rate, self.points, self.go])
        one = replace(config.prepare(self.api, "load"), kind="sweep")
        self.parent = self.api.runs.submit(replace(one, sweep=tuple({"n": str(i)} for i in range(self.runs)))).id
        self.children = list(self.api.runs.list(parent=self.parent, limit=1000).items)
        self._until(lambda: all(self._is_ready(run) for run in self.children), 30 + self.runs)

    def _is_ready(self, run: Run) -> bool:
        log = self.folder / "runs" / run.id / "logs" / "std.log"
        return log.exists() and log.stat().st_size > 0

    def drive(self, server: JupyterProcess, asks_per_s: float) -> tuple[Answers, Cost, Cost]:
        """Let them log, and ask the server all the while; the costs are the dispatcher's and the server's."""
        answers, over = Answers(), threading.Event()
        info = self.api.workspace.info()
        # The server opens the workspace and imports what it needs for whoever asks first: its start, not the load.
        began, api = time.perf_counter(), server.api(info.id)
        for turn in range(len(QUESTIONS)):
            self._question(api, self.children[0].id, turn, {})[1]()
        answers.first_s = time.perf_counter() - began
        askers = [
            threading.Thread(
                target=self._ask, args=(server.api(info.id), answers, over, ASKERS / asks_per_s, me), daemon=True
            )
            for me in range(ASKERS)
        ]
        with Meter(self.dispatcher) as dispatcher, Meter(server.pid) as its_server:
            began = time.monotonic()
            self.go.touch()
            for asker in askers:
                asker.start()
            time.sleep(self.seconds)
            over.set()
            for asker in askers:
                asker.join()
            answers.seconds = time.monotonic() - began
            self._until(self._all_ended, 60 + self.seconds)
            self.drained_s = time.monotonic() - began - self.seconds
        return answers, dispatcher.cost, its_server.cost

    def _all_ended(self) -> bool:
        return self.api.runs.get(self.parent).status.is_terminal

    def _ask(self, api: HttpApi, answers: Answers, over: threading.Event, period_s: float, me: int) -> None:
        """One of those who look: at the list, at a run, at its chart, at its log; each in turn."""
        offsets: dict[str, int] = {}
        due = time.monotonic() + me * period_s / ASKERS
        for turn in count(me * 7):
            if over.wait(max(0.0, due - time.monotonic())):
                return
            # Whoever is late asks at once, and is not late for ever.
            due = max(due + period_s, time.monotonic() - period_s)
            run = self.children[turn // len(QUESTIONS) % len(self.children)].id
            name, question = self._question(api, run, turn, offsets)
            began = time.perf_counter()
            try:
                question()
            except Exception as error:  # every failure counts, whatever it is
                answers.failures.append(f"{name}: {error!r}")
            answers.times.setdefault(name, []).append(time.perf_counter() - began)

    def _question(self, api: HttpApi, run: str, turn: int, offsets: dict[str, int]) -> tuple[str, Callable[[], Any]]:
        def follow() -> None:
            offsets[run] = api.logs.read(run, offset=offsets.get(run, 0)).next_offset

        name = QUESTIONS[turn % len(QUESTIONS)]
        ask: dict[str, Callable[[], Any]] = {
            "runs.list": lambda: api.runs.list(limit=50),
            "runs.get": lambda: api.runs.get(run),
            "metrics.read": lambda: self._chart(api, run),
            "logs.read": follow,
        }
        return name, ask[name]

    def _chart(self, api: HttpApi, run: str) -> None:
        if api.metrics.list(run).items:
            api.metrics.read(run, "n", points=800).read()

    def lost(self) -> int:
        """How many points are missing or out of place in all runs."""
        wanted = np.arange(self.points)
        wrong = 0
        for run in self.children:
            columns = decode_series(self.api.metrics.read(run.id, "n").read()).columns
            value = np.asarray(columns["value"])
            same = len(value) == self.points and bool((value == wanted).all() and (columns["step"] == wanted).all())
            wrong += 0 if same else max(1, abs(self.points - len(value)))
        return wrong

    def slowest_s(self) -> float:
        """How long the slowest script took: beyond `seconds` the machine, not we, could not keep up."""
        logs = (self.api.logs.read(run.id, offset=-100).text for run in self.children)
        return max(float(log.split("took ")[1]) for log in logs)

    def _until(self, what: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, (self.folder / "dispatcher.log").read_text()[-4000:]
            time.sleep(0.1)

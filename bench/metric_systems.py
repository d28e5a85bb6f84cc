"""One tool that keeps metrics, in a process of its own: python bench/metric_systems.py TOOL FOLDER.

Told an operation and its arguments as a line of JSON, it does it and answers with a line of JSON. Nothing but the
standard library and the tool itself is imported: each tool has an environment of its own.
"""

from __future__ import annotations

import json
import math
import os
import random
import struct
import sys
import time
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROW = 100
_WAIT_S = 300


def values(count: int) -> list[float]:
    """A loss with noise, the same for every tool."""
    r = random.Random(7)
    some = [r.gauss(0, 0.05) for _ in range(min(count, 100_000))]
    return [math.exp(-i / count * 3) + some[i % len(some)] for i in range(count)]


class Tool(ABC):
    """What every tool can be asked for; `ref` is what another process knows a run by."""

    # Log one point: name, value, step; and a point of each of many metrics.
    log: Callable[[str, float, int], Any]
    log_row: Callable[[dict[str, float], int], Any]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def begin(self, name: str) -> Any:
        """Begin a run that this process logs to."""

    def finish(self) -> None:
        """Return when another process can see every point, or when another process can wait for that."""
        return

    def end(self) -> None:
        """End the run."""
        return

    def count(self, ref: Any, name: str) -> int:
        """How many points of a metric a process that did not log them sees."""
        return len(self.read(ref, name))

    def fill(self, count: int) -> Any:
        """A run with a metric ``loss`` of so many points, by the fastest way."""
        ref = self.begin("read")
        for i, value in enumerate(values(count)):
            self.log("loss", value, i)
        self.finish()
        return ref

    def bytes(self) -> int:
        """What is on the disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    @abstractmethod
    def read(self, ref: Any, name: str) -> Any:
        """All values of a metric."""

    def frame(self, ref: Any, name: str) -> Any:
        """The same as a data frame, where the tool makes them."""
        return ()

    @abstractmethod
    def chart(self, ref: Any, name: str, pixels: int) -> Any:
        """A metric as wide as a chart."""


class Limit(Tool):
    """No tool: records appended to a file, and read by numpy. What no tool can beat by much."""

    def begin(self, name: str) -> str:
        path = self.folder / f"{name}-{time.time_ns()}"
        self._file = path.open("ab", buffering=1 << 20)
        self._pack = struct.Struct("<qdd").pack
        return str(path)

    def log(self, name: str, value: float, step: int) -> None:
        self._file.write(self._pack(step, time.time(), value))

    def log_row(self, row: dict[str, float], step: int) -> None:
        self._file.write(struct.pack(f"<{len(row)}d", *row.values()))

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def count(self, ref: Any, name: str) -> int:
        return os.path.getsize(ref) // (24 if name == "loss" else 8 * ROW)

    def read(self, ref: Any, name: str) -> Any:
        import numpy as np

        return np.fromfile(ref, np.dtype("<f8")).reshape(-1, 3)[:, 2].copy()

    def chart(self, ref: Any, name: str, pixels: int) -> Any:
        column = self.read(ref, name)
        parts = column[: len(column) // pixels * pixels].reshape(pixels, -1)
        return parts.min(1), parts.max(1)


class Ours(Tool):
    """jupyter-mlws: an interactive run, taken up by the dispatcher as it goes on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from jupyter_mlws import Workspace

        self._workspace = Workspace(folder / "workspace")

    def begin(self, name: str) -> str:
        from jupyter_mlws import Experiment

        self._run = Experiment(self._workspace, "bench").start_logging()
        self.log, self.log_row = self._run.log, self._run.log_metrics
        return self._run.id

    def end(self) -> None:
        self._run.complete()

    def count(self, ref: Any, name: str) -> int:
        found = {each.name: each.count for each in self._workspace.api.metrics.list(ref).items}
        return found.get(name, 0)

    def fill(self, count: int) -> Any:
        ref = self.begin("read")
        for i, value in enumerate(values(count)):
            self.log("loss", value, i)
        self.end()
        return ref

    def bytes(self) -> int:
        # Beside the database is only what was submitted with the run.
        return sum(path.stat().st_size for path in (self.folder / "workspace").glob("mlws.sqlite*"))

    def read(self, ref: Any, name: str) -> Any:
        return self._workspace.run(ref).metric(name).value

    def frame(self, ref: Any, name: str) -> Any:
        return self._workspace.metrics_dataframe(names=[name])  # the workspace of what is read has one run

    def chart(self, ref: Any, name: str, pixels: int) -> Any:
        return self._workspace.run(ref).metric(name, points=pixels).value


class Trackio(Tool):
    """Local: SQLite without a sync."""

    def __init__(self, folder: Path) -> None:
        os.environ.update(TRACKIO_DIR=str(folder), HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
        super().__init__(folder)
        import trackio
        from trackio.sqlite_storage import SQLiteStorage

        self._trackio, self._database = trackio, SQLiteStorage

    def begin(self, name: str) -> Any:
        run = f"{name}-{time.time_ns()}"
        self._trackio.init(project="bench", name=run, auto_log_gpu=False, auto_log_cpu=False, embed=False)
        return run

    def log(self, name: str, value: float, step: int) -> None:
        self._trackio.log({name: value}, step=step)

    def log_row(self, row: dict[str, float], step: int) -> None:
        self._trackio.log(row, step=step)

    def finish(self) -> None:
        self._trackio.finish()

    def fill(self, count: int) -> Any:
        column = values(count)
        for i in range(0, count, 50_000):
            part = column[i : i + 50_000]
            self._database.bulk_log("bench", "read", [{"loss": x} for x in part], steps=range(i, i + len(part)))
        return "read"

    def read(self, ref: Any, name: str) -> Any:
        return [point["value"] for point in self._database.get_metric_values("bench", ref, name)]

    def chart(self, ref: Any, name: str, pixels: int) -> Any:
        return [row[name] for row in self._database.get_logs("bench", ref, max_points=pixels, scalar_only=True)]


class Mlflow(Tool):
    """Its SQLite store, without a server between."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
        import mlflow

        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        mlflow.set_experiment("bench")
        self._mlflow, self._client = mlflow, mlflow.MlflowClient()

    def begin(self, name: str) -> Any:
        return self._mlflow.start_run(run_name=name).info.run_id

    def log(self, name: str, value: float, step: int) -> None:
        self._mlflow.log_metric(name, value, step=step)

    def log_row(self, row: dict[str, float], step: int) -> None:
        self._mlflow.log_metrics(row, step=step)

    def finish(self) -> None:
        self._mlflow.end_run()

    def fill(self, count: int) -> Any:
        from mlflow.entities import Metric

        ref, column = self.begin("read"), values(count)
        for first in range(0, count, 1000):
            part = column[first : first + 1000]
            self._client.log_batch(ref, [Metric("loss", x, 1_700_000_000_000, first + i) for i, x in enumerate(part)])
        self.finish()
        return ref

    def read(self, ref: Any, name: str) -> Any:
        return [point.value for point in self._client.get_metric_history(ref, name)]

    def chart(self, ref: Any, name: str, pixels: int) -> Any:
        store = self._client._tracking_client.store
        return [point.value for point in store.get_metric_history_bulk_interval([ref], name, pixels, None, None)]


class Aim(Tool):
    """A local repository."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        os.environ.update(AIM_ACCESS_LOG="false", DO_NOT_TRACK="1")
        import aim
        from aim.sdk.repo import Repo

        self._aim = aim
        self._repo = Repo.from_path(str(folder), init=not Repo.exists(str(folder)))

    def begin(self, name: str) -> Any:
        quiet = {"system_tracking_interval": None, "log_system_params": False, "capture_terminal_logs": False}
        self._run = self._aim.Run(repo=self._repo, experiment="bench", **quiet)
        return self._run.hash

    def log(self, name: str, value: float, step: int) -> None:
        self._run.track(value, name=name, step=step)

    def log_row(self, row: dict[str, float], step: int) -> None:
        self._run.track(row, step=step)

    def finish(self) -> None:
        from aim.sdk.index_manager import RepoIndexManager

        ref = self._run.hash
        self._run.close()
        # A closed run is invisible to every reader until it is indexed, as `aim up` does in the background.
        RepoIndexManager.get_index_manager(self._repo).index(ref)

    def count(self, ref: Any, name: str) -> int:
        from aim.sdk.repo import Repo

        self._repo = Repo(str(self.folder))  # one that was opened before may not see the run
        return super().count(ref, name)

    def _metric(self, ref: Any, name: str) -> Any:
        from aim.storage.context import Context

        return self._repo.get_run(ref).get_metric(name, Context({})).data.view(("val",))

    def read(self, ref: Any, name: str) -> Any:
        return self._metric(ref, name).numpy()[1][0]

    def chart(self, ref: Any, name: str, pixels: int) -> Any:
        return self._metric(ref, name).sample(pixels).numpy()[1][0]


TOOLS: dict[str, Callable[[Path], Tool]] = {
    "limit": Limit,
    "ours": Ours,
    "trackio": Trackio,
    "mlflow": Mlflow,
    "aim": Aim,
}


def logged(tool: Tool, count: int, width: int) -> dict[str, Any]:
    """Log `count` times, one point or a row of `width`; what the calls cost, and when the first one was made."""
    column = values(count)
    rows = [{f"m{j}": x + j for j in range(width)} for x in column] if width > 1 else []
    taken = array("q", bytes(8 * count))
    ref = tool.begin("log")
    # A name that is new costs more, once. No step comes twice: aim keeps the last point of a step only.
    tool.log_row({f"m{j}": 0.0 for j in range(width)}, 0) if width > 1 else tool.log("loss", 0.0, 0)
    clock, log, log_row = time.perf_counter_ns, tool.log, tool.log_row
    began = time.time()
    if width > 1:
        for i in range(count):
            at = clock()
            log_row(rows[i], i + 1)
            taken[i] = clock() - at
    else:
        for i in range(count):
            at = clock()
            log("loss", column[i], i + 1)
            taken[i] = clock() - at
    tool.finish()
    own = _cost_of_the_clock()
    each = sorted(max(0, ns - own) for ns in taken)
    return {"ref": ref, "began": began, "median_us": each[count // 2] / 1e3, "p99_us": each[int(count * 0.99)] / 1e3}


def _cost_of_the_clock() -> int:
    clock = time.perf_counter_ns
    found = sorted(-(clock() - clock()) for _ in range(20_000))
    return found[len(found) // 2]


def seen(tool: Tool, ref: Any, name: str, count: int) -> float:
    """The moment at which so many points are there to be read."""
    deadline = time.monotonic() + _WAIT_S
    while tool.count(ref, name) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not {count} points after {_WAIT_S} s")
        time.sleep(0.01)
    return time.time()


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    """Seconds that something takes, and how many numbers it gives."""
    began = time.perf_counter()
    found = work()
    return {"s": time.perf_counter() - began, "numbers": len(found)}


def main() -> None:
    """Serve operations until the input ends."""
    # What the tool prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    tool = TOOLS[sys.argv[1]](Path(sys.argv[2]))
    answers.write("ready\n")
    for line in sys.stdin:
        what, *given = json.loads(line)
        if what == "log":
            answer: Any = logged(tool, *given)
        elif what == "seen":
            answer = seen(tool, *given)
        elif what in ("read", "frame", "chart"):
            answer = timed(partial(getattr(tool, what), *given))
        else:
            answer = getattr(tool, what)(*given)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()

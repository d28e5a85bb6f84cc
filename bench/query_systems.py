"""One tool that is asked for runs, in a process of its own: python bench/query_systems.py TOOL FOLDER COUNT.

Told ``["make"]``, ``["top"]``, ``["page"]``, ``["filter"]`` or ``["read"]`` on a line, it does so and answers with a
line of JSON: seconds and runs. Ours can be told ``["log"]`` as well: what one more run costs.
Nothing but the standard library and the tool itself is imported: each tool has an environment of its own.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run_values(i: int) -> tuple[dict[str, float], dict[str, str]]:
    """Metrics and params of run `i`, the same for every tool."""
    r = random.Random(i)
    return {f"m{j}": r.random() for j in range(10)}, {f"p{j}": f"v{r.randrange(100)}" for j in range(10)}


class Ours:
    """jupyter-mlws in this process, as a notebook has it."""

    def __init__(self, folder: Path, count: int) -> None:
        from jupyter_mlws import Workspace

        self._folder, self._count = folder, count
        self._open = Workspace

    def make(self) -> int:
        from many_runs import fill

        from jupyter_mlws.store import Store
        from jupyter_mlws.workspace.folder import prepare

        self._folder.mkdir(parents=True)
        prepare(self._folder)
        with Store.open(self._folder) as store:
            fill(store, self._count, width=10 if self._count <= 50_000 else 2)
        return self._count

    def top(self) -> Any:
        return self._open(self._folder).runs(100, order_by="metrics.m0 desc")

    def page(self) -> Any:
        return self._open(self._folder).runs(100)

    def filter(self) -> Any:
        return self._open(self._folder).runs(None, filter="metrics.m0 < 0.5")

    def log(self) -> tuple[float, float]:
        """Microseconds of a call, the median of 10,000, and seconds until all of them can be read."""
        from jupyter_mlws import Experiment

        workspace, clock, taken, count = self._open(self._folder), time.perf_counter_ns, [], 10_000
        run = Experiment(workspace, "bench").start_logging()
        run.log("loss", 0.5)
        began = time.monotonic()
        for i in range(count):
            at = clock()
            run.log("loss", 0.5, i)
            taken.append(clock() - at)
        while [each.count for each in workspace.api.metrics.list(run.id).items] != [count + 1]:
            time.sleep(0.01)
        took = time.monotonic() - began
        run.complete()
        own = sorted(-(clock() - clock()) for _ in range(count))[count // 2]
        return (sorted(taken)[count // 2] - own) / 1e3, took

    def read(self) -> Any:
        return [({each.name: each.last for each in run.record.metrics}, run.params) for run in self.filter()]


class Trackio:
    """Has no search: `trackio query` runs read-only SQL, of which one question is the least that does it."""

    _SQL = "SELECT m.run_name, m.metrics, c.config FROM metrics m JOIN configs c ON c.run_name = m.run_name "

    def __init__(self, folder: Path, count: int) -> None:
        os.environ.update(TRACKIO_DIR=str(folder), HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
        from trackio.sqlite_storage import SQLiteStorage

        self._database, self._count = SQLiteStorage, count

    def make(self) -> int:
        for i in range(self._count):
            metrics, params = run_values(i)
            self._database.bulk_log("runs", f"r{i}", [metrics], steps=[0], config=params)
        return self._count

    def _ask(self, rest: str) -> Any:
        import orjson

        rows = self._database.query_project("runs", self._SQL + rest, max_rows=1_000_000)["rows"]
        return [(_decoded(orjson, row["metrics"]), _decoded(orjson, row["config"])) for row in rows]

    def top(self) -> Any:
        return self._ask("ORDER BY json_extract(m.metrics, '$.m0') DESC LIMIT 100")

    def page(self) -> Any:
        return self._ask("ORDER BY m.id DESC LIMIT 100")

    def filter(self) -> Any:
        return self._ask("WHERE json_extract(m.metrics, '$.m0') < 0.5")

    read = filter


def _decoded(orjson: Any, value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, (str, bytes)) else value


class Mlflow:
    """Its SQLite store, without a server between."""

    def __init__(self, folder: Path, count: int) -> None:
        os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
        import mlflow

        folder.mkdir(parents=True, exist_ok=True)
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        self._mlflow, self._client, self._count = mlflow, mlflow.MlflowClient(), count
        self._experiment = mlflow.set_experiment("bench").experiment_id

    def make(self) -> int:
        import sqlalchemy
        from mlflow.entities import Metric, Param

        @sqlalchemy.event.listens_for(sqlalchemy.engine.Engine, "connect")
        def hurry(connection: Any, record: Any) -> None:
            connection.execute("PRAGMA synchronous=OFF")  # only the making

        self._client._tracking_client.store.engine.dispose()
        for i in range(self._count):
            metrics, params = run_values(i)
            run = self._client.create_run(self._experiment, run_name=f"r{i}").info.run_id
            self._client.log_batch(
                run,
                [Metric(name, value, 1_700_000_000_000, 0) for name, value in metrics.items()],
                [Param(name, value) for name, value in params.items()],
            )
        return self._count

    def _ask(self, most: int, **wishes: Any) -> Any:
        found: list[Any] = []
        token = None
        while True:
            page = self._client.search_runs([self._experiment], max_results=most, page_token=token, **wishes)
            found += [(run.data.metrics, run.data.params) for run in page]
            token = page.token
            if not token or len(found) >= most:
                return found

    def top(self) -> Any:
        return self._ask(100, order_by=["metrics.m0 DESC"])

    def page(self) -> Any:
        return self._ask(100, order_by=["attributes.start_time DESC"])

    def filter(self) -> Any:
        return self._ask(50_000, filter_string="metrics.m0 < 0.5")

    read = filter


TOOLS: dict[str, Callable[[Path, int], Any]] = {"ours": Ours, "trackio": Trackio, "mlflow": Mlflow}


def main() -> None:
    """Serve questions until the input ends."""
    tool, folder, count = sys.argv[1:]
    # What the tool prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    asked = TOOLS[tool](Path(folder), int(count))
    answers.write("ready\n")
    for line in sys.stdin:
        (what,) = json.loads(line)
        began = time.perf_counter()
        found = getattr(asked, what)()
        took = time.perf_counter() - began
        if what == "log":
            answers.write(json.dumps(found) + "\n")
            continue
        count = found if isinstance(found, int) else len(found)
        del found  # not while the next answer is timed
        answers.write(json.dumps([took, count]) + "\n")


if __name__ == "__main__":
    main()

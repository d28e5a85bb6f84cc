"""Runs and metrics as tables of pandas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jupyter_mlws.errors import InvalidInput, MissingPart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    import pandas as pd

    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain.run import Run

__all__ = ["metrics_frame", "names_argument", "runs_frame"]

# What comes before params, tags, metrics and properties: a column, and where it comes from.
_COLUMNS: dict[str, Callable[[Run], Any]] = {
    "run_id": lambda run: run.id,
    "run_number": lambda run: run.number,
    "experiment": lambda run: run.experiment,
    "display_name": lambda run: run.display_name,
    "status": lambda run: run.status.value,
    "kind": lambda run: run.kind,
    "created_at": lambda run: run.created_at,
    "started_at": lambda run: run.started_at,
    "ended_at": lambda run: run.ended_at,
    "duration_s": lambda run: run.duration_s,
    "user": lambda run: run.user,
    "host": lambda run: run.host,
    "compute_target": lambda run: run.compute_target,
    "environment": lambda run: run.environment,
    "document": lambda run: run.source.document,
    "description": lambda run: run.description,
    "parent_id": lambda run: run.parent_id,
    "child_count": lambda run: run.child_count,
    "snapshot_id": lambda run: run.snapshot_id,
}
_TYPES = {"run_number": "int64", "duration_s": "float64", "child_count": "int64"}
_TIMES = ("created_at", "started_at", "ended_at")
# A list shows so many series of each run; a run with as many may have more.
_SHOWN = 12
# Up to so many runs are asked one by one for the rest of theirs.
_ONE_BY_ONE = 20


def runs_frame(api: Api | None, runs: Sequence[Run]) -> pd.DataFrame:
    """One row for each run, in their order."""
    pandas = _pandas()
    metrics = _metrics(api, runs) if api is not None else {}
    columns: dict[str, Any] = {name: [value(run) for run in runs] for name, value in _COLUMNS.items()}
    for name, values in columns.items():
        kind = _TYPES.get(name, None if runs else "object")
        columns[name] = pandas.Series(values, dtype=kind) if kind else values
    for name in _TIMES:
        columns[name] = pandas.to_datetime(columns[name], utc=True).astype("datetime64[us, UTC]")
    for kind, found in (
        ("params", [run.params for run in runs]),
        ("tags", [run.tags for run in runs]),
        ("metrics", [metrics[run.number] for run in runs]),
        ("properties", [run.properties for run in runs]),
    ):
        for name in sorted({name for each in found for name in each}):
            columns[f"{kind}.{name}"] = [each.get(name) for each in found]
            if kind == "metrics":
                columns[f"{kind}.{name}"] = pandas.Series(columns[f"{kind}.{name}"], dtype="float64")
    frame: pd.DataFrame = pandas.DataFrame(columns, copy=False)
    return frame


def _metrics(api: Api, runs: Sequence[Run]) -> dict[int, dict[str, float]]:
    """The last value of every series of each run, by the run's number."""
    found = {run.number: {metric.name: metric.last for metric in run.metrics} for run in runs}
    more = [run for run in runs if len(run.metrics) >= _SHOWN]
    if len(more) <= _ONE_BY_ONE:
        for run in more:
            found[run.number] = _metrics_of(api, run.id)
        return found
    from jupyter_mlws.api.metric_table import decode_blocks

    numbers = [run.number for run in more]
    span = f"number >= {min(numbers)} and number <= {max(numbers)}"
    for block in decode_blocks(api.metrics.export(filter=span, latest=True, include_children=True).chunks):
        values = memoryview(block.value).cast("d")
        for (number, name, _), value in zip(block.series, values, strict=True):
            if number in found:
                found[number][name] = value
    return found


def _metrics_of(api: Api, run: str) -> dict[str, float]:
    found: dict[str, float] = {}
    cursor = None
    while True:
        page = api.metrics.list(run, cursor=cursor)
        found |= {metric.name: metric.last for metric in page.items}
        cursor = page.next_cursor
        if cursor is None:
            return found


def metrics_frame(chunks: Iterable[bytes | memoryview]) -> pd.DataFrame:
    """One row for each point, from the wire form of `MetricsApi.export`."""
    pandas = _pandas()
    import numpy as np

    from jupyter_mlws.api.metric_table import decode_blocks

    runs: dict[int, str] = {}
    names: dict[str, int] = {}
    series: list[tuple[int, int, int]] = []  # run's number, name's code, points
    steps, moments, values = [], [], []
    for block in decode_blocks(chunks):
        runs |= block.runs
        series += [(number, names.setdefault(name, len(names)), count) for number, name, count in block.series]
        steps.append(np.frombuffer(block.step, "<i8"))
        moments.append(_microseconds(np.frombuffer(block.time, "<f8")))
        values.append(np.frombuffer(block.value, "<f8"))
    numbers, codes, counts = np.array(series, np.int64).reshape(-1, 3).T
    known = sorted(runs)
    frame: pd.DataFrame = pandas.DataFrame(
        {
            "run_id": _repeated(np.searchsorted(known, numbers), counts, [runs[each] for each in known]),
            "run_number": np.repeat(numbers, counts),
            "name": _repeated(codes, counts, list(names)),
            "step": _joined(steps, "<i8"),
            "time": pandas.array(_joined(moments, "<i8"), dtype="datetime64[us, UTC]", copy=False),
            "value": _joined(values, "<f8"),
        },
        copy=False,  # all of these are its own
    )
    return frame


def _microseconds(seconds: Any) -> Any:
    import numpy as np

    found = seconds * 1e6
    return np.rint(found, out=found).astype("datetime64[us]").view("i8")


def _joined(columns: Sequence[Any], kind: str) -> Any:
    """The columns as one that may be changed: itself where there is one only, whose bytes are nobody else's."""
    import numpy as np

    if len(columns) == 1 and columns[0].flags.writeable:
        return columns[0]
    return np.concatenate([np.empty(0, kind), *columns])


def _repeated(codes: Any, counts: Any, words: Sequence[str]) -> pd.Categorical:
    """The words that are meant by codes, each as often as is said."""
    import numpy as np

    # As pandas keeps them: of few words, a byte each.
    small = codes.astype(np.min_scalar_type(-len(words) or -1))
    found: pd.Categorical = _pandas().Categorical.from_codes(np.repeat(small, counts), words)
    return found


def names_argument(names: str | Sequence[str] | None) -> str | None:
    """Names of metrics as the API takes them."""
    if names is None:
        return None
    chosen = [names] if isinstance(names, str) else list(names)
    if not all(isinstance(name, str) for name in chosen):
        raise InvalidInput("The names of metrics are text.", hint="Write names=['loss', 'acc'].")
    return json.dumps(chosen)


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingPart(
            "Tables need pandas, which is not installed here.", hint="Install it: %pip install pandas"
        ) from error
    return pd

"""What a card outside JupyterLab is told of a run; src/widget/facts.ts reads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.domain.file import RunFile
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus

__all__ = ["chart_names", "facts_of"]

MOST_CHARTS = 2
MOST_LOG = 4000
_MOST_METRICS = 14
_MOST_PARAMS = 12
_MOST_FILES = 12
_MOST_NOTES = 12
_MOST_TEXT = 4000

# As in src/runs/rows.ts, so that a run has the same charts wherever it is looked at.
_LEADERS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(^|[^a-z])(val|valid|validation|test).*(acc|auc|f1|score|r2|map)",
        r"(acc|auc|f1|score|r2)",
        r"(val|valid|validation|test).*(loss|error|rmse|mse|mae)",
        r"(loss|error|rmse|mse|mae)",
    )
]


# As src/card/words.ts tells of it.
_USED = re.compile(r"^system/(cpu_percent$|memory_bytes$|gpu)")


def chart_names(metrics: Sequence[MetricSummary], known: Sequence[str] = ()) -> list[str]:
    """The metrics that are drawn, the most telling first; what is drawn already keeps its place."""
    names = sorted({metric.name for metric in metrics} - set(known), key=lambda name: (_rank(name), name))
    return [*known, *names][:MOST_CHARTS]


def _rank(name: str) -> int:
    return next((i for i, pattern in enumerate(_LEADERS) if pattern.search(name)), len(_LEADERS))


def facts_of(
    run: Run,
    charts: Sequence[str] = (),
    log: str = "",
    files: Sequence[RunFile] = (),
    trouble: str = "",
    usage: Sequence[MetricSummary] = (),
) -> dict[str, Any]:
    """The facts of a run that its card shows, bounded, as JSON.

    Parameters
    ----------
    run : domain record
    charts : sequence of str
        Names of the metrics that are drawn.
    log : str
        End of the log.
    files : sequence of RunFile
        Its outputs.
    trouble : str
        Why nothing new comes, or why something was refused.
    usage : sequence of MetricSummary
        What was measured of its processes.

    Returns
    -------
    dict
        Without folders, command and variables: the front end may keep it in the notebook's file.
    """
    shown = sorted(run.metrics, key=lambda metric: metric.name not in charts)[:_MOST_METRICS]
    error = None
    if run.error is not None:
        told = to_builtins(run.error)
        error = told | {"message": run.error.message[:_MOST_TEXT], "traceback": run.error.traceback[-_MOST_TEXT:]}
    facts = {
        "number": run.number,
        "experiment": run.experiment,
        "display_name": run.display_name,
        "status": run.status,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "child_count": run.child_count,
        "children_ended": run.children_ended,
        "compute_target": run.compute_target,
        "waiting_for": run.waiting_for,
        "params": dict(list(run.params.items())[:_MOST_PARAMS]),
        "metrics": shown,
        "metric_count": len(run.metrics),
        "charts": list(charts),
        "progress": run.progress,
        "warnings": run.warnings[:_MOST_NOTES],
        "notes": run.notes[:_MOST_NOTES],
        "log": log[-MOST_LOG:],
        "files": [{"name": file.name, "size_bytes": file.size_bytes} for file in files[:_MOST_FILES]],
        "file_count": len(files),
        "trouble": trouble,
        "usage": [metric for metric in usage if _USED.search(metric.name)] if run.status is RunStatus.RUNNING else [],
    }
    return {**to_builtins(facts), "error": error}

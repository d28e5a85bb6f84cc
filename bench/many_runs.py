"""A workspace with very many ended runs, as years of work would leave it, written straight into its tables.

Metrics and params are those of the comparison with other tools: ``m0`` and so on at random, ``p0`` and so on one of a
hundred words each.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Run, RunSource, RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store import Store, changes, counters, experiments
from jupyter_mlws.store.run_record import body_of, search_text
from jupyter_mlws.store.stored_run import encode_card
from jupyter_mlws.store.tables import metric_latest, run_cards, run_params, run_tags, runs, submissions

__all__ = ["fill", "run_values"]

FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)
_STEP = 10_000
# Above this many runs a thousand of them share a submission, as those of a sweep do.
_OWN_SUBMISSIONS = 50_000


def run_values(i: int, width: int = 10) -> tuple[dict[str, float], dict[str, str]]:
    """Metrics and params of run `i`, the same for every tool."""
    r = random.Random(i)
    metrics, params = [r.random() for _ in range(10)], [f"v{r.randrange(100)}" for _ in range(10)]
    return {f"m{j}": metrics[j] for j in range(width)}, {f"p{j}": params[j] for j in range(width)}


def fill(store: Store, count: int, *, width: int = 10) -> None:
    """Record `count` runs with `width` metrics, `width` params and one tag each in an empty store."""
    submission = _submission()
    with store.write() as c:
        experiment = experiments.ensure(c, submission.experiment)
        counters.put(c, "run", count)
        experiments.count_runs(c, experiment.id, count)
        changes.note(c, "experiment", submission.experiment)
        if count > _OWN_SUBMISSIONS:
            body = body_of(submission)
            c.execute(insert(submissions), [{"id": i + 1, "body": body} for i in range(count // 1000 + 1)])
    for first in range(1, count + 1, _STEP):
        with store.write() as c:
            rows: dict[Any, list[dict[str, Any]]] = {}
            for number in range(first, min(first + _STEP, count + 1)):
                own = count <= _OWN_SUBMISSIONS
                for table, row in _rows_of(number, submission, experiment.id, width, own=own):
                    rows.setdefault(table, []).append(row)
            for table, values in rows.items():
                c.execute(insert(table), values)
            counters.put(c, "card", changes.last(c))


def _submission() -> RunSubmission:
    return RunSubmission(
        experiment="bench",
        command=("/usr/bin/python3", "train.py"),
        inherited_environment={f"VARIABLE_OF_A_NOTEBOOK_{i}": "" for i in range(40)},
        source=RunSource(document="notebooks/train.ipynb", document_id="d1", cell_source="%%submit\n" + "x = 1\n" * 30),
    )


def _rows_of(
    number: int, submission: RunSubmission, experiment: int, width: int, *, own: bool
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The rows of one run, each with its table; those that others refer to first."""
    metrics, params = run_values(number - 1, width)
    tags = {"owner": "ada" if number % 1000 else "bob"}
    at = FIRST + timedelta(seconds=30 * number)
    run = Run(
        id=f"bench_{int(at.timestamp())}_{number:08x}",
        number=number,
        experiment=submission.experiment,
        kind="script",
        status=RunStatus.COMPLETED,
        status_sequence=5,
        created_at=at,
        started_at=at + timedelta(seconds=1),
        ended_at=at + timedelta(seconds=20),
        user="ada",
        host="box",
        tags=tags,
        params=params,
        metrics=tuple(
            MetricSummary(name=name, count=1, last=value, last_step=0, minimum=value, maximum=value, updated_at=at)
            for name, value in metrics.items()
        ),
    )
    submission_id = number if own else number // 1000 + 1
    if own:
        yield submissions, {"id": number, "body": body_of(submission)}
    yield runs, _own_row(run, submission, experiment, submission_id)
    common = {"run_number": number}
    yield (
        run_cards,
        common
        | {
            "status": run.status.value,
            "experiment_id": experiment,
            "submission_id": submission_id,
            "body": encode_card(run),
        },
    )
    for table, labels in ((run_params, params), (run_tags, tags)):
        yield from ((table, common | {"name": name, "value": value}) for name, value in labels.items())
    for ordinal, (name, value) in enumerate(metrics.items()):
        point = {"last": value, "minimum": value, "maximum": value, "last_step": 0, "point_count": 1}
        yield metric_latest, common | point | {"name": name, "ordinal": ordinal, "tail_start": 0, "updated_at": at}


def _own_row(run: Run, submission: RunSubmission, experiment: int, submission_id: int) -> dict[str, Any]:
    same = ("number", "id", "kind", "status_sequence", "created_at", "started_at", "ended_at", "user", "host")
    more = ("compute_target", "environment", "waiting_for", "child_count", "children_ended", "display_name")
    return {name: getattr(run, name) for name in (*same, *more, "description")} | {
        "experiment_id": experiment,
        "submission_id": submission_id,
        "status": run.status.value,
        "attempt": 1,
        "owner": "",
        "document": submission.source.document,
        "document_id": submission.source.document_id,
        "search_text": search_text(run.number, run.experiment, "", run.tags, run.params),
    }


if __name__ == "__main__":
    folder, wanted, width = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    from jupyter_mlws.workspace.folder import prepare

    os.makedirs(folder, exist_ok=True)
    prepare(folder)
    with Store.open(folder) as opened:
        fill(opened, wanted, width=width)

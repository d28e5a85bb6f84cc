"""A run as rows, and rows as a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select

from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Run, RunError, RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store.stored_run import decode_facts
from jupyter_mlws.store.tables import experiments, metric_latest, run_params, run_tags, runs, submissions

__all__ = ["body_of", "load_runs", "read_submission", "run_query", "search_text", "summaries_of"]

# Never stored: handed to the job once, then forgotten. `sweep` is kept as the children's params; some have columns.
_TRANSIENT = ("inherited_environment", "secrets", "vault_secrets", "sweep", "key", "params", "properties", "after")
_parents = runs.alias("parents")


def body_of(submission: RunSubmission, around: Mapping[str, object] | None = None) -> str:
    """The JSON kept of a submission: everything but values that must not be stored, and what has columns of its own.

    `around` is what the submitter did not say: the machine, and what its interpreter had installed.
    """
    body = to_builtins(submission)
    for name in _TRANSIENT:
        body.pop(name)
    names = {*submission.environment_variables, *(submission.inherited_environment or {}), *submission.secrets}
    body["variable_names"] = sorted(names)
    # Which of them have to be given again where the run is done again.
    body["secret_names"] = sorted(submission.secrets)
    return msgspec.json.encode(body | dict(around or {})).decode()


def read_submission(body: str, *, kind: str, params: dict[str, str]) -> RunSubmission:
    """The submission of one run from its stored JSON and what has columns of its own."""
    facts = msgspec.json.decode(body) | {"kind": kind, "params": params}
    submission: RunSubmission = from_builtins(RunSubmission, facts)
    return submission


def search_text(number: int, experiment: str, display_name: str, tags: dict[str, str], params: dict[str, str]) -> str:
    """What a search looks into: ``#12``, names, tags and params, case-folded."""
    labels = [f"{name}={value}" if value else name for name, value in (*tags.items(), *params.items())]
    return "\n".join([f"#{number}", experiment, display_name, *labels]).casefold()


def run_query() -> Select[Any]:
    """All that `load_runs` needs of each run."""
    return select(
        runs,
        experiments.c.name.label("experiment"),
        submissions.c.body,
        _parents.c.id.label("parent_id"),
    ).select_from(
        runs.join(experiments, runs.c.experiment_id == experiments.c.id)
        .join(submissions, runs.c.submission_id == submissions.c.id)
        .outerjoin(_parents, runs.c.parent_number == _parents.c.number)
    )


def load_runs(c: Connection, rows: Sequence[Any], metrics: int) -> list[Run]:
    """Runs from the rows of a `run_query`, with tags, params and the first `metrics` series of each."""
    numbers = [row.number for row in rows]
    tags, params = _labels(c, run_tags, numbers), _labels(c, run_params, numbers)
    latest = summaries_of(c, numbers, metrics)
    return [_run(row, tags.get(row.number, {}), params.get(row.number, {}), latest.get(row.number, ())) for row in rows]


def _labels(c: Connection, table: Any, numbers: list[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    query = select(table.c.run_number, table.c.name, table.c.value).where(table.c.run_number.in_(numbers))
    for number, name, value in c.execute(query.order_by(table.c.run_number, table.c.name)):
        found.setdefault(number, {})[name] = value
    return found


def summaries_of(c: Connection, numbers: Iterable[int], most: int) -> dict[int, tuple[MetricSummary, ...]]:
    """The first `most` series of each run, in the order of their first point."""
    table = metric_latest
    query = (
        select(table)
        .where(table.c.run_number.in_(list(numbers)), table.c.ordinal < most)
        .order_by(table.c.run_number, table.c.ordinal)
    )
    found: dict[int, list[MetricSummary]] = {}
    for row in c.execute(query):
        found.setdefault(row.run_number, []).append(summary(row))
    return {number: tuple(items) for number, items in found.items()}


def summary(row: Any) -> MetricSummary:
    """One row of `metric_latest`."""
    return MetricSummary(
        name=row.name,
        count=row.point_count,
        last=row.last,
        last_step=row.last_step,
        minimum=row.minimum,
        maximum=row.maximum,
        updated_at=row.updated_at,
    )


def _run(row: Any, tags: dict[str, str], params: dict[str, str], metrics: tuple[MetricSummary, ...]) -> Run:
    facts = decode_facts(row.body)
    return Run(
        id=row.id,
        number=row.number,
        experiment=row.experiment,
        kind=row.kind,
        status=RunStatus(row.status),
        status_sequence=row.status_sequence,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        display_name=row.display_name,
        description=row.description,
        user=row.user,
        host=row.host,
        compute_target=row.compute_target,
        environment=row.environment,
        command=facts.command,
        arguments=facts.arguments,
        working_directory=facts.working_directory,
        tags=tags,
        params=params,
        properties=row.properties or {},
        parent_id=row.parent_id,
        child_count=row.child_count,
        children_ended=row.children_ended,
        snapshot_id=row.snapshot_id,
        snapshot_scope=facts.snapshot_scope,
        git=facts.git,
        source=facts.source,
        captured=facts.captured,
        links=facts.links,
        notes=facts.notes,
        environment_variables=facts.variable_names,
        error=None if row.error is None else from_builtins(RunError, row.error),
        warnings=tuple(row.warnings or ()),
        waiting_for=row.waiting_for,
        metrics=metrics,
    )

"""Runs: make, get, list, change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.filters import Filter, OrderKey
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.names import MAX_DESCRIPTION, MAX_DISPLAY_NAME, check_id, check_tags, check_text
from jupyter_mlws.domain.notebook_wish import WISH as NOTEBOOK_WISH
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.run import Run, RunSubmission, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import Conflict, NotFound
from jupyter_mlws.store import changes, counters, experiments
from jupyter_mlws.store.deleted import PURGED, not_deleted
from jupyter_mlws.store.later import Read
from jupyter_mlws.store.run_claims import claim_queued, hand_back
from jupyter_mlws.store.run_families import numbers_below
from jupyter_mlws.store.run_filters import condition
from jupyter_mlws.store.run_lists import all_numbers, count_found, page_of_runs
from jupyter_mlws.store.run_record import body_of, load_runs, read_submission, run_query, search_text, summaries_of
from jupyter_mlws.store.run_search import found_by
from jupyter_mlws.store.run_states import cancel_run, move_run, runs_in, set_waiting
from jupyter_mlws.store.tables import deleted_runs, run_params, run_tags, runs, submissions

__all__ = [
    "cancel_run",
    "claim_queued",
    "count_runs",
    "create_run",
    "find_by_key",
    "find_numbers",
    "fitting",
    "get_run",
    "get_submission",
    "hand_back",
    "missing_run",
    "move_run",
    "named_run",
    "page_runs",
    "put_labels",
    "run_number",
    "run_numbers",
    "runs_in",
    "set_waiting",
    "summaries",
    "update_run",
]

# Series shown with one run.
METRICS_OF_ONE = 100
# So that a list of millions is not gone through for the length of its scroll bar.
MOST_COUNTED = 100_000
_NUMBER = re.compile(r"#?([0-9]{1,15})", re.ASCII)


def create_run(
    c: Connection,
    submission: RunSubmission,
    *,
    run_id: str,
    user: str,
    host: str,
    status: RunStatus = RunStatus.QUEUED,
    children: Sequence[str] = (),
    around: Mapping[str, object] | None = None,
) -> Run:
    """Record a run, and with it the children of its sweep.

    Parameters
    ----------
    c : Connection
        Of a write transaction.
    submission : RunSubmission
        Secrets and inherited variables in it are not stored, only their names.
    run_id, user, host : str
        Id of the run; who submitted it, and on which machine.
    status : RunStatus
        Where it begins: queued for a dispatcher, or running already in the caller's process.
    children : sequence of str
        Ids of the runs of `submission.sweep`, one for each.
    around : mapping, optional
        What is kept with the submission, see `body_of`.
    """
    experiment = experiments.ensure(c, submission.experiment, for_runs=True)
    sweep = submission.sweep if submission.kind == "sweep" else ()
    first = counters.take(c, "run", 1 + len(sweep))
    submission_id = c.scalar(insert(submissions).values(body=body_of(submission, around)).returning(submissions.c.id))
    common = _columns(submission, user, host, status) | {
        "experiment_id": experiment.id,
        "submission_id": submission_id,
    }
    ids, params = [run_id, *children], [submission.params, *({**submission.params, **item} for item in sweep)]
    tags = check_tags(submission.tags)
    rows = [
        common
        | {
            "number": first + i,
            "id": ids[i],
            "kind": "sweep" if i == 0 and sweep else _kind(submission),
            "parent_number": None if i == 0 else first,
            "child_count": len(sweep) if i == 0 else 0,
            "submission_key": (submission.key or None) if i == 0 else None,
            "search_text": search_text(first + i, experiment.name, submission.display_name, tags, params[i]),
        }
        for i in range(1 + len(sweep))
    ]
    # The parent first: the children refer to it.
    c.execute(insert(runs), rows[:1])
    if sweep:
        c.execute(insert(runs), rows[1:])
    put_labels(c, run_tags, [(row["number"], tags) for row in rows])
    put_labels(c, run_params, [(first + i, check_tags(item, "parameter", len(item))) for i, item in enumerate(params)])
    experiments.count_runs(c, experiment.id, len(rows))
    changes.note_many(c, "run", ids)
    changes.note(c, "experiment", experiment.name)
    return get_run(c, run_id)


def _kind(submission: RunSubmission) -> str:
    if submission.kind != "sweep":
        return submission.kind
    if any(item.name == NOTEBOOK_WISH for item in submission.inputs):
        return "notebook"
    return "cell" if submission.source.cell_source else "script"


def _columns(submission: RunSubmission, user: str, host: str, status: RunStatus) -> dict[str, Any]:
    at = now()
    return {
        "status": status.value,
        "status_sequence": 1,
        "created_at": at,
        "started_at": at if status is RunStatus.RUNNING else None,
        "user": user,
        "host": host,
        "compute_target": submission.compute_target,
        "environment": submission.environment,
        "attempt": 0,
        "owner": "",
        "waiting_for": "",
        "parallel": submission.parallel,
        "children_ended": 0,
        "display_name": check_text("display name", submission.display_name, MAX_DISPLAY_NAME),
        "description": check_text("description", submission.description, MAX_DESCRIPTION),
        "document": submission.source.document,
        "document_id": submission.source.document_id,
        "snapshot_id": submission.snapshot_id,
        "properties": check_tags(submission.properties, "property") or None,
    }


def put_labels(c: Connection, table: Any, labels: Iterable[tuple[int, dict[str, str]]]) -> None:
    """Insert the tags or params of runs, given by number."""
    rows = [
        {"run_number": number, "name": name, "value": value}
        for number, mapping in labels
        for name, value in mapping.items()
    ]
    if rows:
        c.execute(insert(table), rows)


def named_run(run: str) -> ColumnElement[bool]:
    """The condition that finds a run by its id, its number or ``#number``."""
    number = _NUMBER.fullmatch(run)
    if number:
        return runs.c.number == int(number[1])
    return runs.c.id == check_id(run)


def missing_run(run: str) -> NotFound:
    """The error for a run that is not there."""
    return NotFound(f"There is no run {run[:80]}.", hint="List the runs to see their numbers: mlws runs.")


def _not_found(c: Connection, run: str) -> NotFound:
    """Why a run is not found: it was deleted, or never was."""
    query = select(runs.c.number).join_from(runs, deleted_runs, deleted_runs.c.run_number == runs.c.number)
    number = c.scalar(query.where(named_run(run), deleted_runs.c.deleted_at != PURGED))
    if number is None:
        return missing_run(run)
    return NotFound(
        f"Run #{number} is in the trash.",
        hint=f"Restore it: mlws run restore {number}.",
        details={"deleted": True},
    )


def run_number(c: Connection, run: str) -> int:
    """The number of a run named by its id or number, or `NotFound`."""
    number: int | None = c.scalar(select(runs.c.number).where(named_run(run), not_deleted()))
    if number is None:
        raise _not_found(c, run)
    return number


def run_numbers(c: Connection, ids: Iterable[str]) -> dict[str, int]:
    """The numbers of runs named by their ids, or `NotFound`."""
    wanted = set(ids)
    found: dict[str, int] = dict(
        c.execute(select(runs.c.id, runs.c.number).where(runs.c.id.in_(wanted), not_deleted())).all()
    )
    for run in wanted - found.keys():
        raise _not_found(c, run)
    return found


def get_run(c: Connection, run: str, *, metrics: int = METRICS_OF_ONE) -> Run:
    """One run by its id, its number or ``#number``, with the summaries of its first `metrics` series; or `NotFound`."""
    rows = c.execute(run_query().where(named_run(run), not_deleted())).all()
    if not rows:
        raise _not_found(c, run)
    return load_runs(c, rows, metrics)[0]


def find_by_key(c: Connection, key: str) -> Run | None:
    """The run that was submitted with this key."""
    run_id = c.scalar(select(runs.c.id).where(runs.c.submission_key == key))
    return None if run_id is None else get_run(c, run_id)


def get_submission(c: Connection, run: str) -> RunSubmission:
    """What was submitted, without secrets and inherited variables; a child of a sweep has its own params."""
    row = c.execute(
        select(runs.c.number, runs.c.kind, submissions.c.body)
        .join_from(runs, submissions, runs.c.submission_id == submissions.c.id)
        .where(named_run(run), not_deleted())
    ).one_or_none()
    if row is None:
        raise _not_found(c, run)
    params = c.execute(select(run_params.c.name, run_params.c.value).where(run_params.c.run_number == row.number))
    return read_submission(row.body, kind=row.kind, params=dict(params.all()))


def summaries(
    c: Connection, run_ids: Sequence[str], most: int = METRICS_OF_ONE
) -> dict[str, tuple[MetricSummary, ...]]:
    """The first `most` series of each run."""
    rows = c.execute(select(runs.c.number, runs.c.id).where(runs.c.id.in_(run_ids)))
    ids = dict(rows.all())
    return {ids[number]: found for number, found in summaries_of(c, ids, most).items()}


def page_runs(
    c: Connection,
    *,
    experiment: str | None = None,
    statuses: Sequence[RunStatus] = (),
    document: str | None = None,
    parent: str | None = None,
    search: str | None = None,
    include_children: bool = False,
    recursive: bool = False,
    wanted: Filter | None = None,
    for_those_below: bool = False,
    ids: Sequence[str] | None = None,
    order: Sequence[OrderKey] = (),
    limit: int = 50,
    cursor: str | None = None,
    later: Read | None = None,
) -> Page[Run]:
    """Runs by the conditions of `RunsApi.list`; newest first unless there is an `order`.

    In a list `for_those_below` a run is also found where `wanted` holds for one below it. Of `ids` only these are
    listed. With `later`, which is `Store.read`, they may fetch what was submitted with them when somebody looks at it.
    """
    found = None if experiment is None else experiments.find_experiment(c, experiment)
    if experiment is not None and found is None:
        return Page(items=())
    query = select(runs.c.number).where(
        not_deleted(),
        *_conditions(None if found is None else found.id, statuses, ids),
        *found_by(search, with_those_below=not (include_children or recursive)),
        *_of_parent(c, parent, include_children=include_children, recursive=recursive),
    )
    return page_of_runs(
        c,
        query,
        wanted=wanted,
        order=order,
        document=document,
        limit=limit,
        cursor=cursor,
        later=later,
        with_those_below=for_those_below,
    )


def count_runs(
    c: Connection,
    *,
    statuses: Sequence[RunStatus] = (),
    document: str | None = None,
    parent: str | None = None,
    search: str | None = None,
    include_children: bool = False,
    wanted: Filter | None = None,
    for_those_below: bool = False,
    ids: Sequence[str] | None = None,
) -> int:
    """How many runs `page_runs` finds by these conditions, counted up to `MOST_COUNTED`."""
    query = select(runs.c.number).where(
        not_deleted(),
        *_conditions(None, statuses, ids),
        *found_by(search, with_those_below=not include_children),
        *_of_parent(c, parent, include_children=include_children),
    )
    return count_found(c, query, wanted, document, MOST_COUNTED, with_those_below=for_those_below)


def fitting(
    c: Connection, numbers: Sequence[int], *, search: str | None = None, wanted: Filter | None = None
) -> set[int]:
    """Those of a page's runs for which the conditions hold themselves, and not only below them."""
    query = select(runs.c.number).where(runs.c.number.in_(numbers), *found_by(search, with_those_below=False))
    return set(c.scalars(query if wanted is None else query.where(condition(wanted))))


def find_numbers(
    c: Connection, *, experiment: str | None = None, include_children: bool = False, wanted: Filter | None = None
) -> list[int]:
    """The numbers of all runs that fulfil the conditions, which are those of `page_runs`; the oldest first."""
    found = None if experiment is None else experiments.find_experiment(c, experiment)
    if experiment is not None and found is None:
        return []
    conditions = (
        *_conditions(None if found is None else found.id, ()),
        *_of_parent(c, None, include_children=include_children),
    )
    return all_numbers(c, select(runs.c.number).where(not_deleted(), *conditions), wanted)


def _conditions(
    experiment_id: int | None, statuses: Sequence[RunStatus], ids: Sequence[str] | None = None
) -> Iterator[ColumnElement[bool]]:
    if ids is not None:
        yield runs.c.id.in_(ids)
    if experiment_id is not None:
        yield runs.c.experiment_id == experiment_id
    if statuses:
        yield runs.c.status.in_([status.value for status in statuses])


def _of_parent(
    c: Connection, parent: str | None, *, include_children: bool, recursive: bool = False
) -> Iterator[ColumnElement[bool]]:
    if parent is not None:
        number = run_number(c, parent)
        yield runs.c.number.in_(numbers_below(number)) if recursive else runs.c.parent_number == number
    elif not include_children:
        yield runs.c.parent_number.is_(None)


def update_run(c: Connection, run: str, change: RunUpdate) -> Run:
    """Change tags, display name or description, add properties; a tag of None is removed."""
    number = run_number(c, run)
    values = {
        name: check_text(name.replace("_", " "), value, limit)
        for name, value, limit in (
            ("display_name", change.display_name, MAX_DISPLAY_NAME),
            ("description", change.description, MAX_DESCRIPTION),
        )
        if value is not None
    }
    if values:
        c.execute(update(runs).where(runs.c.number == number).values(**values))
    if change.tags:
        _change_tags(c, number, change.tags)
    if change.properties:
        _add_properties(c, number, change.properties)
    after = get_run(c, run)
    text = search_text(number, after.experiment, after.display_name, after.tags, after.params)
    c.execute(update(runs).where(runs.c.number == number).values(search_text=text))
    changes.note(c, "run", after.id)
    return after


def _change_tags(c: Connection, number: int, change: dict[str, str | None]) -> None:
    rows = c.execute(select(run_tags.c.name, run_tags.c.value).where(run_tags.c.run_number == number))
    merged = experiments.changed_labels(dict(rows.all()), change)
    c.execute(delete(run_tags).where(run_tags.c.run_number == number))
    put_labels(c, run_tags, [(number, merged)])


def _add_properties(c: Connection, number: int, added: dict[str, str]) -> None:
    current = c.scalar(select(runs.c.properties).where(runs.c.number == number)) or {}
    merged = added_properties(current, added, f"Run #{number}")
    c.execute(update(runs).where(runs.c.number == number).values(properties=merged))


def added_properties(current: dict[str, str], added: dict[str, str], what: str) -> dict[str, str]:
    """Properties with more of them; what is there stays, and another value for it is a `Conflict`.

    Raises
    ------
    Conflict, TooLarge
    """
    new = check_tags(added, "property")
    for name, value in new.items():
        if current.get(name, value) != value:
            raise Conflict(
                f"{what} has the property {name[:100]!r} already, with another value, and properties stay as they are.",
                hint="Use a tag for what changes.",
                details={"property": name, "value": current[name]},
            )
    return check_tags({**current, **new}, "property")

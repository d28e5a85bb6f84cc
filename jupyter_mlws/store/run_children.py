"""Child runs that a process makes of itself: they have no process of their own, and end with it at the latest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, bindparam, case, insert, select, update

from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.domain.child import NewChild, RunEnd
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.names import MAX_DISPLAY_NAME, MAX_ERROR_MESSAGE, MAX_PARAMS, check_tags, check_text
from jupyter_mlws.domain.run import Run, RunError
from jupyter_mlws.domain.status import ON_TARGET, TERMINAL, RunStatus
from jupyter_mlws.errors import AlreadyExists, TooLarge, WrongState
from jupyter_mlws.store import changes, counters, experiments
from jupyter_mlws.store.run_record import load_runs, run_query, search_text
from jupyter_mlws.store.run_states import count_ended_children, end_runs
from jupyter_mlws.store.runs import get_run, put_labels
from jupyter_mlws.store.tables import run_params, run_tags, runs
from jupyter_mlws.store.types import Json, Moment

__all__ = [
    "CHILD",
    "MAX_CHILDREN_OF_RUN",
    "Descendant",
    "create_children",
    "descendants",
    "end_children",
    "end_descendants",
]

CHILD = "child"
MAX_CHILDREN_OF_RUN = 10_000
_PART = 5000
# What a child has of its parent.
_INHERITED = (
    runs.c.experiment_id,
    runs.c.submission_id,
    runs.c.user,
    runs.c.host,
    runs.c.compute_target,
    runs.c.environment,
    runs.c.document,
    runs.c.document_id,
    runs.c.snapshot_id,
)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=timezone.utc)
_AT = bindparam("at", type_=Moment)
# Ended at the earliest when it began, whatever the script's clock says.
_END = (
    update(runs)
    .where(runs.c.number == bindparam("of_number"), runs.c.ended_at.is_(None))
    .values(
        status=bindparam("to_status"),
        status_sequence=runs.c.status_sequence + bindparam("more", type_=Integer),
        ended_at=case((runs.c.started_at > _AT, runs.c.started_at), else_=_AT),
        error=bindparam("why", type_=Json),
    )
)


class Descendant(NamedTuple):
    """A child run as whoever follows its root needs it."""

    id: str
    number: int
    parent_number: int
    status: RunStatus


def create_children(c: Connection, parent: str, wanted: Sequence[NewChild]) -> tuple[Run, ...]:
    """Record child runs, Running from their creation, or none of them; those that are recorded already stay.

    Raises
    ------
    AlreadyExists
        A run of one of the ids exists and is no child of `parent`.
    WrongState
        The parent has ended, waits, or runs nothing of its own.
    TooLarge
        It would have too many children.
    """
    above = get_run(c, parent, metrics=0)
    known = _known(c, [child.id for child in wanted])
    for child in wanted:
        if known.get(child.id, above.number) != above.number:
            raise AlreadyExists(f"There is a run {child.id[:80]} already, and it is no child of run #{above.number}.")
    new = [child for child in wanted if child.id not in known]
    if new:
        _check_parent(above, len(new))
        _insert(c, above, new)
    rows = c.execute(run_query().where(runs.c.id.in_([child.id for child in wanted]))).all()
    found = {run.id: run for run in load_runs(c, rows, 0)}
    return tuple(found[child.id] for child in wanted)


def _known(c: Connection, ids: Sequence[str]) -> dict[str, int | None]:
    return dict(c.execute(select(runs.c.id, runs.c.parent_number).where(runs.c.id.in_(ids))).all())


def _check_parent(above: Run, more: int) -> None:
    if above.kind == "sweep":
        raise WrongState(f"Run #{above.number} is a sweep, whose children are made at its submission.")
    if above.status not in ON_TARGET and not _is_canceled_child(above):
        state = "has ended" if above.status in TERMINAL else f"is {above.status}"
        raise WrongState(f"Run #{above.number} {state}, so it can make no child runs.", hint="Make them while it runs.")
    if above.child_count + more > MAX_CHILDREN_OF_RUN:
        raise TooLarge(
            f"Run #{above.number} has {above.child_count:,} child runs, and {more:,} more were asked for.",
            hint=f"At most {MAX_CHILDREN_OF_RUN:,} are kept; log the rest as rows of a metric.",
        )


def _is_canceled_child(run: Run) -> bool:
    """A canceled child has no process that could be ended: its script goes on, and nothing that it makes is lost."""
    return run.kind == CHILD and run.status is RunStatus.CANCELED


def _insert(c: Connection, above: Run, wanted: Sequence[NewChild]) -> None:
    inherited = c.execute(select(*_INHERITED).where(runs.c.number == above.number)).one()._mapping
    first, at = counters.take(c, "run", len(wanted)), now()
    canceled = above.status is RunStatus.CANCELED
    common: dict[str, Any] = {
        **inherited,
        "parent_number": above.number,
        "kind": CHILD,
        "status": (RunStatus.CANCELED if canceled else RunStatus.RUNNING).value,
        "status_sequence": 1,
        "attempt": 0,
        "owner": "",
        "waiting_for": "",
        "child_count": 0,
        "children_ended": 0,
        "description": "",
    }
    rows, tags, params = [], [], []
    for number, child in enumerate(wanted, first):
        name = check_text("display name", child.display_name, MAX_DISPLAY_NAME)
        own_tags, own_params = check_tags(child.tags), check_tags(child.params, "parameter", MAX_PARAMS)
        begun = _within(child.created_at, above.created_at, at)
        tags.append((number, own_tags))
        params.append((number, own_params))
        rows.append(
            common
            | {
                "number": number,
                "id": child.id,
                "display_name": name,
                "created_at": begun,
                "started_at": begun,
                "ended_at": begun if canceled else None,
                "search_text": search_text(number, above.experiment, name, own_tags, own_params),
            }
        )
    c.execute(insert(runs), rows)
    put_labels(c, run_tags, tags)
    put_labels(c, run_params, params)
    ended = len(rows) if canceled else 0
    c.execute(
        update(runs)
        .where(runs.c.number == above.number)
        .values(child_count=runs.c.child_count + len(rows), children_ended=runs.c.children_ended + ended)
    )
    experiments.count_runs(c, inherited["experiment_id"], len(rows))
    changes.note_many(c, "run", [above.id, *(child.id for child in wanted)])
    changes.note(c, "experiment", above.experiment)


def _within(at: datetime | None, earliest: datetime, latest: datetime) -> datetime:
    """The script's own time, where its clock can be right."""
    return latest if at is None or at.tzinfo is None else max(earliest, min(at, latest))


def end_children(c: Connection, ends: Sequence[tuple[int, RunEnd]]) -> dict[int, Run]:
    """End children, given by number, as their script tells; one that has ended stays as it is.

    Returns
    -------
    dict of int to Run
        Each of them as it is now, without its metrics.
    """
    latest = now()
    rows = [
        {
            "of_number": number,
            "to_status": end.status.value,
            # From Running to Canceled it is two moves, the wish for the end being the first.
            "more": 2 if end.status is RunStatus.CANCELED else 1,
            "at": _within(end.ended_at, _LONG_AGO, latest),
            "why": None if end.error is None else to_builtins(end.error),
        }
        for number, end in ends
    ]
    c.execute(_END, rows)
    numbers = [number for number, _ in ends]
    found = load_runs(c, c.execute(run_query().where(runs.c.number.in_(numbers))).all(), 0)
    parents = c.scalars(select(runs.c.parent_number).where(runs.c.number.in_(numbers)).distinct())
    count_ended_children(c, {number for number in parents if number is not None})
    changes.note_many(c, "run", [run.id for run in found])
    return {run.number: run for run in found}


def descendants(c: Connection, root: int) -> list[Descendant]:
    """The child runs below a run, parents before their children."""
    return [
        Descendant(row.id, row.number, row.parent_number, RunStatus(row.status))
        for level in _levels(c, root)
        for row in level
    ]


def _levels(c: Connection, root: int) -> Iterator[list[Any]]:
    query = select(
        runs.c.number, runs.c.id, runs.c.parent_number, runs.c.status, runs.c.error, runs.c.child_count
    ).where(runs.c.kind == CHILD)
    parents = [root]
    while parents:
        level = [
            row
            for part in _parts(parents)
            for row in c.execute(query.where(runs.c.parent_number.in_(part)).order_by(runs.c.number))
        ]
        if level:
            yield level
        parents = [row.number for row in level if row.child_count]


def _parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[i : i + _PART] for i in range(0, len(numbers), _PART))


def end_descendants(c: Connection, root: Run, status: RunStatus, error: RunError | None, at: datetime | None) -> int:
    """End the child runs below `root` that said nothing of their end: each as its own parent did.

    Returns
    -------
    int
        How many were ended.
    """
    ends: dict[int, tuple[RunStatus, str]] = {root.number: (status, _reason(error))}
    open_ones: dict[tuple[RunStatus, str], list[int]] = {}
    ids: list[str] = []
    parents: set[int] = set()
    for level in _levels(c, root.number):
        for row in level:
            own = RunStatus(row.status)
            if own in TERMINAL:
                told = None if row.error is None else from_builtins(RunError, row.error)
                ends[row.number] = (own, _reason(told))
                continue
            ends[row.number] = ends[row.parent_number]
            open_ones.setdefault(ends[row.number], []).append(row.number)
            parents.add(row.parent_number)
            ids.append(row.id)
    for (new, reason), numbers in open_ones.items():
        failure = _of_parent(reason) if new is RunStatus.FAILED else None
        end_runs(c, numbers, new, error=None if failure is None else to_builtins(failure), at=at)
    count_ended_children(c, parents)
    changes.note_many(c, "run", ids)
    return len(ids)


def _reason(error: RunError | None) -> str:
    return "it failed." if error is None else error.message


def _of_parent(reason: str) -> RunError:
    message = f"Its parent run ended: {reason}"
    return RunError(code="parent_ended", message=message[:MAX_ERROR_MESSAGE])

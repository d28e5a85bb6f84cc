"""A run as a line of a list shows it: what thousands of them cost is what each carries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.progress import Progress
from jupyter_mlws.domain.run import Run, RunError
from jupyter_mlws.domain.status import RunStatus

__all__ = ["LastValue", "LineSource", "RunLine", "RunLines", "line_of"]

# Properties that say where a run's process is; all others are shown on its own page.
_SHOWN_PROPERTIES = ("mlws.logged_from",)
_MOST_MESSAGE = 300


@dataclass(frozen=True, kw_only=True)
class LastValue:
    """A series of a run, of which a line shows the latest value."""

    name: str
    count: int
    last: float


@dataclass(frozen=True, kw_only=True)
class LineSource:
    """The notebook or script that a run came from, as the server shows its path."""

    document: str = ""


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """The part of a `Run` that a list of many shows.

    Its `error` has the beginning of the message and no traceback, its `properties` are those that say where the
    process is. All other fields are those of the run.
    """

    id: str
    number: int
    experiment: str
    kind: str
    status: RunStatus
    status_sequence: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    display_name: str = ""
    user: str = ""
    host: str = ""
    compute_target: str = "local"
    environment: str = "kernel"
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    parent_id: str | None = None
    child_count: int = 0
    children_ended: int = 0
    snapshot_id: str | None = None
    source: LineSource = field(default_factory=LineSource)
    error: RunError | None = None
    waiting_for: str = ""
    metrics: tuple[LastValue, ...] = ()
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True)
class RunLines:
    """A page of lines, and the cursor that gives the next one (None at the end).

    `total` is how many there are on all pages; only the first page says so. Above 100,000 nobody counts further.
    `for_those_below` are the ids of those runs that are listed for what lies below them, and are not what was asked
    for themselves.
    """

    items: tuple[RunLine, ...]
    next_cursor: str | None = None
    total: int | None = None
    for_those_below: tuple[str, ...] = ()


def line_of(run: Run) -> RunLine:
    """What a list shows of a run."""
    return RunLine(
        id=run.id,
        number=run.number,
        experiment=run.experiment,
        kind=run.kind,
        status=run.status,
        status_sequence=run.status_sequence,
        created_at=run.created_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        display_name=run.display_name,
        user=run.user,
        host=run.host,
        compute_target=run.compute_target,
        environment=run.environment,
        tags=run.tags,
        params=run.params,
        properties={name: run.properties[name] for name in _SHOWN_PROPERTIES if name in run.properties},
        parent_id=run.parent_id,
        child_count=run.child_count,
        children_ended=run.children_ended,
        snapshot_id=run.snapshot_id,
        source=LineSource(document=run.source.document),
        error=_brief(run.error),
        waiting_for=run.waiting_for,
        metrics=tuple([_last(each) for each in run.metrics]),
        progress=run.progress,
    )


def _brief(error: RunError | None) -> RunError | None:
    return None if error is None else replace(error, message=error.message[:_MOST_MESSAGE], traceback="")


def _last(metric: MetricSummary) -> LastValue:
    return LastValue(name=metric.name, count=metric.count, last=metric.last)

"""A run as a list gives it: everything was read, and is taken apart when somebody looks at it.

Of thousands of runs that a filter finds most are only counted, drawn as one line or put into a table of a few columns.
Such a run holds what the database said of it at one moment, as bytes, so it needs the database no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import msgspec

from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Captured, Run, RunError, RunSource
from jupyter_mlws.domain.snapshot import GitInfo, LinkedPath
from jupyter_mlws.domain.status import RunStatus

__all__ = ["StoredRun", "decode_facts", "encode_card", "stored_run"]


@dataclass
class _Facts:
    """The part of a stored submission that a run shows."""

    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    working_directory: str = ""
    snapshot_scope: str = ""
    git: GitInfo | None = None
    source: RunSource = field(default_factory=RunSource)
    captured: tuple[Captured, ...] = ()
    links: tuple[LinkedPath, ...] = ()
    notes: tuple[str, ...] = ()
    variable_names: tuple[str, ...] = ()


decode_facts = msgspec.json.Decoder(_Facts).decode


class _Series(msgspec.Struct, array_like=True):
    """A `MetricSummary`, by place."""

    name: str
    count: int
    last: float
    last_step: int
    minimum: float
    maximum: float
    updated_at: datetime


class _Card(msgspec.Struct, array_like=True):
    """The rest of a run, by place: later versions add at the end."""

    id: str
    kind: str
    status_sequence: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    display_name: str
    description: str
    user: str
    host: str
    compute_target: str
    environment: str
    tags: dict[str, str]
    params: dict[str, str]
    properties: dict[str, str]
    parent_id: str | None
    child_count: int
    children_ended: int
    snapshot_id: str | None
    error: RunError | None
    warnings: tuple[str, ...]
    waiting_for: str
    metrics: tuple[_Series, ...]


_decode_card = msgspec.msgpack.Decoder(_Card).decode
_encode = msgspec.msgpack.Encoder().encode
_SERIES = _Series.__struct_fields__
_OF_CARD = tuple(name for name in _Card.__struct_fields__ if name != "metrics")
_OF_FACTS = tuple(each.name for each in fields(_Facts) if each.name != "variable_names")
_NAMES = tuple(each.name for each in fields(Run))


def encode_card(run: Run) -> bytes:
    """What is kept of a run beside the columns and the submission that `stored_run` is given."""
    metrics = tuple(_Series(*(getattr(each, name) for name in _SERIES)) for each in run.metrics)
    return _encode(_Card(**{name: getattr(run, name) for name in _OF_CARD}, metrics=metrics))


def stored_run(number: int, status: RunStatus, experiment: str, card: bytes, body: str | bytes) -> Run:
    """A run from its card and the JSON of its submission."""
    run = _new(StoredRun)
    values = run.__dict__
    values["number"] = number
    values["status"] = status
    values["experiment"] = experiment
    values["_card"] = card
    values["_body"] = body
    return run


class StoredRun(Run):
    """A `Run` in all that can be seen of it; made by `stored_run`."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Run):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _NAMES)

    __hash__ = Run.__hash__

    def __reduce__(self) -> Any:
        return _plain, ({name: getattr(self, name) for name in _NAMES},)


StoredRun.__qualname__ = Run.__qualname__  # which is what the record calls itself
_new = StoredRun.__new__


def _plain(values: dict[str, Any]) -> Run:
    return Run(**values)


class _Later:
    """A field that is put into the run's own values, with those that lie beside it, when it is first asked for."""

    def __init__(self, name: str, take_apart: Callable[[dict[str, Any]], None]) -> None:
        self._name = name
        self._take_apart = take_apart

    def __get__(self, run: Run, owner: type[Run]) -> Any:
        values = run.__dict__
        self._take_apart(values)
        return values[self._name]


def _take_card(values: dict[str, Any]) -> None:
    card = _decode_card(values["_card"])
    for name in _OF_CARD:
        values[name] = getattr(card, name)
    values["metrics"] = tuple(
        MetricSummary(**{name: getattr(series, name) for name in _SERIES}) for series in card.metrics
    )


def _take_facts(values: dict[str, Any]) -> None:
    facts = decode_facts(values["_body"])
    for name in _OF_FACTS:
        values[name] = getattr(facts, name)
    values["environment_variables"] = facts.variable_names


for _name in (*_OF_CARD, "metrics"):
    setattr(StoredRun, _name, _Later(_name, _take_card))
for _name in (*_OF_FACTS, "environment_variables"):
    setattr(StoredRun, _name, _Later(_name, _take_facts))

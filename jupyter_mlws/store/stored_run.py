"""A run as a list gives it: everything was read, and is taken apart when somebody looks at it.

Of thousands of runs that a filter finds most are only counted, drawn as one line or put into a table of a few columns.
Such a run holds what the database said of it at one moment, as bytes, so it needs the database no more; but for what
was submitted, which never changes and is most of the bytes: `jupyter_mlws.store.later` reads it for a long list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import asdict

from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Captured, Run, RunError, RunSource
from jupyter_mlws.domain.snapshot import GitInfo, LinkedPath
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store.stored_summary import series_of, summaries_from

__all__ = ["Bodies", "StoredRun", "decode_facts", "encode_card", "stored_run"]


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


# Gives the JSON of the submission of a run, by its number.
Bodies = Callable[[int], str]
decode_facts = msgspec.json.Decoder(_Facts).decode


class _Card(msgspec.Struct, array_like=True, gc=False):
    """What a card holds, by place: later versions add at the end."""

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
    error: Any
    warnings: tuple[str, ...]
    waiting_for: str
    metrics: msgspec.Raw


_OF_CARD = _Card.__struct_fields__
_OF_FACTS = tuple(each.name for each in fields(_Facts) if each.name != "variable_names")
_NAMES = tuple(each.name for each in fields(Run))
# MessagePack: it has NaN, infinities and moments, all exact.
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Card).decode
_MOST_INTEGER = 1 << 63


def encode_card(run: Run) -> bytes:
    """What is kept of a run beside the columns and the submission that `stored_run` is given."""
    values = {name: getattr(run, name) for name in _OF_CARD}
    values["error"] = _error_of(run)
    values["metrics"] = [series_of(each) for each in run.metrics]
    return _encode(list(values.values()))


def _error_of(run: Run) -> object:
    """The error; an exit code that a card cannot hold is none, as what was recorded before may have been forged."""
    error = run.error
    if error is not None and not -_MOST_INTEGER <= (error.exit_code or 0) < _MOST_INTEGER:
        error = replace(error, exit_code=None)
    return to_builtins(error)


def stored_run(number: int, status: RunStatus, experiment: str, card: bytes, body: str | Bodies) -> Run:
    """A run from its card and the JSON of its submission, or what gives that when it is needed."""
    run: Run = _new(StoredRun)
    values = run.__dict__
    values["number"], values["status"], values["experiment"] = number, status, experiment
    values["_card"], values["_body"] = card, body
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
_new: Any = object.__new__


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
    found = asdict(_decode(values["_card"]))
    values["_series"] = found.pop("metrics")
    if found["error"] is not None:
        found["error"] = from_builtins(RunError, found["error"])
    values |= found


class _Metrics:
    """The summaries, made at each look: kept for thousands of runs, they would be what the garbage collector does."""

    def __get__(self, run: Run, owner: type[Run]) -> tuple[MetricSummary, ...]:
        values = run.__dict__
        if "_series" not in values:
            _take_card(values)
        return summaries_from(values["_series"])


def _take_facts(values: dict[str, Any]) -> None:
    body = values["_body"]
    facts = decode_facts(body if isinstance(body, str) else body(values["number"]))
    for name in _OF_FACTS:
        values[name] = getattr(facts, name)
    values["environment_variables"] = facts.variable_names


for _name in _OF_CARD:
    setattr(StoredRun, _name, _Metrics() if _name == "metrics" else _Later(_name, _take_card))
for _name in (*_OF_FACTS, "environment_variables"):
    setattr(StoredRun, _name, _Later(_name, _take_facts))

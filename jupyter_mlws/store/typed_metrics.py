"""Metrics that are more than numbers: rows, tables, images and the like, in the order of their logging.

The values of a name are kept in chunks: JSON arrays, of which the last one grows until it is large enough. So a million
logged rows are few rows of the table, and writing one more costs no more than a chunk.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.metric import MetricValue, TypedMetric
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import changes
from jupyter_mlws.store.paging import cut, text_after
from jupyter_mlws.store.run_states import add_warnings
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.streams import advance
from jupyter_mlws.store.tables import metric_latest, metric_values, typed_metrics
from jupyter_mlws.store.upsert import upsert

__all__ = [
    "CHUNK_BYTES",
    "CHUNK_VALUES",
    "PAGE_BYTES",
    "NewValue",
    "all_typed_names",
    "append_values",
    "page_typed",
    "put_values",
    "read_values",
]

# A chunk grows until it has either: rewriting it stays cheap, and few rows hold many values.
CHUNK_BYTES = 64 * 1024
CHUNK_VALUES = 1024
# A page of large values ends early, so that an answer fits into memory.
PAGE_BYTES = 8 * 1024 * 1024
_NUMBER = "number"
_PART = 500  # names in one question


@dataclass(frozen=True, kw_only=True)
class NewValue:
    """A value on its way in; names and types are checked by who reads them.

    Attributes
    ----------
    name, type : str
    at : datetime
    step : int or None
    description : str
    value : any
        What JSON can say, and NaN and the infinities.
    """

    name: str
    type: str
    at: datetime
    step: int | None = None
    description: str = ""
    value: Any = None


def append_values(c: Connection, run_id: str, stream: str, start: int, end: int, values: Sequence[NewValue]) -> int:
    """Store values and their stream's new offset in the transaction of `c`.

    A batch that was stored already is ignored, so a reader that died after the commit may simply send it again. A name
    keeps the type it had first: values of another type are left out, and the run says so.

    Parameters
    ----------
    c : Connection
        Of a write transaction.
    run_id, stream : str
    start, end : int
        How far the stream was read before and after this batch.
    values : sequence of NewValue

    Returns
    -------
    int
        Number of values stored.

    Raises
    ------
    Conflict
        The batch does not begin at the stream's offset; see `jupyter_mlws.store.streams.advance`.
    """
    number = run_number(c, run_id)
    if not advance(c, number, stream, start, end) or not values:
        return 0
    stored = put_values(c, run_id, number, values)
    changes.note(c, "metric", run_id)
    return stored


def put_values(c: Connection, run_id: str, number: int, values: Sequence[NewValue]) -> int:
    """`append_values` for who has advanced the stream already, and notes the change."""
    names = list(dict.fromkeys(value.name for value in values))
    known = _known(c, number, names)
    types = known_types(c, number, names)
    kept: dict[str, list[NewValue]] = {}
    refused: dict[tuple[str, str], None] = {}
    for value in values:
        if types.setdefault(value.name, value.type) == value.type:
            kept.setdefault(value.name, []).append(value)
        else:
            refused[value.name, value.type] = None
    warn_of_types(c, run_id, [(name, types[name], kind) for name, kind in refused])
    _store(c, number, kept, known)
    return sum(len(each) for each in kept.values())


def known_types(c: Connection, number: int, names: Sequence[str]) -> dict[str, str]:
    """The types of those names that a run has values of; 'number' for a series."""
    types: dict[str, str] = {}
    for part in (names[i : i + _PART] for i in range(0, len(names), _PART)):
        series = select(metric_latest.c.name).where(
            metric_latest.c.run_number == number, metric_latest.c.name.in_(part)
        )
        types |= dict.fromkeys(c.scalars(series), _NUMBER)
        types |= {name: kind for (_, name), kind in typed_names(c, [number], part).items()}
    return types


def all_typed_names(c: Connection, run_id: str) -> set[str]:
    """The names of all typed metrics of a run."""
    return set(c.scalars(select(typed_metrics.c.name).where(typed_metrics.c.run_number == run_number(c, run_id))))


def typed_names(c: Connection, numbers: Iterable[int], names: Iterable[str]) -> dict[tuple[int, str], str]:
    """Those of the names that are typed metrics of the runs, by the run's number and the name, with their types."""
    table = typed_metrics.c
    query = select(table.run_number, table.name, table.type)
    rows = c.execute(query.where(table.run_number.in_(list(numbers)), table.name.in_(list(names))))
    return {(row.run_number, row.name): row.type for row in rows}


def warn_of_types(c: Connection, run_id: str, refused: Iterable[tuple[str, str, str]]) -> None:
    """Say on the run which values were left out: their name, its type, and the type that they had."""
    words = [
        f"{name!r} was logged as {first} first, so its values of type {other} were left out; give them another name."
        for name, first, other in refused
    ]
    if words:
        add_warnings(c, run_id, words)


def _known(c: Connection, number: int, names: Sequence[str]) -> dict[str, Any]:
    table = typed_metrics
    return {
        row.name: row
        for part in (names[i : i + _PART] for i in range(0, len(names), _PART))
        for row in c.execute(select(table).where(table.c.run_number == number, table.c.name.in_(part)))
    }


def _store(c: Connection, number: int, kept: dict[str, list[NewValue]], known: dict[str, Any]) -> None:
    ordinal = c.scalar(select(func.count()).where(typed_metrics.c.run_number == number)) or 0
    at = now()
    summary_rows: list[dict[str, Any]] = []
    chunk_rows: list[dict[str, Any]] = []
    for name, values in kept.items():
        before = known.get(name)
        count = 0 if before is None else before.value_count
        chunk_rows += _chunks(_tail(c, number, name, count), number, name, values)
        summary_rows.append(
            {
                "run_number": number,
                "name": name,
                "type": values[0].type,
                "ordinal": ordinal if before is None else before.ordinal,
                "value_count": count + len(values),
                "updated_at": at,
            }
        )
        ordinal += before is None
    upsert(c, metric_values, chunk_rows)
    upsert(c, typed_metrics, summary_rows)


@dataclass
class _Chunk:
    """A chunk that is being filled."""

    start: int
    count: int
    body: bytearray


def _tail(c: Connection, number: int, name: str, count: int) -> _Chunk:
    """The last chunk where it has room, else an empty one behind it."""
    table = metric_values
    if count:
        row = c.execute(
            select(table.c.start, table.c.value_count, table.c.body)
            .where(table.c.run_number == number, table.c.name == name)
            .order_by(table.c.start.desc())
            .limit(1)
        ).one()
        if not _is_full(row.value_count, len(row.body)):
            return _Chunk(row.start, row.value_count, bytearray(row.body[:-1]))
    return _Chunk(count, 0, bytearray(b"["))


def _is_full(count: int, size: int) -> bool:
    return count >= CHUNK_VALUES or size >= CHUNK_BYTES


def _chunks(chunk: _Chunk, number: int, name: str, values: Sequence[NewValue]) -> list[dict[str, Any]]:
    """The rows to write: the tail, longer than before, and the chunks that follow it."""
    rows = []
    for i, value in enumerate(values):
        chunk.body += (b"," if chunk.count else b"") + _encoded(value)
        chunk.count += 1
        if i == len(values) - 1 or _is_full(chunk.count, len(chunk.body)):
            rows.append(
                {
                    "run_number": number,
                    "name": name,
                    "start": chunk.start,
                    "value_count": chunk.count,
                    "body": bytes(chunk.body) + b"]",
                }
            )
            chunk = _Chunk(chunk.start + chunk.count, 0, bytearray(b"["))
    return rows


def _encoded(value: NewValue) -> bytes:
    said = {"at": value.at, "value": value.value}
    if value.step is not None:
        said["step"] = value.step
    if value.description:
        said["description"] = value.description
    text = json.dumps(to_builtins(said), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # A half of a character, which some scripts print, must not keep the rest from being shown.
    return text.encode("utf-8", "replace")


# -- and out again


def page_typed(c: Connection, run: str, limit: int, cursor: str | None) -> Page[TypedMetric]:
    """The typed metrics of a run, by name."""
    table = typed_metrics
    query = select(table).where(table.c.run_number == run_number(c, run)).order_by(table.c.name).limit(limit + 1)
    after = text_after(cursor)
    if after is not None:
        query = query.where(table.c.name > after)
    found = [
        TypedMetric(name=row.name, type=row.type, count=row.value_count, updated_at=row.updated_at)
        for row in c.execute(query)
    ]
    return cut(found, limit, lambda item: item.name)


def read_values(c: Connection, run: str, name: str, after: int = 0, limit: int = 1000) -> Page[MetricValue]:
    """The values of one name from place `after` on; `next_cursor` is the place where the next page begins.

    Raises
    ------
    NotFound
        The run has no typed metric of this name.
    """
    number = run_number(c, run)
    table = typed_metrics
    known = c.execute(
        select(table.c.type, table.c.value_count).where(table.c.run_number == number, table.c.name == name)
    ).one_or_none()
    if known is None:
        raise NotFound(f"Run {run[:80]} has no typed metric {name[:80]!r}.", hint="List them to see their names.")
    items: list[MetricValue] = []
    size = 0
    for start, body in _bodies(c, number, name, after):
        for i, said in enumerate(json.loads(body), start):
            if i >= after and len(items) < limit:
                items.append(_value(i, known.type, said))
        size += len(body)
        if len(items) >= limit or size >= PAGE_BYTES:
            break
    place = items[-1].index + 1 if items else after
    return Page(items=tuple(items), next_cursor=str(place) if place < known.value_count else None)


def _bodies(c: Connection, number: int, name: str, after: int) -> Iterable[tuple[int, bytes]]:
    """The chunks from the one that holds place `after`, read one by one."""
    table = metric_values
    mine = (table.c.run_number == number, table.c.name == name)
    start = c.scalar(select(func.max(table.c.start)).where(*mine, table.c.start <= after))
    while start is not None:
        row = c.execute(select(table.c.value_count, table.c.body).where(*mine, table.c.start == start)).one_or_none()
        if row is None:
            return
        yield start, row.body
        start += row.value_count


def _value(index: int, kind: str, said: dict[str, Any]) -> MetricValue:
    return MetricValue(
        index=index,
        type=kind,
        at=from_builtins(datetime, said["at"]),
        step=said.get("step"),
        description=said.get("description", ""),
        value=said["value"],
    )

"""The feed of changes: each subject once, under the cursor of its newest change."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from jupyter_mlws.domain.workspace import Change, ChangePage
from jupyter_mlws.store import counters
from jupyter_mlws.store.tables import changes
from jupyter_mlws.store.upsert import upsert

__all__ = ["last", "note", "note_many", "since"]

_COUNTER = "change"


def note(c: Connection, kind: str, subject: str) -> None:
    """Say that `subject` changed; it is seen by others when the transaction commits."""
    note_many(c, kind, (subject,))


def note_many(c: Connection, kind: str, subjects: Iterable[str]) -> None:
    """Say that several subjects of a kind changed."""
    unique = list(dict.fromkeys(subjects))
    if not unique:
        return
    first = counters.take(c, _COUNTER, len(unique))
    rows = [{"kind": kind, "subject": subject, "cursor": first + i} for i, subject in enumerate(unique)]
    upsert(c, changes, rows)


def since(c: Connection, cursor: int, limit: int) -> ChangePage:
    """At most `limit` changes after `cursor`, oldest first."""
    rows = c.execute(
        select(changes.c.cursor, changes.c.kind, changes.c.subject)
        .where(changes.c.cursor > cursor)
        .order_by(changes.c.cursor)
        .limit(limit)
    ).all()
    found = tuple(Change(cursor=row.cursor, kind=row.kind, subject=row.subject) for row in rows)
    return ChangePage(changes=found, cursor=found[-1].cursor if found else last(c))


def last(c: Connection) -> int:
    """The newest cursor; 0 when nothing has happened yet."""
    return counters.last(c, _COUNTER)

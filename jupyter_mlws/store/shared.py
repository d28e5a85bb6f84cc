"""What all who share a database have to agree on: which workspace it is, and where its bytes are.

An embedded workspace keeps this in its ``workspace.json`` alone. A database on a server is met from several folders,
on several machines, so it says it itself, in a table that only such a database has.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, inspect, select

__all__ = ["Shared", "find_shared", "put_shared"]

# Not among the tables of the records: SQLite has no use for it.
_table = Table(
    "workspace",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("blobs", Text, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The workspace that a database holds; `blobs` is a folder or URL, '' for the folder of whoever made it."""

    id: str
    name: str
    created_at: str
    blobs: str = ""


def find_shared(c: Connection) -> Shared | None:
    """What the database says; None as long as nobody has made a workspace of it."""
    if not inspect(c).has_table(_table.name):
        return None
    row = c.execute(select(_table)).one_or_none()
    return None if row is None else Shared(**row._mapping)


def put_shared(c: Connection, shared: Shared) -> Shared:
    """Say it, unless it has been said; returns what holds now."""
    found = find_shared(c)
    if found is None:
        _table.create(c, checkfirst=True)
        c.execute(insert(_table).values(**vars(shared)))
        found = shared
    return found

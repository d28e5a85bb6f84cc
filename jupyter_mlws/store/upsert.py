"""Insert or replace, in the words that both databases share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.sql.dml import Insert

__all__ = ["upsert"]


def upsert(c: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows with all their columns; where the primary key exists, replace the other columns."""
    if rows:
        c.execute(_statement(table, c.dialect.name, tuple(rows[0])), rows)


@cache
def _statement(table: Table, dialect: str, columns: tuple[str, ...]) -> Insert:
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {name: statement.excluded[name] for name in columns if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)

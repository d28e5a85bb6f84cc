"""Large tables, of which some rows are shown."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import Connection

from jupyter_mlws.api.parquet import TableFile
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.metric import TableColumn, TableRows
from jupyter_mlws.domain.names import check_file_name, sendable
from jupyter_mlws.errors import InvalidInput, NotFound
from jupyter_mlws.store import files, typed_metrics

__all__ = ["file_of", "rows_of"]

# In one answer: rows of very many columns are fewer, and long texts are cut.
_MOST_CELLS = 100_000
_MOST_CHARACTERS = 300
# To be unpacked for one answer.
_MOST_BYTES = 512 * 1024 * 1024


def file_of(c: Connection, run: str, name: str, index: int) -> RunFile:
    """The file of a table that was logged.

    Raises
    ------
    NotFound
        There is no such value, or its file is not stored yet.
    InvalidInput
        The value is no table in a file.
    """
    found = typed_metrics.read_values(c, run, name, index, 1).items
    if not found:
        raise NotFound(f"The metric {name[:80]!r} has no value {index}.", hint="List them to see how many there are.")
    value = found[0].value
    file = value.get("file") if found[0].type == "table" and isinstance(value, dict) else None
    if not isinstance(file, str):
        raise InvalidInput(f"The metric {name[:80]!r} is no table in a file.", hint="Its values are all of it.")
    return files.get_file(c, run, FileKind.OUTPUT, check_file_name(file))


def rows_of(blobs: BlobStore, file: RunFile, first: int, limit: int) -> TableRows:
    """Some rows of a table's file, of which no more than their part of it is read; texts of 300 characters at most."""
    with blobs.open(file.digest) as source:

        def read(at: int, size: int) -> bytes:
            source.seek(at)
            return source.read(size)

        table = TableFile(read, file.size_bytes)
        end = first + min(limit, max(1, _MOST_CELLS // max(1, len(table.columns))))
        cells = table.rows(first, end, _MOST_BYTES)
    return TableRows(
        columns=tuple(TableColumn(name=name, type=kind) for name, kind in table.columns),
        cells=tuple([_said(value) for value in column] for column in cells),
        first=first,
        row_count=table.count,
    )


def _said(value: Any) -> Any:
    """A number that JSON lacks by its name, and the beginning of a long text."""
    if isinstance(value, str):
        return sendable(value if len(value) <= _MOST_CHARACTERS else value[:_MOST_CHARACTERS] + "…")
    if type(value) is not float or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"

"""Files that runs left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, select

from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.names import check_digest, check_file_name
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import NotFound
from jupyter_mlws.store import changes
from jupyter_mlws.store.paging import cut, text_after
from jupyter_mlws.store.runs import run_number
from jupyter_mlws.store.tables import run_files
from jupyter_mlws.store.upsert import upsert

__all__ = ["files_below", "find_file", "get_file", "list_files", "page_files", "put_file", "put_files"]


def put_file(c: Connection, run_id: str, file: RunFile) -> None:
    """Record a file of a run; one of the same kind and name is replaced. Its bytes must be stored and synced before."""
    put_files(c, run_id, (file,))


def put_files(c: Connection, run_id: str, files: Iterable[RunFile]) -> None:
    """Record several files of a run."""
    number = run_number(c, run_id)
    rows = [
        {
            "run_number": number,
            "kind": file.kind.value,
            "name": check_file_name(file.name),
            "size_bytes": file.size_bytes,
            "digest": check_digest(file.digest),
            "mode": file.mode,
            "modified_at": file.modified_at,
        }
        for file in files
    ]
    if rows:
        upsert(c, run_files, rows)
        changes.note(c, "file", run_id)


def _file(row: Any) -> RunFile:
    return RunFile(
        name=row.name,
        kind=FileKind(row.kind),
        size_bytes=row.size_bytes,
        digest=row.digest,
        mode=row.mode,
        modified_at=row.modified_at,
    )


def _of_run(number: int, kind: FileKind | None) -> Select[Any]:
    query = select(run_files).where(run_files.c.run_number == number)
    return query if kind is None else query.where(run_files.c.kind == kind.value)


def list_files(c: Connection, run: str, kind: FileKind | None = None) -> list[RunFile]:
    """All files of a run, by kind and name."""
    query = _of_run(run_number(c, run), kind).order_by(run_files.c.kind, run_files.c.name)
    return [_file(row) for row in c.execute(query)]


def page_files(c: Connection, run: str, kind: FileKind | None, limit: int, cursor: str | None) -> Page[RunFile]:
    """Files of a run, by name."""
    after = text_after(cursor)
    query = _of_run(run_number(c, run), kind)
    if after is not None:
        name, _, after_kind = after.partition("\n")
        table = run_files.c
        query = query.where((table.name > name) | ((table.name == name) & (table.kind > after_kind)))
    query = query.order_by(run_files.c.name, run_files.c.kind).limit(limit + 1)
    # A name has no line breaks, so one separates it from the kind.
    return cut([_file(row) for row in c.execute(query)], limit, lambda file: f"{file.name}\n{file.kind}")


def find_file(c: Connection, run: str, kind: FileKind, name: str) -> RunFile | None:
    """One file of a run, or None."""
    row = c.execute(_of_run(run_number(c, run), kind).where(run_files.c.name == name)).one_or_none()
    return None if row is None else _file(row)


def get_file(c: Connection, run: str, kind: FileKind, name: str) -> RunFile:
    """One file of a run, or `NotFound`."""
    found = find_file(c, run, kind, name)
    if found is None:
        raise NotFound(f"Run {run[:80]} has no {kind} file {name[:80]!r}.", hint="List its files to see their names.")
    return found


def files_below(c: Connection, run: str, kind: FileKind, path: str) -> list[RunFile]:
    """The file of this name, or all files of the folder of this name."""
    folder = run_files.c.name.startswith(path + "/", autoescape=True)
    query = _of_run(run_number(c, run), kind).where((run_files.c.name == path) | folder).order_by(run_files.c.name)
    # LIKE knows no upper and lower case on SQLite: look again.
    return [_file(row) for row in c.execute(query) if row.name == path or row.name.startswith(path + "/")]

"""Opening what a workspace's folder says it is made of: the database of its records, the place of its bytes."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.blobs.marking import mark_of, put_mark
from jupyter_mlws.dispatcher.settings import WORKSPACE_FILE, WorkspaceFile
from jupyter_mlws.errors import WorkspaceError
from jupyter_mlws.store import Store
from jupyter_mlws.store.address import check_address
from jupyter_mlws.store.engine import BUSY_TIMEOUT_S
from jupyter_mlws.store.shared import Shared, find_shared, put_shared

__all__ = ["Records", "database_of", "join", "mark", "open_records"]


@dataclass(frozen=True)
class Records:
    """The opened parts of a workspace, and what a person should know about them."""

    store: Store
    blobs: BlobStore
    warnings: tuple[str, ...] = ()


def database_of(workspace: WorkspaceFile) -> str | None:
    """The URL of the workspace's database; None where it is the folder's own SQLite file.

    Raises
    ------
    InvalidInput
        The setting is no URL of a database, or it holds a password.
    """
    database = workspace.settings.get("database")
    return None if database in (None, "") else check_address(str(database))


def open_records(folder: Path, workspace: WorkspaceFile, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Records:
    """Open the database and the bytes of the workspace in `folder`.

    Raises
    ------
    WorkspaceError
        One of them cannot be used, or the database holds another workspace.
    """
    database = database_of(workspace)
    blobs = BlobStore(_blob_place(folder, workspace))
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(database or folder, busy_timeout_s=busy_timeout_s))
        warnings = store.warnings
        if database is not None:
            _check_same(store, folder, workspace)
            if not blobs.exists(mark_of(workspace.id)):
                warnings = (*warnings, _not_shared(folder))
        stack.pop_all()
    return Records(store, blobs, warnings)


def join(database: str, wanted: Shared) -> Shared:
    """Make a workspace of a database, or join the one that it holds; returns what holds now."""
    with Store.open(database) as store, store.write() as c:
        return put_shared(c, wanted)


def mark(folder: Path, workspace: WorkspaceFile) -> None:
    """Leave a mark among the bytes: whoever finds it has the same bytes as whoever made the workspace."""
    put_mark(BlobStore(_blob_place(folder, workspace)), workspace.id)


def _check_same(store: Store, folder: Path, workspace: WorkspaceFile) -> None:
    with store.read() as c:
        found = find_shared(c)
    if found is None or found.id != workspace.id:
        what = "no workspace" if found is None else f"another workspace, {found.name}"
        raise WorkspaceError(
            f"The database {store.name} holds {what}, not that of {folder}.",
            hint=f"Correct settings.database in {folder / WORKSPACE_FILE}, or make a new workspace with mlws init.",
        )


def _blob_place(folder: Path, workspace: WorkspaceFile) -> str | Path:
    blobs = workspace.settings.get("blobs")
    if blobs in (None, ""):
        return folder / "blobs"
    text = str(blobs)
    return text if "://" in text else folder / os.path.expanduser(text)


def _not_shared(folder: Path) -> str:
    return (
        "This workspace's records are shared through its database, but the files of others' runs are not here: "
        f"name the place of all its files as settings.blobs in {folder / WORKSPACE_FILE}."
    )

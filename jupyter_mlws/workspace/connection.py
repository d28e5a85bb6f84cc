"""Opening a workspace: its services in this process, or a client of the server that has it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from jupyter_mlws.domain.workspace import is_url
from jupyter_mlws.errors import InvalidInput, WorkspaceError
from jupyter_mlws.workspace import registry
from jupyter_mlws.workspace.finding import find

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.dispatcher.settings import WorkspaceFile
    from jupyter_mlws.services import Keeping
    from jupyter_mlws.store import Store

__all__ = ["Opened", "connect", "open_folder", "open_registered"]


@dataclass(frozen=True)
class Opened:
    """An open workspace.

    Attributes
    ----------
    api : Api
    id : str
        Its id in the user's registry.
    location : str
        Its folder, or the URL of the server that has it.
    """

    api: Api
    id: str
    location: str
    _close: Callable[[], None] = field(repr=False)
    _is_there: Callable[[], bool] = field(default=lambda: True, repr=False)

    def is_there(self) -> bool:
        """Whether its place still has it: neither is that gone, nor is another workspace or database there; cheap."""
        return self._is_there()

    def close(self) -> None:
        """Give up the database connections; nothing else ends."""
        self._close()

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def connect(
    location: str | os.PathLike[str] | None = None,
    *,
    document: str | os.PathLike[str] | None = None,
    token: str = "",
    workspace: str = "",
) -> Opened:
    """Find a workspace (see `find`), open it, make it if it is an embedded one and missing.

    Parameters
    ----------
    location, document : path-like or URL, optional
    token, workspace : str, optional
        Of a Jupyter server: what it asks for, and which of its workspaces is meant, by name or id.

    Raises
    ------
    NotTrusted
        A project's configuration names a place that the user has not allowed.
    WorkspaceError
        The workspace cannot be used; the message says why and what to do.
    """
    found = find(location, document=document)
    if is_url(found):
        return _open_server(found, token, workspace)
    if token or workspace:
        raise InvalidInput(
            f"{found} is a folder: it has no token, and only one workspace.", hint="Give a server's URL."
        )
    return open_folder(Path(found))


def open_registered(workspace_id: str) -> Opened:
    """The workspace of this id in the user's registry, or `NotFound`."""
    location = registry.location_of(workspace_id)
    if is_url(location):
        return _open_server(location, workspace=workspace_id)
    if not Path(location).is_dir():
        raise WorkspaceError(
            f"The workspace {location} is gone.", hint="If it was moved, open it once where it is now."
        )
    return open_folder(Path(location))


def open_folder(folder: Path) -> Opened:
    """The workspace in a folder, whose records are there or in a database on a server."""
    from jupyter_mlws.dispatcher.place import host_name, user_name
    from jupyter_mlws.dispatcher.records import database_of, open_records
    from jupyter_mlws.services import Services
    from jupyter_mlws.workspace.config import check_trusted
    from jupyter_mlws.workspace.folder import prepare
    from jupyter_mlws.workspace.waking import Wake

    facts = prepare(folder)
    database = database_of(facts)
    if database is not None:
        check_trusted(folder, database)
    records = open_records(folder, facts)
    services = Services(
        store=records.store,
        blobs=records.blobs,
        folder=folder,
        wake=Wake(folder),
        user=user_name(),
        host=host_name(),
        workspace_id=facts.id,
        name=facts.name,
        named=lambda: _name_of(folder, facts),
        warnings=records.warnings,
        keeping=lambda: _keeping(facts),
    )
    registry.register(facts.id, str(folder))
    there = _Presence(folder, facts.id, records.store)
    return Opened(api=services, id=facts.id, location=str(folder), _close=records.store.close, _is_there=there)


class _Presence:
    """Whether a folder still is the workspace, with the database, that was opened there."""

    def __init__(self, folder: Path, workspace_id: str, store: Store) -> None:
        self._folder = folder
        self._id = workspace_id
        self._store = store
        self._mark: tuple[int, ...] = ()

    def __call__(self) -> bool:
        from jupyter_mlws.dispatcher.settings import WORKSPACE_FILE, read_workspace_file

        try:
            facts = os.stat(self._folder / WORKSPACE_FILE)
        except OSError:
            return False
        mark = (facts.st_dev, facts.st_ino, facts.st_mtime_ns)
        if mark != self._mark:
            # Another name is another file, too.
            found = read_workspace_file(self._folder)
            if found is None or found.id != self._id:
                return False
            self._mark = mark
        return self._store.is_in_place()


def _name_of(folder: Path, facts: WorkspaceFile) -> str:
    """The name that the folder has now; the one that it had where it cannot be read."""
    from jupyter_mlws.dispatcher.settings import read_workspace_file

    try:
        found = read_workspace_file(folder)
    except WorkspaceError:
        found = None
    return facts.name if found is None else found.name


def _keeping(facts: WorkspaceFile) -> Keeping:
    from jupyter_mlws.dispatcher.settings import Settings
    from jupyter_mlws.services import Keeping

    days = Settings.of(facts, only="trash_days").trash_days
    return Keeping(trash_days=days, grace_s=Settings.of(facts, only="garbage_grace_s").garbage_grace_s)


def _open_server(url: str, token: str = "", workspace: str = "") -> Opened:
    from jupyter_mlws.api import http

    server, info = http.open_workspace(url, token, workspace)
    named = workspace or url.partition("#")[2]
    place = f"{server.url}#{info.id}" if named else server.url
    # Where the folder is this user's own, it stays the place of the workspace. A token in the URL is not written down.
    if is_url(registry.all_locations().get(info.id, url)):
        registry.register(info.id, place)
    return Opened(api=cast("Api", server.workspace(info.id)), id=info.id, location=place, _close=lambda: None)

"""How the SDK reaches a workspace: its services in this process, or a Jupyter server over HTTP."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast

from jupyter_mlws.api.interface import Api
from jupyter_mlws.api.patience import patient
from jupyter_mlws.domain.workspace import is_url
from jupyter_mlws.errors import MissingPart, WorkspaceError
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.runfolder.workspaces import WORKSPACE

__all__ = ["Connection", "connect", "has_full_package"]


@dataclass(frozen=True)
class Connection:
    """An opened workspace: its API, its id in the user's registry, where it is, for people, and whether it still is."""

    api: Api
    id: str
    location: str
    is_there: Callable[[], bool] = lambda: True


# By where a workspace is, never by where this process stands; the oldest goes when there are more.
_opened: dict[tuple[str, ...], Connection] = {}
_MOST_OPENED = 32


def has_full_package() -> bool:
    """Whether this interpreter has the whole package with what it stands on, not only the far side."""
    return find_spec("jupyter_mlws.workspace") is not None and find_spec("sqlalchemy") is not None


def connect(
    location: str | os.PathLike[str] | None = None,
    document: str | None = None,
    *,
    token: str = "",
    workspace: str = "",
) -> Connection:
    """The workspace at `location`, or the one that belongs to `document` (by default the working directory).

    Inside a job nothing given means the workspace of the job's run.

    Parameters
    ----------
    location : path-like or URL, optional
        Folder of an embedded workspace, or the URL of a Jupyter server that runs the extension.
    document : str, optional
        Absolute path of the notebook or script whose workspace is wanted.
    token, workspace : str, optional
        Of a Jupyter server: what it asks for, and which of its workspaces is meant, by name or id.

    Raises
    ------
    WorkspaceError
        The workspace is missing, newer than this package, or not usable.
    MissingPart
        Only the standard-library part is here, and no Jupyter server was found.
    """
    own = None if location or document else _of_this_job()
    if own is not None:
        return own
    found, asks_server = _where(location, document or os.getcwd())
    # The user's folders count too: a process may be given another home. A fork opens its own.
    key = (found, str(asks_server), token, workspace, str(places.data_dir()), str(os.getpid()))
    if key not in _opened or not _is_there(_opened[key]):
        connection = _ask_server(found) if asks_server else _open(found, token, workspace)
        _opened.pop(key, None)  # not closed: somebody may hold it, and is told when he uses it
        while len(_opened) >= _MOST_OPENED:
            _opened.pop(next(iter(_opened)), None)
        _opened[key] = connection
    return _opened[key]


def _is_there(connection: Connection) -> bool:
    """Whether what is open is what lies at its place now; raises `WorkspaceError` where nothing does."""
    if connection.is_there():
        return True
    if not os.path.isfile(os.path.join(connection.location, WORKSPACE)):
        # Its disk may be mounted again: an empty one in its place would stand in its way.
        raise WorkspaceError(
            f"The folder of this workspace, {connection.location}, is gone.",
            hint="Put it back, and all goes on. To begin anew there, restart this program (a notebook: its kernel).",
        )
    return False


def _of_this_job() -> Connection | None:
    """Inside a job, where nobody says otherwise, the workspace is that of the job's run, asked through its mailbox."""
    if os.environ.get("MLWS_WORKSPACE") or get_job_context() is None:
        return None
    from jupyter_mlws.sdk.active import active_run

    return active_run().workspace._connection


def _where(location: str | os.PathLike[str] | None, document: str) -> tuple[str, bool]:
    """The folder or URL of the workspace; or the document, and that the kernel's own server has to be asked for it."""
    named = os.fspath(location) if location else os.environ.get("MLWS_WORKSPACE", "")
    if has_full_package():
        from jupyter_mlws import workspace

        return workspace.find(named or None, document=document), False
    if is_url(named):
        return named.rstrip("/"), False
    return document if os.path.isdir(document) else os.path.dirname(document), True


def _open(found: str, token: str, workspace: str) -> Connection:
    if has_full_package():
        from jupyter_mlws import workspace as room

        opened = room.connect(found, token=token, workspace=workspace)
        return Connection(api=patient(opened.api), id=opened.id, location=opened.location, is_there=opened.is_there)
    from jupyter_mlws.api.http import open_workspace

    server, info = open_workspace(found, token, workspace)
    return Connection(api=patient(cast(Api, server.workspace(info.id))), id=info.id, location=server.url)


def _ask_server(document: str) -> Connection:
    from jupyter_mlws.api.http import find_server

    server = find_server()
    if server is None:
        raise MissingPart(
            "This kernel has only the small part of jupyter-mlws, and no Jupyter server with the extension was found.",
            hint="Install the package in this environment: %pip install jupyter-mlws",
        )
    info = server.registry.resolve(server.relative_path(document))
    return Connection(api=patient(cast(Api, server.workspace(info.id))), id=info.id, location=server.url)

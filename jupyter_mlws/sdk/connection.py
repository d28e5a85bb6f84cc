"""How the SDK reaches a workspace: its services in this process, or a Jupyter server over HTTP."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast

from jupyter_mlws.api.interface import Api
from jupyter_mlws.api.patience import patient
from jupyter_mlws.errors import MissingPart
from jupyter_mlws.runfolder import places

__all__ = ["Connection", "connect", "has_full_package"]


@dataclass(frozen=True)
class Connection:
    """An opened workspace: its API, its id in the user's registry, and where it is, for people."""

    api: Api
    id: str
    location: str


_opened: dict[tuple[str, str, str, int], Connection] = {}


def has_full_package() -> bool:
    """Whether this interpreter has the whole package with what it stands on, not only the far side."""
    return find_spec("jupyter_mlws.workspace") is not None and find_spec("sqlalchemy") is not None


def connect(location: str | os.PathLike[str] | None = None, document: str | None = None) -> Connection:
    """The workspace at `location`, or the one that belongs to `document` (by default the working directory).

    Parameters
    ----------
    location : path-like or URL, optional
        Folder of an embedded workspace, or the URL of a Jupyter server that runs the extension.
    document : str, optional
        Absolute path of the notebook or script whose workspace is wanted.

    Raises
    ------
    WorkspaceError
        The workspace is missing, newer than this package, or not usable.
    MissingPart
        Only the standard-library part is here, and no Jupyter server was found.
    """
    found = str(location or os.environ.get("MLWS_WORKSPACE", ""))
    # The user's folders count too: a process may be given another home. A fork opens its own.
    key = (found, document or os.getcwd(), str(places.data_dir()), os.getpid())
    if key not in _opened:
        _opened[key] = _connect(location, document)
    return _opened[key]


def _connect(location: str | os.PathLike[str] | None, document: str | None) -> Connection:
    if not has_full_package():
        return _connect_by_server(document)
    from jupyter_mlws import workspace

    opened = workspace.connect(None if location is None else str(location), document=document or os.getcwd())
    return Connection(api=patient(opened.api), id=opened.id, location=str(opened.location))


def _connect_by_server(document: str | None) -> Connection:
    from jupyter_mlws.api import http

    server = http.find_server()
    if server is None:
        raise MissingPart(
            "This kernel has only the small part of jupyter-mlws, and no Jupyter server with the extension was found.",
            hint="Install the package in this environment: %pip install jupyter-mlws",
        )
    info = server.registry.resolve(server.relative_path(document or os.getcwd()))
    return Connection(api=patient(cast(Api, server.workspace(info.id))), id=info.id, location=server.url)

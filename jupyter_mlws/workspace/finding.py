"""Which workspace: the one function that kernel, command line and panel share."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_mlws.dispatcher.settings import WORKSPACE_FILE
from jupyter_mlws.domain.workspace import is_url
from jupyter_mlws.errors import WorkspaceError
from jupyter_mlws.runfolder import places
from jupyter_mlws.workspace.config import CONFIG, config_location, nearest_config

__all__ = ["default_workspace", "find"]


def default_workspace() -> Path:
    """The user's own workspace, for all that belongs to no project."""
    return places.data_dir() / "workspaces" / "default"


def find(location: str | os.PathLike[str] | None = None, *, document: str | os.PathLike[str] | None = None) -> str:
    """Where the wanted workspace is: an absolute folder or a URL. Nothing is opened or made.

    Parameters
    ----------
    location : path-like or URL, optional
        A workspace's folder, a project's folder, or a URL; by default the variable ``MLWS_WORKSPACE``.
    document : path-like, optional
        Notebook, script or folder from which ``.mlws/config.json`` is looked for, up the tree; else the user's default
        workspace is meant.

    Raises
    ------
    NotTrusted
        A configuration names a place outside its own folder which the user has not allowed.
    """
    named = os.fspath(location) if location else os.environ.get("MLWS_WORKSPACE", "")
    if named:
        return _explicit(named)
    config = nearest_config(Path(document).absolute()) if document else None
    return config_location(config) if config else str(default_workspace())


def _explicit(named: str) -> str:
    if is_url(named):
        return named.rstrip("/")
    if "://" in named:
        raise WorkspaceError(f"{named} is neither a folder nor an http(s) address.", hint="Give one of the two.")
    folder = Path(named).expanduser().absolute()
    # Whoever names a project's folder means the workspace of that project.
    if not (folder / WORKSPACE_FILE).exists() and (folder / CONFIG).is_file():
        return config_location(folder / CONFIG)
    return os.path.normpath(folder)

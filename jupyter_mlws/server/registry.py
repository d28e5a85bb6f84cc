"""The workspaces of the server's user, and the way from a document to its workspace."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlws import __version__
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.workspace import FarSide, WorkspaceInfo
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.server.workspaces import Workspaces

__all__ = ["Registry"]


class Registry:
    """Implements `jupyter_mlws.api.interface.RegistryApi`.

    Parameters
    ----------
    workspaces : Workspaces
    root : path
        The folder that the server shows as its root.
    """

    def __init__(self, workspaces: Workspaces, root: Path) -> None:
        self._workspaces = workspaces
        self._root = root

    def list(self) -> Page[WorkspaceInfo]:
        found = []
        for workspace in self._workspaces.ids():
            try:
                found.append(self._workspaces.get(workspace).api.workspace.info())
            except MlwsError:
                continue  # moved, removed, or of a newer version: cannot be opened, so it is not listed
        return Page(items=tuple(found))

    def far_side(self) -> FarSide:
        from jupyter_mlws.runfolder.farside import build_zip
        from jupyter_mlws.runfolder.places import cache_dir

        return FarSide(path=str(build_zip(cache_dir())), version=__version__)

    def resolve(self, document: str = "") -> WorkspaceInfo:
        # The rest of a name like "RTC:folder/x.ipynb", where a drive of the frontend stands first.
        path = document.split(":", 1)[-1].strip("/") if _has_drive(document) else document.strip("/")
        place = self._root / check_file_name(path) if path else self._root
        return self._workspaces.resolve(place).api.workspace.info()


def _has_drive(document: str) -> bool:
    drive, colon, _ = document.partition(":")
    return bool(colon) and drive.isalnum() and len(drive) > 1 and drive != "file"

"""The workspaces of the server's user, and the way from a document to its workspace."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from jupyter_mlws import __version__
from jupyter_mlws.domain.known_workspace import KnownWorkspace, NewName, NewWorkspace, Trust, WantedWorkspace
from jupyter_mlws.domain.names import check_file_name, check_id
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.workspace import FarSide, WorkspaceInfo
from jupyter_mlws.errors import Conflict, InvalidInput, InvalidPath, MlwsError, NotTrusted
from jupyter_mlws.server.paths import without_drive
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

    def known(self) -> Page[KnownWorkspace]:
        opener = self._workspaces.opener
        found = [opener.describe(workspace, location) for workspace, location in opener.locations().items()]
        return Page(items=tuple(sorted(found, key=lambda each: (each.name.lower(), each.location))))

    def create(self, wish: NewWorkspace) -> WorkspaceInfo:
        location = self._workspaces.opener.create(self._folder(wish.folder), wish.name, wish.database)
        return self._workspaces.open(location).api.workspace.info()

    def open(self, wish: WantedWorkspace) -> WorkspaceInfo:
        named = wish.location.strip()
        if "://" in named:
            raise InvalidInput(
                "A workspace behind a URL is opened from code or the command line, and is in the list from then on.",
                hint=f"Type in a terminal: MLWS_WORKSPACE={shlex.quote(named)} mlws runs",
            )
        # Without a beginning of its own it is a path as the file browser shows it, from the server's root on.
        begins = named.startswith("~") or Path(named).is_absolute()
        location = self._workspaces.opener.locate(named if begins else str(self._folder(named)))
        return self._workspaces.open(location).api.workspace.info()

    def rename(self, workspace: str, wish: NewName) -> WorkspaceInfo:
        opened = self._workspaces.get(workspace)
        self._workspaces.opener.rename(workspace, wish.name.strip())
        return opened.api.workspace.info()

    def forget(self, workspace: str) -> Page[KnownWorkspace]:
        self._workspaces.forget(check_id(workspace))
        return self.known()

    def trust(self, wish: Trust) -> WorkspaceInfo:
        try:
            return self.resolve(wish.document)
        except NotTrusted as refusal:
            named = refusal.details.get("database") or refusal.details.get("workspace")
            if named != wish.place:
                raise Conflict(
                    f"The project names {named} by now, not {wish.place}.", hint="Look at it again before you trust it."
                ) from None
            self._workspaces.opener.trust(refusal, wish.place)
        return self.resolve(wish.document)

    def far_side(self) -> FarSide:
        from jupyter_mlws.runfolder.farside import build_zip
        from jupyter_mlws.runfolder.places import cache_dir

        return FarSide(path=str(build_zip(cache_dir())), version=__version__)

    def resolve(self, document: str = "") -> WorkspaceInfo:
        return self._workspaces.resolve(self._place(document)).api.workspace.info()

    def _place(self, document: str) -> Path:
        path = without_drive(document)
        return self._root / check_file_name(path) if path else self._root

    def _folder(self, path: str) -> Path:
        """A folder that the server shows, to which no link leads from outside of it."""
        folder = self._place(path)
        if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(self._root)):
            raise InvalidPath(f"{path[-80:]} leads out of the folder that the server shows.", hint="Name one inside.")
        return folder

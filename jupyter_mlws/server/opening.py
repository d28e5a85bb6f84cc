"""Workspaces as `jupyter_mlws.workspace` finds and opens them, loaded with the first request that needs one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jupyter_mlws.api.interface import Api
from jupyter_mlws.domain.known_workspace import KnownWorkspace
from jupyter_mlws.errors import MlwsError, NotFound, NotTrusted, WrongState
from jupyter_mlws.server.workspaces import Opened

if TYPE_CHECKING:
    from jupyter_mlws import workspace

__all__ = ["Opening"]


class Opening:
    """Implements `jupyter_mlws.server.workspaces.Opener` with the user's registry."""

    def locations(self) -> dict[str, str]:
        from jupyter_mlws.workspace import registry

        return registry.all_locations()

    def exists(self, location: str) -> bool:
        from jupyter_mlws.dispatcher.settings import WORKSPACE_FILE

        return "://" in location or Path(location, WORKSPACE_FILE).is_file()

    def find(self, document: Path) -> str:
        from jupyter_mlws import workspace

        return workspace.find(document=document)

    def open(self, location: str) -> Opened:
        from jupyter_mlws import workspace

        return _Opened(workspace.connect(location))

    def locate(self, place: str) -> str:
        from jupyter_mlws import workspace
        from jupyter_mlws.dispatcher.settings import WORKSPACE_FILE
        from jupyter_mlws.workspace.config import EMBEDDED

        location = workspace.find(place)
        if "://" in location or Path(location, WORKSPACE_FILE).is_file():
            return location
        # A project's folder is named, whose configuration was not copied along.
        embedded = Path(location, EMBEDDED)
        if (embedded / WORKSPACE_FILE).is_file():
            return str(embedded)
        raise NotFound(f"There is no workspace in {location}.", hint="Make one there: New workspace, or mlws init.")

    def create(self, folder: Path, name: str, database: str) -> str:
        from jupyter_mlws import workspace

        return str(workspace.create(folder, name or None, database=database or None))

    def describe(self, workspace: str, location: str) -> KnownWorkspace:
        from jupyter_mlws.dispatcher.settings import read_workspace_file

        if "://" in location:
            address, _, named = location.partition("#")
            name = (urlsplit(address).hostname or address) + (f" {named}" if named else "")
            return KnownWorkspace(id=workspace, name=name, location=location, kind="server")
        try:
            found = read_workspace_file(Path(location))
        except MlwsError:
            return KnownWorkspace(id=workspace, name=Path(location).name, location=location, state="unreadable")
        if found is None or found.id != workspace:
            return KnownWorkspace(id=workspace, name=Path(location).name, location=location, state="gone")
        kind = "database" if found.settings.get("database") else "folder"
        return KnownWorkspace(id=workspace, name=found.name, location=location, kind=kind)

    def rename(self, workspace: str, name: str) -> None:
        from jupyter_mlws.workspace import folder, registry

        location = registry.location_of(workspace)
        if "://" in location:
            raise WrongState("Another Jupyter server has this workspace.", hint="Rename it there.")
        folder.rename(Path(location), name)

    def forget(self, workspace: str) -> None:
        from jupyter_mlws.workspace import registry

        registry.forget(workspace)

    def trust(self, refusal: NotTrusted, place: str) -> None:
        from jupyter_mlws.workspace import config

        if "config" in refusal.details:
            config.trust_location(Path(str(refusal.details["config"])), place)
        else:
            config.trust_database(Path(str(refusal.details["workspace"])), place)


class _Opened:
    """An open workspace, with the number that tells of commits."""

    def __init__(self, opened: workspace.Opened) -> None:
        self._opened = opened
        self._data_version = getattr(opened.api, "data_version", None)

    @property
    def api(self) -> Api:
        return self._opened.api

    @property
    def id(self) -> str:
        return self._opened.id

    def data_version(self) -> int:
        if self._data_version is not None:
            return int(self._data_version())
        # A workspace behind another server has no such number: its feed is read once a second.
        return int(time.monotonic())

    @property
    def commit_log(self) -> Path | None:
        return getattr(self._opened.api, "commit_log", None)

    def is_there(self) -> bool:
        return self._opened.is_there()

    def close(self) -> None:
        self._opened.close()

"""Workspaces as `jupyter_mlws.workspace` finds and opens them, loaded with the first request that needs one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlws.api.interface import Api
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

    def close(self) -> None:
        self._opened.close()

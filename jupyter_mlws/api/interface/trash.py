"""The noun of the trash."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.deletion import GarbageReport, TrashItem
from jupyter_mlws.domain.page import Page

__all__ = ["TrashApi"]


class TrashApi(Protocol):
    """What was deleted: it can come back until it is purged, and its bytes are freed then."""

    @route("GET", "/trash", resource="runs")
    def list(self, limit: int = 50, cursor: str | None = None) -> Page[TrashItem]:
        """What can be restored: runs, experiments and models, the last deleted first."""
        ...

    @route("POST", "/trash/collect", resource="workspaces", permission="write")
    def collect(self, dry_run: bool = False, everything: bool = False) -> GarbageReport:
        """Purge what has been in the trash for its days, then free all bytes that nothing uses any more.

        Safe beside whatever else goes on in the workspace, in this process or another.

        Parameters
        ----------
        dry_run : bool
            Only say what would go.
        everything : bool
            Purge all that is in the trash, however new.

        Raises
        ------
        Conflict
            Another collection began meanwhile, and goes on in this one's place.
        """
        ...

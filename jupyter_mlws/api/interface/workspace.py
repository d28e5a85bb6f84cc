"""The noun of the workspace itself."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.workspace import ChangePage, WorkspaceInfo

__all__ = ["WorkspaceApi"]


class WorkspaceApi(Protocol):
    """The workspace itself."""

    @route("GET", "/info", resource="workspaces", from_job=True)
    def info(self) -> WorkspaceInfo:
        """What the workspace holds, how large it is, and whether its dispatcher lives."""
        ...

    @route("GET", "/changes", resource="workspaces")
    def changes(self, since: int, limit: int = 500) -> ChangePage:
        """What changed after the cursor `since`; each subject once, with its newest cursor. 0 is the beginning."""
        ...

    @route("POST", "/wake", resource="runs", permission="execute")
    def wake(self) -> WorkspaceInfo:
        """Start the dispatcher if none lives, or wake it; wait until it does, at most 5 s.

        Raises
        ------
        DispatcherUnavailable
            It did not come up; the message holds its last log lines.
        """
        ...

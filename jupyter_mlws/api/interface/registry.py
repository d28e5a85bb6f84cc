"""The noun of the server's workspaces."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.workspace import FarSide, WorkspaceInfo

__all__ = ["RegistryApi"]


class RegistryApi(Protocol):
    """The workspaces that this server's user has opened. Routes of the server, not of one workspace."""

    @route("GET", "/workspaces", resource="workspaces")
    def list(self) -> Page[WorkspaceInfo]:
        """Every registered workspace that can be opened."""
        ...

    @route("GET", "/farside", resource="workspaces")
    def far_side(self) -> FarSide:
        """The zip of the standard-library part, for kernels whose environment lacks the package."""
        ...

    @route("GET", "/resolve", resource="workspaces")
    def resolve(self, document: str = "") -> WorkspaceInfo:
        """The workspace of a document (path as the server shows it), found by the same rule as in a kernel.

        The user's default workspace is made when it is missing.
        """
        ...

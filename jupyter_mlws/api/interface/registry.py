"""The noun of the server's workspaces."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.known_workspace import KnownWorkspace, NewName, NewWorkspace, Trust, WantedWorkspace
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.workspace import FarSide, WorkspaceInfo

__all__ = ["RegistryApi"]


class RegistryApi(Protocol):
    """The workspaces that this server's user has opened. Routes of the server, not of one workspace."""

    @route("GET", "/workspaces", resource="workspaces")
    def list(self) -> Page[WorkspaceInfo]:
        """Every registered workspace that can be opened."""
        ...

    @route("GET", "/known", resource="workspaces")
    def known(self) -> Page[KnownWorkspace]:
        """Every registered workspace, by name, also one that cannot be opened; none is opened for that."""
        ...

    @route("POST", "/workspaces", resource="workspaces", permission="execute")
    def create(self, wish: NewWorkspace) -> WorkspaceInfo:
        """Make a workspace for a project below the server's root, or open the one that it has (``mlws init``).

        Raises
        ------
        InvalidName
            The folder is not below the server's root.
        WorkspaceError
            There is no such folder, or it cannot be written.
        """
        ...

    @route("POST", "/known", resource="workspaces", permission="execute")
    def open(self, wish: WantedWorkspace) -> WorkspaceInfo:
        """Open a workspace that is there already, and enter it in the registry; nothing is made.

        Raises
        ------
        NotFound
            There is none.
        NotTrusted
            A project's configuration, or a workspace's, names a place that the user has not allowed.
        InvalidInput
            A URL: the server connects to nothing that a request names.
        """
        ...

    @route("POST", "/known/{workspace}/name", resource="workspaces", permission="write")
    def rename(self, workspace: str, wish: NewName) -> WorkspaceInfo:
        """Give a workspace another name, for all who use it.

        Raises
        ------
        NotFound
            The registry has none of this id, or it is gone.
        WrongState
            Another Jupyter server has it, or it is shared through a database: it is renamed there.
        """
        ...

    @route("DELETE", "/known/{workspace}", resource="workspaces", permission="write")
    def forget(self, workspace: str) -> Page[KnownWorkspace]:
        """Take a workspace out of the registry; nothing is deleted, and who opens it enters it again. Twice is once."""
        ...

    @route("POST", "/trust", resource="workspaces", permission="execute")
    def trust(self, wish: Trust) -> WorkspaceInfo:
        """Believe what a project's configuration names, and open the document's workspace.

        Raises
        ------
        Conflict
            It names another place by now.
        NotTrusted
            Something further is not trusted yet.
        """
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

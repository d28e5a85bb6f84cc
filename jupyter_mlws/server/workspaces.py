"""The workspaces that this server has open: by their id in the user's registry, never by a path."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from jupyter_mlws.api.interface import Api
from jupyter_mlws.domain.known_workspace import KnownWorkspace
from jupyter_mlws.domain.names import check_id
from jupyter_mlws.errors import InvalidName, NotFound, NotTrusted

__all__ = ["Opened", "Opener", "Workspaces"]


class Opened(Protocol):
    """An open workspace."""

    @property
    def api(self) -> Api: ...
    @property
    def id(self) -> str: ...
    def data_version(self) -> int:
        """A number that changes with every commit; cheap."""
        ...

    @property
    def commit_log(self) -> Path | None:
        """A file that is written to shortly before that number changes; None where nothing foretells it."""
        ...

    def is_there(self) -> bool:
        """Whether its place still has it: it is neither gone nor is another one there; asked with every request."""
        ...

    def close(self) -> None: ...


class Opener(Protocol):
    """How workspaces are found and opened."""

    def locations(self) -> dict[str, str]:
        """Ids and locations of the user's registry."""
        ...

    def exists(self, location: str) -> bool:
        """Whether a workspace is still there; asked with every request, so cheap."""
        ...

    def find(self, document: Path) -> str:
        """Location of the workspace that a document belongs to."""
        ...

    def open(self, location: str) -> Opened:
        """The workspace at a location, made when it is missing, and entered in the registry."""
        ...

    def locate(self, place: str) -> str:
        """Location of the workspace that a person names by its folder or its project's, or `NotFound`."""
        ...

    def create(self, folder: Path, name: str, database: str) -> str:
        """Make the workspace of a project, or find the one that it has; its location."""
        ...

    def describe(self, workspace: str, location: str) -> KnownWorkspace:
        """What can be said of a workspace without opening it."""
        ...

    def rename(self, workspace: str, name: str) -> None:
        """Give a workspace of the registry another name."""
        ...

    def forget(self, workspace: str) -> None:
        """Take a workspace out of the registry."""
        ...

    def trust(self, refusal: NotTrusted, place: str) -> None:
        """Believe the place that a refusal named."""
        ...


class Workspaces:
    """Open workspaces, each opened when it is first asked for.

    Parameters
    ----------
    opener : Opener
    on_open, on_close : callable
        Told each workspace when it was opened, and before it is closed.
    """

    def __init__(self, opener: Opener, on_open: Callable[[Opened], None], on_close: Callable[[Opened], None]) -> None:
        self._opener = opener
        self._on_open = on_open
        self._on_close = on_close
        self._lock = threading.Lock()
        self._opened: dict[str, Opened] = {}  # by location

    def get(self, workspace: str) -> Opened:
        """The workspace of this id, or `NotFound`."""
        try:
            location = self._opener.locations().get(check_id(workspace))
        except InvalidName:
            location = None
        if location is None:
            raise NotFound("This server knows no workspace of that id.", hint="Open a notebook of it once.")
        if not self._opener.exists(location):
            self._drop(location)
            raise _gone(location)
        opened = self._at(location)
        if opened.id != workspace:
            raise NotFound(f"Another workspace is now in {location}.", hint="Open a notebook of it once.")
        return opened

    def resolve(self, document: Path) -> Opened:
        """The workspace of a document or folder, by the rule that a kernel follows."""
        location = self._opener.find(document)
        if not self._opener.exists(location) and location in self._opener.locations().values():
            # Its disk may be mounted again: an empty one in its place would stand in its way.
            raise _gone(location)
        return self._at(location)

    def open(self, location: str) -> Opened:
        """The workspace at a location, made when it is missing."""
        return self._at(location)

    def forget(self, workspace: str) -> None:
        """Close a workspace and take it out of the registry."""
        location = self._opener.locations().get(workspace)
        self._opener.forget(workspace)
        if location is not None:
            self._drop(location)

    @property
    def opener(self) -> Opener:
        """How they are found and opened."""
        return self._opener

    def ids(self) -> list[str]:
        """Ids of the registry."""
        return sorted(self._opener.locations())

    def _at(self, location: str) -> Opened:
        opened = self._opened.get(location)
        if opened is not None:
            if opened.is_there():
                return opened
            self._drop(location, opened)
        with self._lock:
            if location not in self._opened:
                opened = self._opener.open(location)
                self._opened[location] = opened
                self._on_open(opened)
            return self._opened[location]

    def _drop(self, location: str, known: Opened | None = None) -> None:
        """Close what is open there; what another thread has opened there meanwhile stays, where one is `known`."""
        with self._lock:
            opened = self._opened.get(location)
            if opened is None or known not in (None, opened):
                return
            del self._opened[location]
        self._on_close(opened)
        opened.close()

    def close(self) -> None:
        """Close all."""
        with self._lock:
            opened, self._opened = list(self._opened.values()), {}
        for workspace in opened:
            workspace.close()


def _gone(location: str) -> NotFound:
    return NotFound(
        f"The folder of this workspace, {location}, is gone.",
        hint="Put it back; or open a notebook in its new place once; or take it out of the list and begin anew.",
    )

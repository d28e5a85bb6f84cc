"""The workspaces that a user knows, and what is wished of them."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlws.domain.names import MAX_DISPLAY_NAME, check_text
from jupyter_mlws.errors import InvalidInput

__all__ = ["KnownWorkspace", "NewName", "NewWorkspace", "Trust", "WantedWorkspace"]

_MAX_PLACE = 4096


def _check_place(what: str, text: str) -> None:
    check_text(what, text, _MAX_PLACE)
    if any(ord(character) < 32 for character in text):
        raise InvalidInput(f"The {what} holds a control character.", hint="Give it in one line.")


@dataclass(frozen=True, kw_only=True)
class KnownWorkspace:
    """A workspace of the user's registry, told without opening it.

    Attributes
    ----------
    kind : str
        'folder', 'database' (its records are in one on a server), or 'server' (another Jupyter server has it).
    state : str
        'ready', 'gone' (the folder is not there any more), or 'unreadable'.
    """

    id: str
    name: str
    location: str
    kind: str = "folder"
    state: str = "ready"


@dataclass(frozen=True, kw_only=True)
class NewWorkspace:
    """A wish for a workspace of a project.

    Attributes
    ----------
    folder : str
        The project, as the server shows its path; '' is the server's root.
    name : str
        For people; '' for the folder's own.
    database : str
        Address of a PostgreSQL database for the records, without a password; '' for a file beside them.
    """

    folder: str = ""
    name: str = ""
    database: str = ""

    def __post_init__(self) -> None:
        _check_place("folder", self.folder)
        _check_place("database", self.database)
        check_text("name of the workspace", self.name, MAX_DISPLAY_NAME)


@dataclass(frozen=True, kw_only=True)
class WantedWorkspace:
    """A wish to open a workspace that is there already.

    Attributes
    ----------
    location : str
        The folder of a workspace, or of a project that has one.
    """

    location: str

    def __post_init__(self) -> None:
        _check_place("location", self.location)
        if not self.location.strip():
            raise InvalidInput("No folder is given.", hint="Give that of a workspace, or of a project that has one.")


@dataclass(frozen=True, kw_only=True)
class NewName:
    """Another name for a workspace."""

    name: str

    def __post_init__(self) -> None:
        check_text("name of the workspace", self.name, MAX_DISPLAY_NAME)
        if not self.name.strip():
            raise InvalidInput("A workspace needs a name.", hint="Give it a word or two.")


@dataclass(frozen=True, kw_only=True)
class Trust:
    """A user believes what a project's configuration names.

    Attributes
    ----------
    document : str
        The notebook or folder for which it was refused, as the server shows its path.
    place : str
        What the refusal named: a folder, a URL or a database. If another one is named now, nothing is trusted.
    """

    document: str
    place: str

    def __post_init__(self) -> None:
        _check_place("document", self.document)
        _check_place("place", self.place)

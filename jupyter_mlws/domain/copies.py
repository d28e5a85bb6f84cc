"""Copies of what a run has, put beside a document of the server."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlws.domain.file import FileKind
from jupyter_mlws.domain.names import check_file_name

__all__ = ["Copied", "FileCopy", "SnapshotCopy"]


@dataclass(frozen=True, kw_only=True)
class FileCopy:
    """The wish for a copy of a run's file.

    Attributes
    ----------
    run : str
    name : str
        As the run has it; the copy has its last part.
    kind : FileKind
    beside : str
        A document below the server's root, as its file browser shows it; the copy goes into its folder.
    """

    run: str
    name: str
    kind: FileKind = FileKind.OUTPUT
    beside: str

    def __post_init__(self) -> None:
        check_file_name(self.name)
        check_file_name(self.beside)


@dataclass(frozen=True, kw_only=True)
class SnapshotCopy:
    """The wish for a folder with the files that a run began with; `beside` as of `FileCopy`."""

    run: str
    beside: str

    def __post_init__(self) -> None:
        check_file_name(self.beside)


@dataclass(frozen=True, kw_only=True)
class Copied:
    """Where a copy lies: `path` below the server's root, `file_count` files in it."""

    path: str
    file_count: int = 1

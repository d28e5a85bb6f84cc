"""The noun of run folders that are written elsewhere."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import Download, Upload, route
from jupyter_mlws.domain.interactive import FolderImport, FolderPart

__all__ = ["FoldersApi"]


class FoldersApi(Protocol):
    """Run folders that are written elsewhere: those of interactive runs, and of runs that were recorded offline."""

    @route("PUT", "/runs/{run}/folder", resource="runs", permission="write")
    def append(self, run: str, path: str, offset: int, content: Upload, total: int | None = None) -> FolderPart:
        """Write bytes into a file of an interactive run's folder; the same bytes again change nothing.

        Parameters
        ----------
        path : str
            One of the places where a process writes, such as ``journal/<file>``.
        offset : int
            At most the size that the file has.
        total : int, optional
            Size of the whole file. It is needed for what appears whole or not at all: requests, outputs, uploads. The
            file appears with its last piece.

        Raises
        ------
        Conflict
            `offset` lies behind the end of the file; `details` have its ``size_bytes``.
        WrongState
            The run has ended, or is none that logs from a process elsewhere.
        InvalidPath
            The path is none of these places, or a link is in the way.
        """
        ...

    @route("GET", "/runs/{run}/folder", resource="runs")
    def read(self, run: str, path: str, offset: int = 0) -> Download:
        """What the dispatcher tells the process of an interactive run: ``control.json``, ``mailbox/replies/<file>``.

        It is empty while there is nothing of this name.
        """
        ...

    @route("POST", "/offline", resource="runs", permission="write")
    def import_offline(self, content: Upload) -> FolderImport:
        """Import a run that was recorded offline: a zip of its folder.

        The dispatcher takes it in; `imported` tells when it is done. The run keeps its id, so imported again it brings
        what is new and nothing twice.

        Raises
        ------
        InvalidInput
            It is no folder of an offline run; nothing of it is kept.
        """
        ...

    @route("GET", "/runs/{run}/import", resource="runs")
    def imported(self, run: str) -> FolderImport:
        """How far the import of a run is, or `NotFound`."""
        ...

"""The noun of copies that a server puts beside its documents."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.copies import Copied, FileCopy, SnapshotCopy

__all__ = ["CopiesApi"]


class CopiesApi(Protocol):
    """What runs have, put into folders of the server. Routes of the server: nothing that is there is overwritten."""

    @route("POST", "/workspaces/{workspace}/copies/file", resource="artifacts", permission="execute")
    def put_file(self, workspace: str, copy: FileCopy) -> Copied:
        """Put a copy of a run's file into the folder of a document; ``name (2)`` where the name is taken.

        Raises
        ------
        NotFound
            There is no such run, file or folder.
        InvalidPath
            The folder or the file's name is hidden, or leads out of the server's root.
        CorruptData, StorageFull
            Nothing is left of the copy.
        """
        ...

    @route("POST", "/workspaces/{workspace}/copies/snapshot", resource="artifacts", permission="execute")
    def put_snapshot(self, workspace: str, copy: SnapshotCopy) -> Copied:
        """Put the files that a run began with into a new folder ``run-12`` beside a document.

        Raises
        ------
        NotFound
            There is no such run or folder, or the run was submitted without a snapshot.
        InvalidPath, CorruptData, StorageFull
            As for `put_file`.
        """
        ...

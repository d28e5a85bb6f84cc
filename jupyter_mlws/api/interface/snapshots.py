"""The noun of snapshots."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import Download, route
from jupyter_mlws.domain.snapshot import Manifest, MissingBlobs, Snapshot, SnapshotReport, SnapshotRequest

__all__ = ["SnapshotsApi"]


class SnapshotsApi(Protocol):
    """Snapshots of folders."""

    @route("POST", "/snapshots", resource="runs", permission="execute")
    def create(self, request: SnapshotRequest) -> SnapshotReport:
        """Snapshot a folder of the machine that answers. Reading any folder is as much as running code: 'execute'."""
        ...

    @route("GET", "/snapshots/{snapshot}", resource="artifacts", from_job=True)
    def get(self, snapshot: str) -> Manifest:
        """The files of a snapshot, or `NotFound`."""
        ...

    @route("GET", "/snapshots/{snapshot}/summary", resource="artifacts")
    def summary(self, snapshot: str) -> Snapshot:
        """How many files a snapshot has and how large they are, without the list of them; or `NotFound`."""
        ...

    @route("GET", "/snapshots/{snapshot}/zip", resource="artifacts")
    def download(self, snapshot: str) -> Download:
        """The snapshot as a zip, streamed."""
        ...

    @route("GET", "/snapshots/{snapshot}/file", resource="artifacts")
    def download_file(self, snapshot: str, path: str) -> Download:
        """One file of a snapshot."""
        ...

    @route("POST", "/blobs/missing", resource="artifacts", permission="write")
    def find_missing(self, manifest: Manifest) -> MissingBlobs:
        """Which files of a folder elsewhere have to be uploaded before its snapshot can be recorded."""
        ...

    @route("PUT", "/snapshots", resource="artifacts", permission="write")
    def record(self, manifest: Manifest) -> Snapshot:
        """Record the snapshot of a folder elsewhere, whose files are stored; the same list gives the same snapshot.

        Raises
        ------
        InvalidInput
            The bytes of a file are not stored, or the list is no tree of files.
        """
        ...

"""Sending a folder to a workspace on another machine: read here by the same rules, and only what is new goes over."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import Manifest, SnapshotReport, SnapshotRequest
from jupyter_mlws.errors import CorruptData
from jupyter_mlws.runfolder.places import cache_dir
from jupyter_mlws.snapshots.index import DigestIndex
from jupyter_mlws.snapshots.taking import create

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api

__all__ = ["send_snapshot"]

# Each has a connection of its own; a server takes four writers at a time.
_SENDERS = 4
_SHOWN = 5


class _Staging(BlobStore):
    """The bytes of a folder that were read just now. What was read before was sent then, and counts as there."""

    def has(self, digest: str, size: int) -> bool:
        return True


def send_snapshot(api: Api, request: SnapshotRequest, workspace_id: str) -> SnapshotReport:
    """Take a snapshot of a folder of this machine and record it in a workspace elsewhere.

    Files that were sent before and have not changed are neither read nor sent; of the others only those whose bytes
    the workspace does not have.

    Raises
    ------
    SnapshotError, TooLarge
        The folder cannot be snapshotted; see `jupyter_mlws.snapshots.create`.
    Unavailable
        The connection broke off; what arrived is not sent again.
    """
    place = cache_dir() / "sent"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place, prefix="sending-") as scratch:
        read = _Staging(Path(scratch, "read"))
        report = create(request, read, DigestIndex(place / workspace_id))
        if report.snapshot is None or request.preview:
            return _without_links(report)
        missing = _missing(api, report)
        if not all(read.exists(digest) for digest in missing):
            # The workspace has lost, or never got, what is remembered here as sent: all is read again.
            read = _Staging(Path(scratch, "again"))
            report = create(request, read, DigestIndex(Path(scratch, "index")))
            missing = _missing(api, report)
        _send(api, read, missing)
        snapshot = api.snapshots.record(Manifest(entries=report.files))
    return _without_links(replace(report, snapshot=snapshot))


def _missing(api: Api, report: SnapshotReport) -> tuple[str, ...]:
    return api.snapshots.find_missing(Manifest(entries=report.files)).digests


def _send(api: Api, read: BlobStore, digests: tuple[str, ...]) -> None:
    def send(digest: str) -> None:
        with read.place.open(digest) as file:
            stored = api.blobs.upload(digest, Upload(file, read.size(digest)))
        if stored.digest != digest:
            raise CorruptData("A file changed on its way to the workspace.", hint="Submit again.")

    with ThreadPoolExecutor(_SENDERS) as pool:
        sent = [pool.submit(send, digest) for digest in digests]
        try:
            for each in sent:
                each.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _without_links(report: SnapshotReport) -> SnapshotReport:
    """The report without what a run elsewhere would look for in vain, and with a sentence about it."""
    if not report.links:
        return report
    names = [link.path for link in report.links]
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    said = (
        f"The run is on another machine and does not see {', '.join(names[:_SHOWN])}{more}: "
        "what is ignored, too large or outside of the folder stays here."
    )
    return replace(report, links=(), warnings=(*report.warnings, said))

"""Snapshots of folders."""

from __future__ import annotations

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.interface import SnapshotsApi
from jupyter_mlws.api.routes import Download
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.names import check_digest, check_file_name
from jupyter_mlws.domain.snapshot import Manifest, MissingBlobs, Snapshot, SnapshotReport, SnapshotRequest
from jupyter_mlws.errors import InvalidInput, NotFound, Unavailable
from jupyter_mlws.services.checking import check_storable, implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.downloads import download_blob
from jupyter_mlws.services.durability import make_durable
from jupyter_mlws.services.holding import Hold
from jupyter_mlws.store import snapshots as store_snapshots

__all__ = ["INDEX", "Snapshots"]

# What was read before, by root: in the workspace, never in the user's folder.
INDEX = "index"
# A snapshot whose files a garbage collection removes while it is taken is taken again.
_TRIES = 5


@implements("snapshots", SnapshotsApi)
class Snapshots:
    """`SnapshotsApi` over folders of this machine, store and blobs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, request: SnapshotRequest) -> SnapshotReport:
        # Imported when wanted: reading git facts and ignore rules is of no use to who only looks at runs.
        from jupyter_mlws import snapshots
        from jupyter_mlws.snapshots.index import DigestIndex

        check_storable(to_builtins(request), "request")
        context = self._context
        for _ in range(_TRIES):
            hold = Hold(context.store, context.blobs)
            report = snapshots.create(request, context.blobs, DigestIndex(context.folder / INDEX))
            if report.snapshot is None or request.preview or self._record(report.snapshot, report, hold):
                return report
        raise Unavailable("Garbage collections removed the files of the snapshot again and again.", hint="Try again.")

    def _record(self, snapshot: Snapshot, report: SnapshotReport, hold: Hold) -> bool:
        """Record a snapshot; False where a collection has removed files of it meanwhile."""
        context = self._context
        with context.store.read() as c:
            if store_snapshots.find_snapshot(c, snapshot.id) is not None:
                return True
        files = {entry.digest: entry.size_bytes for entry in report.files}
        try:
            make_durable(context.blobs, {snapshot.id, *files})
        except Unavailable:
            return False
        with context.store.write() as c:
            if hold.lost(c, files.items()) or not context.blobs.exists(snapshot.id):
                return False
            store_snapshots.put_snapshot(c, snapshot)
            return True

    def find_missing(self, manifest: Manifest) -> MissingBlobs:
        wanted = {entry.digest: entry.size_bytes for entry in manifest.entries}
        has = self._context.blobs.has
        return MissingBlobs(digests=tuple(digest for digest, size in wanted.items() if not has(digest, size)))

    def record(self, manifest: Manifest) -> Snapshot:
        from jupyter_mlws.snapshots.manifest import from_bytes, to_bytes
        from jupyter_mlws.snapshots.restoring import check_links

        context = self._context
        hold = Hold(context.store, context.blobs)
        check_storable(to_builtins(manifest), "manifest")
        data = to_bytes(manifest)
        if from_bytes(data) != manifest:
            raise InvalidInput("The list of a snapshot's files has a format of its own.")
        missing = self.find_missing(manifest).digests
        if missing:
            raise InvalidInput(
                f"The bytes of {len(missing):,} files are not stored.",
                hint="Upload them first.",
                details={"digests": missing[:100]},
            )
        check_links(manifest, context.blobs)
        size_bytes = sum(entry.size_bytes for entry in manifest.entries)
        digest = context.blobs.put_bytes(data).digest
        made = Snapshot(id=digest, file_count=len(manifest.entries), size_bytes=size_bytes, created_at=now())
        files = {entry.digest: entry.size_bytes for entry in manifest.entries} | {digest: len(data)}
        make_durable(context.blobs, files)
        with context.store.write() as c:
            hold.check(c, files.items())
            store_snapshots.put_snapshot(c, made)
            return store_snapshots.get_snapshot(c, digest)

    def summary(self, snapshot: str) -> Snapshot:
        check_digest(snapshot)
        with self._context.store.read() as c:
            return store_snapshots.get_snapshot(c, snapshot)

    def get(self, snapshot: str) -> Manifest:
        from jupyter_mlws import snapshots

        self.summary(snapshot)
        return snapshots.load_manifest(snapshot, self._context.blobs)

    def download(self, snapshot: str) -> Download:
        from jupyter_mlws import snapshots

        manifest = self.get(snapshot)
        chunks = snapshots.stream_zip(manifest, self._context.blobs)
        return Download(chunks, name=f"snapshot-{snapshot[:12]}.zip", media_type="application/zip")

    def download_file(self, snapshot: str, path: str) -> Download:
        check_file_name(path)
        for entry in self.get(snapshot).entries:
            if entry.path == path:
                return download_blob(self._context.blobs, entry.digest, path)
        raise NotFound(f"The snapshot has no file {path[:80]!r}.", hint="Its files are listed with the snapshot.")

"""Taking a snapshot: plan, read what is new, store the list."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from stat import S_IXUSR

from jupyter_mlws.blobs import BlobStore, StoredBlob
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.snapshot import Manifest, ManifestEntry, Snapshot, SnapshotReport, SnapshotRequest
from jupyter_mlws.errors import SnapshotError
from jupyter_mlws.snapshots.git import GitQuery
from jupyter_mlws.snapshots.index import DigestIndex, RootIndex
from jupyter_mlws.snapshots.manifest import sorted_entries, to_bytes
from jupyter_mlws.snapshots.modules import add_modules, add_packages
from jupyter_mlws.snapshots.named import add_asked, add_named
from jupyter_mlws.snapshots.notebook import stripped
from jupyter_mlws.snapshots.plan import FOLDER_LIMITS, Plan, make_plan
from jupyter_mlws.snapshots.reading import Reading, Sink, Storing, Weighing, read
from jupyter_mlws.snapshots.roots import find_root
from jupyter_mlws.snapshots.walk import Found, Limits, shown

__all__ = ["create"]

_PLAIN, _EXECUTABLE, _LINK = 0o100644, 0o100755, 0o120000
# Reading is spread over threads from so many files on; below, starting them costs more than it saves.
_FEW = 24
_WORKERS = min(4, os.cpu_count() or 1)


def create(
    request: SnapshotRequest,
    blobs: BlobStore,
    index: DigestIndex,
    *,
    limits: Limits | None = None,
    folder_limits: Limits = FOLDER_LIMITS,
) -> SnapshotReport:
    """Take a snapshot as the request asks, and say what travelled, what was linked and what stayed.

    Parameters
    ----------
    request : SnapshotRequest
    blobs : BlobStore
        Where files and the list of files go. With ``request.preview`` nothing is stored.
    index : DigestIndex
        What was read before; files that are still the same are not read again.
    limits : Limits, optional
        Above these, a project found by the rule 'auto' is left for the files that the cell names.
    folder_limits : Limits
        Above these, a folder asked for by the rule 'directory' is refused.

    Raises
    ------
    SnapshotError
        The folder is not there, or files of it cannot be read (the message names them).
    TooLarge
        The folder is above `folder_limits`; the message names the biggest files and the line that leaves them out.
    StorageFull
        The workspace has no room left.
    """
    with GitQuery(find_root(request.directory) or request.directory) as git:
        plan = _plan(request, limits or Limits(), folder_limits)
        if plan.scope == "none":
            return _report(plan, None, (), [], git)
        files = _Files(plan, blobs, index, preview=request.preview)
        entries = files.entries(request.document_text)
        snapshot = None if request.preview else _store(entries, blobs, files.index)
        return _report(plan, snapshot, entries, files.changed, git)


def _plan(request: SnapshotRequest, limits: Limits, folder_limits: Limits) -> Plan:
    plan = make_plan(request, limits, folder_limits)
    directory = os.path.realpath(request.directory)
    if plan.scope != "none":
        add_modules(plan, request.modules)
        add_packages(plan, request.packages)
        add_named(plan, directory, request.files)
    add_asked(plan, directory, request.data)
    return plan


def _store(entries: tuple[ManifestEntry, ...], blobs: BlobStore, index: RootIndex) -> Snapshot:
    listed = blobs.put_bytes(to_bytes(Manifest(entries=entries)))
    index.save()
    size = sum(entry.size_bytes for entry in entries)
    return Snapshot(id=listed.digest, file_count=len(entries), size_bytes=size, created_at=now())


def _report(
    plan: Plan, snapshot: Snapshot | None, entries: tuple[ManifestEntry, ...], changed: list[str], git: GitQuery
) -> SnapshotReport:
    facts = git.answer()
    warnings = [*plan.warnings, *([git.warning] if git.warning else [])]
    return SnapshotReport(
        snapshot=snapshot,
        scope=plan.scope,
        root=plan.root,
        working_directory=plan.working_directory,
        python_path=tuple(plan.python_path),
        links=tuple(plan.links[path] for path in sorted(plan.links)),
        skipped=tuple(sorted(plan.skipped)),
        unreadable=tuple(sorted(plan.unreadable)),
        changed_during_snapshot=tuple(sorted(changed)),
        warnings=tuple(warnings),
        files=entries,
        git=facts,
    )


class _Files:
    """The planned files, read and stored where they are new."""

    def __init__(self, plan: Plan, blobs: BlobStore, index: DigestIndex, *, preview: bool) -> None:
        self.plan = plan
        self.blobs = blobs
        self.index = index.root(plan.root, plan.scope)
        self.preview = preview
        self.sink: Sink = Weighing() if preview else Storing(blobs)
        self.changed: list[str] = []

    def entries(self, document_text: str | None) -> tuple[ManifestEntry, ...]:
        plan = self.plan
        found = [self._entry(file, blob) for file, blob in self._stored(list(plan.files.values()))]
        for path, target in plan.symlinks.items():
            found.append(self._made(path, _LINK, target.encode()))
        if plan.document is not None and document_text is not None:
            found.append(self._made(plan.document, _PLAIN, self._document(document_text)))
        return sorted_entries(found)

    def _entry(self, file: Found, blob: StoredBlob) -> ManifestEntry:
        mode = _EXECUTABLE if file.stat.st_mode & S_IXUSR else _PLAIN
        return ManifestEntry(path=file.path, mode=mode, size_bytes=blob.size_bytes, digest=blob.digest)

    def _made(self, path: str, mode: int, data: bytes) -> ManifestEntry:
        blob = self.sink.put_bytes(data)
        return ManifestEntry(path=path, mode=mode, size_bytes=blob.size_bytes, digest=blob.digest)

    def _document(self, text: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        bare = stripped(text)
        if bare is None:
            self.plan.warnings.append(
                "The notebook on screen is no valid notebook; it travels as it is, outputs included."
            )
        return data if bare is None else bare

    def _stored(self, files: list[Found]) -> Iterable[tuple[Found, StoredBlob]]:
        new: list[Found] = []
        for file in files:
            blob = self.index.find(file.path, file.stat)
            if blob is not None and (self.preview or self.blobs.has(blob.digest, blob.size_bytes)):
                yield file, blob
            else:
                new.append(file)
        readings = self._read(new)
        self._refuse_unreadable(readings)
        for reading in readings:
            if reading.blob is not None:
                yield self._taken(reading, reading.blob)

    def _taken(self, reading: Reading, blob: StoredBlob) -> tuple[Found, StoredBlob]:
        if reading.invalid_notebook:
            self.plan.warnings.append(f"{shown(reading.found.path)} is no valid notebook; it travels as it is.")
        elif reading.stat is not None and not reading.changed:
            self.index.note(reading.found.path, reading.stat, blob)
        found = reading.found if reading.stat is None else reading.found._replace(stat=reading.stat)
        return found, blob

    def _read(self, files: list[Found]) -> list[Reading]:
        if len(files) <= _FEW:
            readings = [read(file, self.sink) for file in files]
        else:
            with ThreadPoolExecutor(_WORKERS) as pool:
                groups = [files[start::_WORKERS] for start in range(_WORKERS)]
                readings = [reading for group in pool.map(self._read_group, groups) for reading in group]
        self.changed += [shown(reading.found.path) for reading in readings if reading.changed]
        return readings

    def _read_group(self, files: list[Found]) -> list[Reading]:
        return [read(file, self.sink) for file in files]

    def _refuse_unreadable(self, readings: list[Reading]) -> None:
        bad = self.plan.unreadable
        bad += [f"{shown(reading.found.path)} ({reading.error})" for reading in readings if reading.error]
        if not bad or self.preview:
            return
        named = ", ".join(sorted(bad)[:5]) + (f" and {len(bad) - 5:,} more" if len(bad) > 5 else "")
        raise SnapshotError(
            f"{len(bad):,} of the files that should travel cannot be read: {named}.",
            hint="Make them readable, or add them to .mlwsignore.",
            details={"unreadable": sorted(bad)[:1000]},
        )

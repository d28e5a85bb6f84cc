"""Mark and sweep: which stored bytes the records name, and the removal of all others.

First all records are read, as of one moment, then the blobs are listed, then those that no record named are removed, a
few at a time, in transactions that hold the write lock: whatever was recorded since the reading is looked at again in
there. Whoever records something looks inside his own transaction whether it is still there; see `services.holding`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from jupyter_mlws.blobs.local import LocalPlace
from jupyter_mlws.blobs.marking import is_mark, mark_of, put_mark
from jupyter_mlws.blobs.place import FoundBlob
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services.context import Context
from jupyter_mlws.snapshots.manifest import named_in
from jupyter_mlws.store import references, sweeps
from jupyter_mlws.store.deleted import PURGED

__all__ = ["Swept", "foresee", "old_snapshots", "sweep"]

_MOST_WARNINGS = 20


@dataclass
class Swept:
    """Blobs that were removed, or would be, and those that are too young."""

    count: int = 0
    size_bytes: int = 0
    young_count: int = 0
    young_bytes: int = 0
    warnings: list[str] = field(default_factory=list)


class _Unswept(Exception):
    """Why no bytes can be removed at all, in a sentence for people."""


@dataclass
class _Marks:
    """What the records name, and how far they were read."""

    digests: set[bytes]
    snapshots: set[str]
    submission: int


def sweep(context: Context, turn: int) -> Swept:
    """Remove all blobs that no record names and that nobody has relied on for the time of grace.

    Raises
    ------
    Conflict
        Another collection began.
    """
    found = Swept()
    try:
        _check_place(context, claim=True)
        marks = _mark(context)
        unused_since = time.time() - context.keeping().grace_s
        unmarked = _unmarked(context, marks, unused_since, found)
        for part in _parts(unmarked, context.blobs.place.removed_at_once):
            with context.store.write() as c:
                sweeps.check(c, turn)
                _remove(context, c, marks, part, unused_since, found)
    except _Unswept as error:
        found.warnings.append(str(error))
    return found


def _remove(
    context: Context, c: Connection, marks: _Marks, part: Sequence[FoundBlob], unused_since: float, found: Swept
) -> None:
    """Remove those of some blobs that nobody has recorded since the marks were made; nobody records while we do."""
    _mark_new(context, c, marks)
    digests = [blob.digest for blob in part if bytes.fromhex(blob.digest) not in marks.digests]
    named = references.named_by_files(c, digests)
    gone, stuck = context.blobs.place.remove([each for each in digests if each not in named], unused_since)
    found.count += len(gone)
    found.size_bytes += sum(blob.size_bytes for blob in gone)
    if stuck and len(found.warnings) < _MOST_WARNINGS:
        found.warnings.append(f"{len(stuck):,} files in blobs could not be removed, {stuck[0][:12]} among them.")


def foresee(context: Context, until: datetime, kept_snapshots: Iterable[str]) -> Swept:
    """What `sweep` would remove if all that was deleted until then had left the trash."""
    found = Swept()
    try:
        _check_place(context, claim=False)
        marks = _mark(context, until, kept_snapshots)
        for blob in _unmarked(context, marks, time.time() - context.keeping().grace_s, found):
            found.count += 1
            found.size_bytes += blob.size_bytes
    except _Unswept as error:
        found.warnings.append(str(error))
    return found


def _check_place(context: Context, *, claim: bool) -> None:
    """Refuse a place outside of the workspace's folder, at the first time: another workspace may use it, too."""
    is_inside = isinstance(context.blobs.place, LocalPlace) and context.blobs.place.is_below(context.folder)
    if is_inside or context.blobs.exists(mark_of(context.workspace_id)):
        return
    if claim:
        put_mark(context.blobs, context.workspace_id)
    raise _Unswept(
        "The files of this workspace lie outside of its folder, and no file was removed there this time: if no other "
        "workspace keeps its files in the same place, collect again."
    )


def _unmarked(context: Context, marks: _Marks, unused_since: float, found: Swept) -> Iterator[FoundBlob]:
    """The blobs that no record named and that are old enough; the younger ones are counted."""
    unnamed = [blob for blob in context.blobs.place.walk() if bytes.fromhex(blob.digest) not in marks.digests]
    # All of them, before the first one goes: a place that others use too is left alone.
    for blob in unnamed:
        if is_mark(context.blobs, blob):
            raise _Unswept(
                "Another workspace keeps its files in the same place, so no file was removed there: "
                "give each workspace a place of its own (settings.blobs in workspace.json)."
            )
    for blob in unnamed:
        if blob.used_at <= unused_since:
            yield blob
        else:
            found.young_count += 1
            found.young_bytes += blob.size_bytes


# -- marking


def _mark(context: Context, until: datetime = PURGED, kept_snapshots: Iterable[str] = ()) -> _Marks:
    """All that the records name, those left out that leave with what was deleted until then."""
    with context.store.read() as c:
        everything = until == PURGED
        snapshots = set(references.snapshot_ids(c, None if everything else until)) | set(kept_snapshots)
        marks = _Marks(set(), snapshots, references.last_submission(c))
        marks.digests.update(map(bytes.fromhex, references.digests_in_columns(c, until)))
        marks.digests.update(map(bytes.fromhex, references.input_digests(c, until)))
    marks.digests.add(bytes.fromhex(mark_of(context.workspace_id)))
    for snapshot in snapshots:
        _mark_snapshot(context, marks, snapshot)
    return marks


def _mark_new(context: Context, c: Connection, marks: _Marks) -> None:
    """What was recorded since, but for the names that an index finds."""
    last = references.last_submission(c)
    if last > marks.submission:
        marks.digests.update(map(bytes.fromhex, references.input_digests(c, after=marks.submission)))
        marks.submission = last
    for snapshot in references.snapshot_ids(c):
        if snapshot not in marks.snapshots:
            _mark_snapshot(context, marks, snapshot)
            marks.snapshots.add(snapshot)


def _mark_snapshot(context: Context, marks: _Marks, snapshot: str) -> None:
    try:
        marks.digests.update(bytes.fromhex(digest) for digest, _ in named_in(context.blobs.read(snapshot)))
    except (MlwsError, OSError) as error:
        raise _Unswept(
            f"The list of files of the snapshot {snapshot[:12]} cannot be read, so nobody knows which files it needs, "
            f"and none was removed: {error} If it cannot be restored, delete the runs that have this snapshot."
        ) from error
    marks.digests.add(bytes.fromhex(snapshot))


def old_snapshots(context: Context, ids: Sequence[str]) -> list[str]:
    """Those of these snapshots that nobody has taken, or taken again, for the time of grace."""
    unused_since = time.time() - context.keeping().grace_s
    found = ((each, context.blobs.place.used_at(each)) for each in ids)
    return [each for each, used_at in found if used_at is None or used_at <= unused_since]


def _parts(blobs: Iterable[FoundBlob], size: int) -> Iterator[list[FoundBlob]]:
    part: list[FoundBlob] = []
    for blob in blobs:
        part.append(blob)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part

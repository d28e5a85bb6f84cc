"""The first look at an archive: all is read once, nothing is written, and what does not fit together is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jupyter_mlws.api.codec import from_builtins
from jupyter_mlws.domain.archive import (
    ArchivedEnvironment,
    ArchivedModel,
    ArchivedRun,
    ArchivedSnapshot,
    ArchivedValues,
    ArchivedWheel,
)
from jupyter_mlws.domain.file import RunFile
from jupyter_mlws.domain.locks import locked_hashes
from jupyter_mlws.domain.names import check_digest
from jupyter_mlws.domain.snapshot import Manifest
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services.archives.reading import Archive, Block, broken
from jupyter_mlws.services.context import Context
from jupyter_mlws.snapshots import load_manifest
from jupyter_mlws.snapshots.manifest import from_bytes
from jupyter_mlws.store.archive_import import known_run
from jupyter_mlws.store.run_record import read_submission
from jupyter_mlws.store.snapshots import find_snapshot

__all__ = ["Needs", "SnapshotFacts", "check"]

# It is read at once, and takes some five times as much memory; no archive holds the files of a longer one.
_MOST_MANIFEST = 1 << 26
_LONGEST_NAME = 1_000


@dataclass(frozen=True)
class SnapshotFacts:
    """A snapshot of the archive, and all blobs that its list names."""

    record: ArchivedSnapshot
    file_count: int
    size_bytes: int
    blobs: tuple[tuple[str, int], ...]


@dataclass
class Needs:
    """What the records of an archive stand on: blobs with their sizes, snapshots by id, environments, wheels."""

    blobs: dict[str, int] = field(default_factory=dict)
    snapshots: dict[str, SnapshotFacts] = field(default_factory=dict)
    environments: dict[str, ArchivedEnvironment] = field(default_factory=dict)
    wheels: dict[str, ArchivedWheel] = field(default_factory=dict)


def check(context: Context, archive: Archive) -> Needs:
    """Read all records of an archive, and say what they need.

    Raises
    ------
    ArchiveError
        Something is missing, there twice, out of order, or not of its kind.
    """
    return _Check(context, archive).needs


class _Check:
    def __init__(self, context: Context, archive: Archive) -> None:
        self._context, self._archive = context, archive
        self.needs = Needs()
        self._seen: set[str] = set()
        self._parents: set[str] = set()
        self._hashes: set[str] = set()
        self._values: dict[str, list[int]] = {}  # of the present run: how many are there, how many are to be
        self._blocks: Iterator[Block] = archive.blocks()
        look: dict[str, Callable[[Any], None]] = {
            "environment": self._environment,
            "wheel": self._wheel,
            "snapshot": self._snapshot,
            "run": self._run,
            "file": self._file,
            "values": self._piece,
            "model": self._model,
        }
        for line in archive.lines():
            if line.kind in look:
                look[line.kind](line.record)
        self._end_run()
        if next(self._blocks, None) is not None:
            raise broken("it has points of no run")
        if self._parents & self._seen:
            raise broken("a run stands before its parent")

    def _environment(self, environment: ArchivedEnvironment) -> None:
        if environment.id in self.needs.environments:
            raise broken(f"the environment {environment.id} is there twice")
        self.needs.environments[environment.id] = environment
        for lock in environment.locks:
            self._hashes |= locked_hashes(lock.text)

    def _wheel(self, wheel: ArchivedWheel) -> None:
        if wheel.digest not in self._hashes:
            raise broken(f"no environment of it names the package {wheel.name[:80]}")
        if self._archive.blob_sizes.get(wheel.digest) != wheel.size_bytes:
            raise broken(f"the package {wheel.name[:80]} is missing, or has another size")
        self.needs.wheels[wheel.digest] = wheel

    def _snapshot(self, record: ArchivedSnapshot) -> None:
        manifest = self._manifest(record.id)
        blobs = {entry.digest: entry.size_bytes for entry in manifest.entries}
        for digest, size in blobs.items():
            self._need(digest, size)
        self.needs.snapshots[record.id] = SnapshotFacts(
            record=record,
            file_count=len(manifest.entries),
            size_bytes=sum(entry.size_bytes for entry in manifest.entries),
            blobs=((record.id, self.needs.blobs[record.id]), *blobs.items()),
        )

    def _manifest(self, digest: str) -> Manifest:
        size = self._archive.blob_sizes.get(digest)
        if size is None:
            self._need(digest, self._context.blobs.size(digest) if self._context.blobs.exists(digest) else -1)
            return load_manifest(digest, self._context.blobs)
        if size > _MOST_MANIFEST:
            raise broken("the list of a snapshot's files is too long")
        with self._archive.blob(digest) as file:
            data = file.read()
        if hashlib.sha256(data).hexdigest() != digest:
            raise broken("the list of a snapshot's files is not what was written")
        self._need(digest, len(data))
        return from_bytes(data)

    def _run(self, run: ArchivedRun) -> None:
        self._end_run()
        if run.id in self._seen:
            raise broken(f"the run {run.id} is there twice")
        if run.snapshot_id is not None and run.snapshot_id not in self.needs.snapshots:
            self._find_snapshot(run.snapshot_id)
        if run.parent_id is not None and run.parent_id not in self._seen:
            self._parents.add(run.parent_id)
        self._seen.add(run.id)
        self._check_submission(run)
        self._values = {item.name: [0, item.values] for item in run.typed}
        for item in run.series:
            self._check_series(run.id, item.name, item.points)

    def _find_snapshot(self, snapshot: str) -> None:
        with self._context.store.read() as c:
            if find_snapshot(c, snapshot) is None:
                raise broken(f"the snapshot {snapshot[:12]} of a run is missing")

    def _check_submission(self, run: ArchivedRun) -> None:
        if run.submission is None:
            if run.parent_id not in self._seen and not self._is_here(run.parent_id):
                raise broken(f"what was submitted for the run {run.id} is missing")
            return
        try:
            submission = read_submission(json.dumps(run.submission), kind="script", params={})
            _check_texts(run.submission.get("variable_names", []))
            _check_texts(run.submission.get("secret_names") or [])
            _check_names(run.submission.get("secret_names") or [])
            _check_texts([run.submission.get("kernel", "")])
        except (MlwsError, ValueError, TypeError) as error:
            raise broken(f"what was submitted for the run {run.id} cannot be read") from error
        for item in submission.inputs:
            if check_digest(item.digest) in self._archive.blob_sizes:
                self._need(item.digest, item.size_bytes)

    def _is_here(self, run_id: str | None) -> bool:
        if run_id is None:
            return False
        with self._context.store.read() as c:
            return known_run(c, run_id) is not None

    def _check_series(self, run_id: str, name: str, points: int) -> None:
        found = 0
        while found < points:
            block = next(self._blocks, None)
            if block is None or (block.run, block.name, block.start) != (run_id, name, found):
                raise broken(f"points of the run {run_id} are missing")
            found += block.count
        if found != points:
            raise broken(f"the run {run_id} has more points than it says")

    def _end_run(self) -> None:
        if any(found != announced for found, announced in self._values.values()):
            raise broken("values of a run are missing")
        self._values = {}

    def _file(self, file: RunFile) -> None:
        if not self._seen:
            raise broken("a file belongs to no run")
        self._need(file.digest, file.size_bytes)

    def _piece(self, piece: ArchivedValues) -> None:
        known = self._values.get(piece.name)
        if known is None or known[0] != piece.start:
            raise broken("values belong to no run, or are out of order")
        for item in piece.items:
            from_builtins(datetime, item["at"])
        known[0] += len(piece.items)

    def _model(self, model: ArchivedModel) -> None:
        self._end_run()
        for file in model.files:
            self._need(file.digest, file.size_bytes)

    def _need(self, digest: str, size: int) -> None:
        known = self.needs.blobs.get(digest)
        if known is None:
            inside = self._archive.blob_sizes.get(digest)
            if inside is None and (size < 0 or not self._context.blobs.has(digest, size)):
                raise broken(f"the bytes of {digest[:12]} are missing")
            self.needs.blobs[digest] = size
            known = size if inside is None else inside
        if known != size:
            raise broken(f"the bytes of {digest[:12]} have two sizes")


def _check_names(names: list[str]) -> None:
    """Raise `ValueError` for what no variable is called, and nobody could read in a sentence."""
    if any(not name or "=" in name or len(name) > _LONGEST_NAME or not name.isprintable() for name in names):
        raise ValueError("the names of secrets")


def _check_texts(value: Any) -> None:
    """Raise `TypeError` unless `value` is a list of texts."""
    if not isinstance(value, list) or any(not isinstance(item, str) for item in value):
        raise TypeError(value)

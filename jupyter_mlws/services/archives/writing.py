"""Writing an archive while it is sent.

What comes from the database is written to a temporary file first, in one look at it, so that a slow reader keeps no
transaction open; blobs, which never change, follow straight from where they are.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import Connection

from jupyter_mlws import __version__
from jupyter_mlws.api import codec
from jupyter_mlws.api.routes import Download
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.blobs.local import full_disk_named
from jupyter_mlws.domain.archive import FORMAT, ArchivedEnvironment, ArchivedRun, ArchivedWheel, ArchiveHeader
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.filters import Filter
from jupyter_mlws.domain.masking import is_secret_variable
from jupyter_mlws.domain.secret import is_reference
from jupyter_mlws.errors import CorruptData, Unavailable, WrongState
from jupyter_mlws.services.archives.layout import BLOBS, BLOCK, DIGESTS, HEADER, RECORDS, SERIES
from jupyter_mlws.services.context import Context
from jupyter_mlws.snapshots import load_manifest
from jupyter_mlws.snapshots.zipping import ZIP_TIME, Outbox
from jupyter_mlws.store import archive_export as rows
from jupyter_mlws.store import files, runs
from jupyter_mlws.store.archive_environments import environments_of

if TYPE_CHECKING:
    from jupyter_mlws.services.archives.wheels import Carried

__all__ = ["export"]

_STEP = 1 << 18
_LARGE = 1 << 31
# Blobs up to this size are packed where that makes them smaller; larger ones are models and data, which are dense.
_PACKED = 1 << 20
_WORTH_IT = 0.9
# What shrinks more than this is taken for a bomb by whoever reads it.
_MOST = 100
_LEVEL = 6
# Each keeps the records on the disk for as long as its reader takes: readers that never finish must not fill it.
_MOST_AT_ONCE = 4
_places = threading.BoundedSemaphore(_MOST_AT_ONCE)


def export(context: Context, run: str | None, wanted: Filter | None, *, with_environment: bool = False) -> Download:
    """An archive of one run, of those that a filter finds, or of the whole workspace.

    Raises
    ------
    WrongState
        The one run has not ended.
    StorageFull
        There is no room in the workspace's folder for what the database says.
    Unavailable
        Several archives are being read from this process already.
    CorruptData
        Bytes of a file are gone, or (in the middle of reading) not what they were: the archive then has no end.
    """
    if not _places.acquire(blocking=False):
        raise Unavailable(
            f"{_MOST_AT_ONCE} archives are being written already.",
            hint="Try again when one of them is done.",
            details={"retry_after_s": 1.0},
        )
    try:
        return _begun(context, run, wanted, with_environment=with_environment)
    except BaseException:
        _places.release()
        raise


def _begun(context: Context, run: str | None, wanted: Filter | None, *, with_environment: bool) -> Download:
    """The download, which gives its place back when it is over."""
    carried = _carried(context, run, wanted) if with_environment else None
    writing = _Writing(context.blobs, context.folder)
    try:
        with full_disk_named(context.folder), context.store.read() as c:
            number = None if run is None else _ended(c, run)
            _Records(context, writing, c, carried).write(number, wanted)
        writing.check_blobs()
    except BaseException:
        writing.close()
        raise
    name = f"run-{number}" if number is not None else context.name
    return Download(_Pieces(writing), name=f"{name}.zip", media_type="application/zip")


def _carried(context: Context, run: str | None, wanted: Filter | None) -> Carried:
    """The packages of the environments that go into an archive; fetching them takes its time, and no transaction."""
    from jupyter_mlws.services.archives.wheels import carry

    with context.store.read() as c:
        number = None if run is None else _ended(c, run)
        environments = list(environments_of(c, rows.choose(c, run=number, wanted=wanted).numbers))
    return carry(environments)


def _ended(c: Connection, run: str) -> int:
    record = runs.get_run(c, run, metrics=0)
    if not record.status.is_terminal:
        raise WrongState(f"Run #{record.number} has not ended ({record.status}).", hint="Wait for it, or cancel it.")
    return record.number


class _Writing:
    """A zip on its way: its beginning in a temporary file, the blobs that are still to come."""

    def __init__(self, blobs: BlobStore, folder: Any) -> None:
        self._blobs = blobs
        self._outbox = Outbox()
        self._zip = ZipFile(self._outbox, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        # It has no name, so nothing of it stays whatever happens.
        self.spool: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by `pieces`)
        self.needs: dict[str, int] = {}
        self.wheels: dict[str, Path] = {}
        self._digests: dict[str, str] = {}

    @contextmanager
    def entry(self, name: str) -> Iterator[_Entry]:
        """A part of the records."""
        with self._zip.open(_info(name, ZIP_DEFLATED), "w", force_zip64=True) as file:
            entry = _Entry(file, self._spill)
            yield entry
        self._digests[name] = entry.digest.hexdigest()
        self._spill()

    def finish_records(self) -> None:
        """Say what the digests of the records are."""
        with self.entry(DIGESTS) as entry:
            entry.write(codec.dumps(dict(self._digests)))

    def _spill(self) -> None:
        if self._outbox.size:
            self.spool.write(self._outbox.take())

    def check_blobs(self) -> None:
        """Refuse to begin where something is missing."""
        gone = [digest for digest, size in self.needs.items() if not self._blobs.has(digest, size)]
        if gone:
            raise CorruptData(
                f"The bytes of {len(gone):,} of {len(self.needs):,} files are gone.",
                hint="Restore the workspace's blobs folder from a backup; `mlws doctor` tells more.",
                details={"digests": gone[:100]},
            )

    def pieces(self) -> Generator[bytes, None, None]:
        """The archive from its first byte to its last."""
        self._spill()
        self.spool.seek(0)
        while piece := self.spool.read(_STEP):
            yield piece
        for digest, size in sorted(self.needs.items()):
            yield from self._blob(digest, size)
        for digest, path in sorted(self.wheels.items()):
            if digest not in self.needs:
                yield from self._wheel(digest, path)
        self._zip.close()
        yield self._outbox.take()

    def _blob(self, digest: str, size: int) -> Iterator[bytes]:
        with self._blobs.open(digest) as source:
            data = source.read(_STEP) if size > _PACKED else self._blobs.read(digest)
            method = ZIP_STORED if size > _PACKED or not _shrinks(data) else ZIP_DEFLATED
            info = _info(BLOBS + digest, method)
            with self._zip.open(info, "w", force_zip64=size >= _LARGE) as to:
                while data:
                    to.write(data)
                    if self._outbox.size >= _STEP:
                        yield self._outbox.take()
                    data = source.read(_STEP) if size > _PACKED else b""

    def _wheel(self, digest: str, path: Path) -> Iterator[bytes]:
        """A wheel as it is: it is packed already."""
        info = _info(BLOBS + digest, ZIP_STORED)
        with path.open("rb") as source, self._zip.open(info, "w", force_zip64=path.stat().st_size >= _LARGE) as to:
            while data := source.read(_STEP):
                to.write(data)
                if self._outbox.size >= _STEP:
                    yield self._outbox.take()

    def close(self) -> None:
        """Let go of everything, however far it came."""
        self.spool.close()
        # A zip that is forgotten open would write its end to what is gone by then.
        self._zip.close()


class _Pieces:
    """The pieces of an archive; closed by who does not want to read them all, or any."""

    def __init__(self, writing: _Writing) -> None:
        self._writing = writing
        self._pieces = writing.pieces()
        self._has_place = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:  # the end, or a failure: there is no more
            self.close()
            raise

    def close(self) -> None:
        try:
            self._pieces.close()
            self._writing.close()
        finally:
            if self._has_place:
                self._has_place = False
                _places.release()

    def __del__(self) -> None:
        self.close()


class _Entry:
    """Counts what goes into a part of the records, and hands it on in pieces."""

    def __init__(self, file: IO[bytes], spill: Any) -> None:
        self._file, self._spill = file, spill
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self._file.write(data)
        self._spill()

    def line(self, kind: str, record: Any) -> None:
        self.write(codec.dumps({kind: record}) + b"\n")


class _Records:
    """What the database says, in one look at it."""

    def __init__(self, context: Context, writing: _Writing, c: Connection, carried: Carried | None) -> None:
        self._context, self._writing, self._c, self._carried = context, writing, c, carried

    def write(self, number: int | None, wanted: Filter | None) -> None:
        whole = number is None and wanted is None
        choice = rows.choose(self._c, run=number, wanted=wanted)
        header = ArchiveHeader(
            format=FORMAT,
            version=__version__,
            created_at=now(),
            workspace_id=self._context.workspace_id,
            workspace_name=self._context.name,
            run_count=len(choice.numbers),
            left_out=choice.left_out,
            packages_left_out=() if self._carried is None else self._carried.left,
        )
        with self._writing.entry(HEADER) as entry:
            entry.write(codec.dumps(header))
        with self._writing.entry(RECORDS) as entry:
            self._write_records(entry, choice, whole=whole)
        with self._writing.entry(SERIES) as entry:
            for row, run in rows.read_runs(self._c, choice.numbers):
                self._write_series(entry, row, run)
        self._writing.finish_records()

    def _write_records(self, entry: _Entry, choice: rows.Choice, *, whole: bool) -> None:
        for experiment in rows.experiments_of(self._c, choice, whole=whole):
            entry.line("experiment", experiment)
        for environment in environments_of(self._c, choice.numbers):
            entry.line("environment", _without_passwords(environment))
        self._write_wheels(entry)
        for snapshot in rows.snapshots_of(self._c, choice):
            entry.line("snapshot", snapshot)
            self._need_snapshot(snapshot.id)
        for number, run in rows.read_runs(self._c, choice.numbers):
            entry.line("run", _without_secrets(run))
            self._need_inputs(run)
            for file in files.list_files(self._c, run.id):
                entry.line("file", file)
                self._writing.needs[file.digest] = file.size_bytes
            for item in run.typed:
                for values in rows.values_of(self._c, number, item.name):
                    entry.line("values", values)
        for model in rows.models_of(self._c, choice, whole=whole):
            entry.line("model", model)
            self._writing.needs |= {file.digest: file.size_bytes for file in model.files}

    def _write_wheels(self, entry: _Entry) -> None:
        for digest, path in sorted((self._carried or {}).items()):
            entry.line("wheel", ArchivedWheel(name=path.name, digest=digest, size_bytes=path.stat().st_size))
            self._writing.wheels[digest] = path

    def _write_series(self, entry: _Entry, number: int, run: ArchivedRun) -> None:
        for item in run.series:
            for piece in rows.series_of(self._c, number, item.name):
                head = codec.dumps({"run": run.id, "name": item.name, "start": piece.start})
                entry.write(BLOCK.pack(len(head), len(piece.value)) + head)
                entry.write(piece.step.tobytes() + piece.time.tobytes() + piece.value.tobytes())

    def _need_snapshot(self, snapshot: str) -> None:
        blobs = self._context.blobs
        self._writing.needs[snapshot] = blobs.size(snapshot)
        for file in load_manifest(snapshot, blobs).entries:
            self._writing.needs[file.digest] = file.size_bytes

    def _need_inputs(self, run: ArchivedRun) -> None:
        """What was captured for a cell is what it needs to be run again; a run without it is still a record."""
        for item in (run.submission or {}).get("inputs", ()):
            if self._context.blobs.has(item["digest"], item["size_bytes"]):
                self._writing.needs[item["digest"]] = item["size_bytes"]


def _without_secrets(run: ArchivedRun) -> ArchivedRun:
    """The run as a stranger may see it: a variable that looks secret has to be given again, as every secret has."""
    body = run.submission or {}
    variables: dict[str, str] = body.get("environment_variables") or {}
    hidden = [name for name, value in variables.items() if _is_hidden(name, value)]
    if not hidden:
        return run
    kept = {name: value for name, value in variables.items() if name not in hidden}
    secrets = list(dict.fromkeys([*(body.get("secret_names") or ()), *hidden]))
    return replace(run, submission=body | {"environment_variables": kept, "secret_names": secrets})


def _without_passwords(environment: ArchivedEnvironment) -> ArchivedEnvironment:
    """The environment as a stranger may see it."""
    variables = environment.spec.environment_variables
    kept = {name: value for name, value in variables.items() if not _is_hidden(name, value)}
    return replace(environment, spec=replace(environment.spec, environment_variables=kept))


def _is_hidden(name: str, value: str) -> bool:
    """Whether a variable looks secret; one that only names a secret of the vault is not."""
    return is_secret_variable(name, value) and not is_reference(value)


def _shrinks(data: bytes) -> bool:
    packed = len(zlib.compress(data, 1))
    return packed < _WORTH_IT * len(data) and packed * _MOST > len(data)


def _info(name: str, method: int) -> ZipInfo:
    info = ZipInfo(name, ZIP_TIME)
    info.compress_type = method
    info.external_attr = 0o100644 << 16
    info.create_system = 3
    return info

"""Reading an archive, which is somebody else's word: nothing in it is believed before it has been looked at."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple
from zipfile import ZipFile

from jupyter_mlws.api import codec
from jupyter_mlws.domain.archive import (
    FORMAT,
    ArchivedEnvironment,
    ArchivedExperiment,
    ArchivedModel,
    ArchivedRun,
    ArchivedSnapshot,
    ArchivedValues,
    ArchivedWheel,
    ArchiveHeader,
)
from jupyter_mlws.domain.file import RunFile
from jupyter_mlws.domain.names import check_digest, check_file_name, check_metric_name
from jupyter_mlws.errors import ArchiveError, InvalidInput, MlwsError, SnapshotError, TooLarge
from jupyter_mlws.services.archives.layout import BLOB_NAME, BLOCK, DIGESTS, HEADER, POINT_BYTES, RECORDS, SERIES
from jupyter_mlws.services.checking import check_storable
from jupyter_mlws.snapshots.unpack import checked_zip

__all__ = ["Archive", "Block", "Line", "broken", "opened"]

_MOST_FILES = 500_000
# An honest archive does not shrink more; what is left over is for small ones.
_MOST_RATIO = 200
_ROOM_BYTES = 1 << 30
_MOST_HEADER = 1 << 20
_MOST_LINE = 1 << 25
_MOST_HEAD = 1 << 16
_MOST_POINTS = 1 << 16
_STEP = 1 << 20
_KINDS: dict[str, type] = {
    "experiment": ArchivedExperiment,
    "environment": ArchivedEnvironment,
    "wheel": ArchivedWheel,
    "snapshot": ArchivedSnapshot,
    "run": ArchivedRun,
    "file": RunFile,
    "values": ArchivedValues,
    "model": ArchivedModel,
}


class Line(NamedTuple):
    """One record: `kind` is its key in `_KINDS`."""

    kind: str
    record: Any


@dataclass(frozen=True)
class Block:
    """Points of a series: steps, times and values one after another."""

    run: str
    name: str
    start: int
    count: int
    data: bytes


def broken(why: str) -> ArchiveError:
    """The error for an archive that no honest program wrote, or that was damaged."""
    return ArchiveError(f"The archive is not imported: {why}.", hint="Export it again, or get an undamaged copy.")


class Archive:
    """A zip whose table of contents is in order. Its records can be read any number of times.

    Attributes
    ----------
    header : ArchiveHeader
    blob_sizes : dict
        Digest to size, as the table says.
    """

    def __init__(self, archive: ZipFile) -> None:
        self._zip = archive
        names = {info.filename: info.file_size for info in archive.infolist()}
        if HEADER not in names:
            raise ArchiveError(
                "The file is no archive of a workspace.", hint="Give one that `mlws export` or Workspace.export wrote."
            )
        self.header = self._read_header(names[HEADER])
        missing = [name for name in (RECORDS, SERIES, DIGESTS) if name not in names]
        if missing:
            raise broken(f"it has no {missing[0]}")
        found = ((BLOB_NAME.fullmatch(name), size) for name, size in names.items())
        self.blob_sizes = {match[1]: size for match, size in found if match}
        self._digests = self._small(DIGESTS, names[DIGESTS])

    def _read_header(self, size: int) -> ArchiveHeader:
        facts = self._small(HEADER, size)
        version = facts.get("format")
        if isinstance(version, int) and version > FORMAT:
            raise ArchiveError(
                f"The archive has format {version}, and this version knows {FORMAT}.",
                hint="Update jupyter-mlws here, or export with the version that is here.",
            )
        if version != FORMAT:
            raise broken("its format is unknown")
        header: ArchiveHeader = _as(ArchiveHeader, facts, HEADER)
        return header

    def _small(self, name: str, size: int) -> dict[str, Any]:
        if size > _MOST_HEADER:
            raise broken(f"its {name} is too long")
        try:
            value = codec.loads(self._zip.read(name))
        except InvalidInput:
            value = None
        if not isinstance(value, dict):
            raise broken(f"its {name} is no JSON object")
        return value

    def lines(self) -> Iterator[Line]:
        """The records in their order; at the end their digest is compared. Unknown kinds are passed over."""
        digest = hashlib.sha256()
        with self._zip.open(RECORDS) as raw, io.BufferedReader(raw, _STEP) as file:  # type: ignore[type-var]
            place = 0
            while text := file.readline(_MOST_LINE + 1):
                place += 1
                digest.update(text)
                if len(text) > _MOST_LINE:
                    hint = f"At most {_MOST_LINE / 1e6:.0f} MB are read as one record."
                    raise TooLarge(f"Line {place} of the archive's records is too long.", hint=hint)
                yield from _line(text, f"line {place} of its records")
        self._compare(RECORDS, digest.hexdigest())

    def blocks(self) -> Iterator[Block]:
        """The pieces of all series in their order; at the end their digest is compared."""
        digest = hashlib.sha256()
        with self._zip.open(SERIES) as raw, io.BufferedReader(raw, _STEP) as file:  # type: ignore[type-var]
            while head := file.read(BLOCK.size):
                digest.update(head)
                if len(head) < BLOCK.size:
                    raise broken("its series end too early")
                head_bytes, count = BLOCK.unpack(head)
                if head_bytes > _MOST_HEAD or not 1 <= count <= _MOST_POINTS:
                    raise broken("a piece of its series has no sensible size")
                body = file.read(head_bytes + count * POINT_BYTES)
                digest.update(body)
                if len(body) < head_bytes + count * POINT_BYTES:
                    raise broken("its series end too early")
                yield _block(body[:head_bytes], count, body[head_bytes:])
        self._compare(SERIES, digest.hexdigest())

    def _compare(self, name: str, digest: str) -> None:
        if self._digests.get(name) != digest:
            raise broken(f"its {name} is not what was written")

    def blob(self, digest: str) -> BinaryIO:
        """A blob's bytes, not compared with anything."""
        return self._zip.open(f"blobs/{digest}")  # type: ignore[return-value]

    def check_blob(self, digest: str) -> None:
        """Compare a blob with its name."""
        found = hashlib.sha256()
        with self.blob(digest) as file:
            while piece := file.read(_STEP):
                found.update(piece)
        if found.hexdigest() != digest:
            raise broken(f"the bytes of {digest[:12]} are not what was written")


@contextmanager
def opened(file: BinaryIO) -> Iterator[Archive]:
    """An archive, and any way in which it turns out to be broken as `ArchiveError` or `TooLarge`."""
    size = file.seek(0, os.SEEK_END)
    try:
        with checked_zip(file, max_files=_MOST_FILES, max_bytes=size * _MOST_RATIO + _ROOM_BYTES) as archive:
            yield Archive(archive)
    except (SnapshotError, InvalidInput) as error:
        raise broken(error.message[0].lower() + error.message[1:].rstrip(".")) from error
    except RecursionError as error:
        raise broken("a record is nested too deeply") from error


def _line(text: bytes, at: str) -> Iterator[Line]:
    try:
        value = codec.loads(text)
    except InvalidInput as error:
        raise broken(f"{at} is no JSON") from error
    if not isinstance(value, dict) or len(value) != 1:
        raise broken(f"{at} is no record")
    [(kind, facts)] = value.items()
    if kind in _KINDS:
        if kind != "values":  # what was logged may have any character, and is kept as bytes
            check_storable(facts, at)
        record = _as(_KINDS[kind], facts, at)
        if isinstance(record, RunFile):
            _check_file(record, at)
        yield Line(kind, record)


def _check_file(file: RunFile, at: str) -> None:
    check_file_name(file.name)
    check_digest(file.digest)
    if not 0 <= file.mode <= 0o177777 or file.size_bytes < 0 or file.modified_at.tzinfo is None:
        raise broken(f"{at} is no file")


def _as(kind: type, facts: Any, at: str) -> Any:
    try:
        return codec.from_builtins(kind, facts)
    except MlwsError as error:
        raise broken(f"{at}: {error.message.rstrip('.')}") from error


def _block(head: bytes, count: int, data: bytes) -> Block:
    try:
        facts = codec.loads(head)
    except InvalidInput:
        facts = None
    if not isinstance(facts, dict):
        raise broken("a piece of its series has no head")
    run, name, start = facts.get("run"), facts.get("name"), facts.get("start")
    if not isinstance(run, str) or type(start) is not int:
        raise broken("a piece of its series belongs to no run")
    return Block(run, check_metric_name(name), start, count, data)

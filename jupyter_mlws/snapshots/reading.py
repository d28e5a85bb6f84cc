"""Reading files that may change, vanish or block while they are read, and storing exactly the bytes that were read."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from stat import S_ISREG
from typing import Protocol

from jupyter_mlws.blobs import BlobStore, StoredBlob
from jupyter_mlws.snapshots.notebook import is_notebook, stripped
from jupyter_mlws.snapshots.walk import Found

__all__ = ["Reading", "Sink", "Storing", "Weighing", "read"]

_RETRIES = 3
_WHOLE = 1 << 20
# Without O_NONBLOCK a file that became a pipe since the walk would hold us for ever.
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


@dataclass
class Reading:
    """What became of one file: `blob` is None where it has vanished; `error` says why it could not be read."""

    found: Found
    blob: StoredBlob | None = None
    stat: os.stat_result | None = None
    changed: bool = False
    invalid_notebook: bool = False
    error: str = ""


class Sink(Protocol):
    """Where bytes go: a blob store, or nowhere when only their digest is wanted."""

    def put_bytes(self, data: bytes) -> StoredBlob: ...

    def put_descriptor(self, descriptor: int) -> StoredBlob: ...


class Storing:
    """Put bytes into a blob store."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def put_bytes(self, data: bytes) -> StoredBlob:
        return self._blobs.put_bytes(data)

    def put_descriptor(self, descriptor: int) -> StoredBlob:
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            return self._blobs.put_stream(file)


class Weighing:
    """Only compute the address that bytes would have."""

    def put_bytes(self, data: bytes) -> StoredBlob:
        return StoredBlob(hashlib.sha256(data).hexdigest(), len(data))

    def put_descriptor(self, descriptor: int) -> StoredBlob:
        digest, size = hashlib.sha256(), 0
        while data := os.read(descriptor, _WHOLE):
            digest.update(data)
            size += len(data)
        return StoredBlob(digest.hexdigest(), size)


def read(found: Found, sink: Sink) -> Reading:
    """Read a file until it held still: size, time and inode the same before and after, tried four times at most.

    The last try counts even if the file would not hold still; `changed` says so, and the digest is of what was stored.
    """
    reading = Reading(found)
    for _ in range(1 + _RETRIES):
        reading.changed = not _read_once(reading, sink)
        if not reading.changed:
            break
    return reading


def _read_once(reading: Reading, sink: Sink) -> bool:
    """Read once; whether the file held still, or needs no second look."""
    source = reading.found.source
    try:
        descriptor = os.open(source, _OPEN)
    except FileNotFoundError:
        reading.blob = None
        return False
    except OSError as error:
        reading.error = os.strerror(error.errno or 0)
        return True
    try:
        before = os.fstat(descriptor)
        if not S_ISREG(before.st_mode):
            reading.error = "no regular file any more"
            return True
        reading.blob = _store(reading, descriptor, before.st_size, sink)
        reading.stat = before
        return _same(before, source)
    except IsADirectoryError:
        reading.error = "a folder now"
        return True
    finally:
        os.close(descriptor)


def _store(reading: Reading, descriptor: int, size: int, sink: Sink) -> StoredBlob:
    notebook = is_notebook(reading.found.path)
    if size > _WHOLE and not notebook:
        return sink.put_descriptor(descriptor)
    data = os.read(descriptor, size + 1)
    if data and len(data) != size:
        data += _rest(descriptor)
    if notebook:
        bare = stripped(data)
        reading.invalid_notebook = bare is None and bool(data)
        data = data if bare is None else bare
    return sink.put_bytes(data)


def _rest(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, _WHOLE):
        parts.append(part)
    return b"".join(parts)


def _same(before: os.stat_result, source: str) -> bool:
    try:
        after = os.lstat(source)
    except FileNotFoundError:
        return False
    return (before.st_size, before.st_mtime_ns, before.st_ino) == (after.st_size, after.st_mtime_ns, after.st_ino)

"""Content-addressed bytes: stored once under their sha256, whoever brings them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from jupyter_mlws import faults
from jupyter_mlws.blobs.copying import reflink
from jupyter_mlws.blobs.local import LocalPlace, full_disk_named
from jupyter_mlws.blobs.place import BlobPlace, StoredBlob, missing
from jupyter_mlws.blobs.reading import VerifiedReader, corrupt
from jupyter_mlws.domain.names import check_digest
from jupyter_mlws.errors import CorruptData

__all__ = ["BlobStore"]

# Files up to this size are read at once: their digest is known before anything is written.
_WHOLE = 1 << 20
_STEP = 1 << 20
# 'xb' for the hot path: a target that exists, be it a link, is never written through.
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class BlobStore:
    """Bytes by digest. May be shared by threads and by processes.

    Parameters
    ----------
    root : str or Path
        A folder (made on first write), or a URL that fsspec knows, such as ``s3://bucket/blobs``.

    Notes
    -----
    `put_*` return when the bytes survive the death of any process; after `sync` they survive a power loss as well.
    Reading compares bytes with their digest and raises `CorruptData`, so rotten or edited bytes are never used.
    A full disk raises `StorageFull`, and nothing of what was being written stays.
    """

    def __init__(self, root: str | Path) -> None:
        self.place: BlobPlace = _place(root)

    def put_bytes(self, data: bytes) -> StoredBlob:
        """Store `data`, unless its digest is there."""
        digest = hashlib.sha256(data).hexdigest()
        self.place.put(digest, data)
        return StoredBlob(digest, len(data))

    def put_file(self, path: str | Path) -> StoredBlob:
        """Store a file, read once."""
        with open(path, "rb", buffering=0) as file:
            return self.put_stream(file)

    def put_stream(self, file: BinaryIO, digest: str | None = None) -> StoredBlob:
        """Store what `file` yields until its end, in constant memory.

        With a `digest` it has to be that of the bytes: else `CorruptData`, and nothing is stored.
        """
        head = _read_up_to(file, _WHOLE + 1)
        if len(head) <= _WHOLE:
            if digest not in (None, hashlib.sha256(head).hexdigest()):
                raise _other_than(digest)
            return self.put_bytes(head)
        draft = self.place.draft()
        try:
            found, size = hashlib.sha256(), 0
            while head:
                found.update(head)
                size += len(head)
                draft.write(head)
                head = file.read(_STEP)
            if digest not in (None, found.hexdigest()):
                raise _other_than(digest)
        except BaseException:
            draft.discard()
            raise
        draft.publish(found.hexdigest(), size)
        return StoredBlob(found.hexdigest(), size)

    def exists(self, digest: str) -> bool:
        """Whether the digest is stored."""
        return self.place.size(check_digest(digest)) is not None

    def has(self, digest: str, size: int) -> bool:
        """Whether the digest is stored with this size: the quick form of `exists`, for digests known to be good.

        Who asks is about to rely on the blob, and its age begins anew.
        """
        return self.place.has(digest, size)

    def size(self, digest: str) -> int:
        """Size of a blob in bytes."""
        size = self.place.size(check_digest(digest))
        if size is None:
            raise missing(digest)
        return size

    def open(self, digest: str) -> VerifiedReader:
        """A blob as a seekable file; `CorruptData` when it was read to its end and is not what it should be."""
        size = self.size(digest)
        try:
            return VerifiedReader(self.place.open(digest), digest, size)
        except FileNotFoundError:
            raise missing(digest) from None

    def read(self, digest: str) -> bytes:
        """All bytes of a blob, verified."""
        check_digest(digest)
        try:
            with self.place.open(digest) as file:
                data = file.read()
        except FileNotFoundError:
            raise missing(digest) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise corrupt(digest)
        return data

    def local_path(self, digest: str) -> Path | None:
        """Where a blob lies on this machine; None for a remote place. Never write there, never hand it to a job."""
        path = self.place.path(check_digest(digest))
        return path if path is None or path.exists() else None

    def copy_to(self, digest: str, target: str | Path, mode: int = 0o644, *, dir_fd: int | None = None) -> int:
        """Write a verified copy of a blob to a new file and return its size; extents may be shared, inodes never.

        Parameters
        ----------
        digest : str
        target : str or Path
            A path that does not exist yet; its folder does.
        mode : int, default 0o644
            Set as given, whatever the umask.
        dir_fd : int, optional
            Open folder that a relative `target` starts from.

        Raises
        ------
        NotFound, CorruptData, StorageFull
            Nothing is left at `target` then.
        """
        try:
            source = self.place.open(check_digest(digest))
        except FileNotFoundError:
            raise missing(digest) from None
        with source, full_disk_named(target):
            faults.point("blobs.copy")
            descriptor = os.open(target, _CREATE, 0o600, dir_fd=dir_fd)
            try:
                size = _copy(source, descriptor, digest)
                os.fchmod(descriptor, mode)
            except BaseException:
                os.unlink(target, dir_fd=dir_fd)
                raise
            finally:
                os.close(descriptor)
        return size

    def sync(self, digests: Iterable[str]) -> None:
        """Return when a power loss cannot take these blobs away. Blobs synced before cost one stat each."""
        self.place.sync(digests)


def _other_than(digest: str | None) -> CorruptData:
    return CorruptData(f"The bytes that came are not those of {str(digest)[:12]}.", hint="Send them again.")


def _place(root: str | Path) -> BlobPlace:
    text = str(root)
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    if "://" not in text:
        return LocalPlace(text)
    from jupyter_mlws.blobs.remote import RemotePlace

    return RemotePlace(text)


def _read_up_to(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if not data or len(data) == size:
        return data
    parts = [data]
    left = size - len(data)
    while left and (data := file.read(left)):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def _copy(source: BinaryIO, target: int, digest: str) -> int:
    """Copy and compare in one reading; returns the size."""
    data = source.read(_STEP)
    shared = len(data) == _STEP and _reflink(source, target)
    found, size = hashlib.sha256(), 0
    while data:
        found.update(data)
        size += len(data)
        if not shared:
            _write(target, data)
        data = source.read(_STEP)
    if found.hexdigest() != digest:
        raise corrupt(digest)
    return size


def _reflink(source: BinaryIO, target: int) -> bool:
    try:
        return reflink(source.fileno(), target)
    except OSError:
        return False  # not a file of this machine


def _write(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        faults.point("blobs.copy_write")
        view = view[os.write(target, view) :]

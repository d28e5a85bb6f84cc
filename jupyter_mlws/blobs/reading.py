"""Reading that does not believe the disk: bytes are compared with their digest when their end is reached."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO

from jupyter_mlws.errors import CorruptData

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["VerifiedReader", "corrupt"]


def corrupt(digest: str) -> CorruptData:
    """The error for bytes that are not what their digest says."""
    return CorruptData(
        f"The stored bytes of {digest[:12]} have changed since they were stored.",
        hint="Restore the workspace's blobs folder from a backup; what used them cannot be trusted.",
        details={"digest": digest},
    )


class VerifiedReader(io.RawIOBase):
    """A blob as a file: read from start to end it raises `CorruptData` rather than end with wrong bytes.

    After a seek elsewhere the bytes are no longer compared: a piece has no digest.
    """

    def __init__(self, file: BinaryIO, digest: str, size: int) -> None:
        self._file = file
        self._digest = digest
        self._size = size
        self._hash = hashlib.sha256()
        self._hashed = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        at = self._file.tell()
        data = self._file.read(len(view))
        view[: len(data)] = data
        if at == self._hashed:
            self._check(data)
        return len(data)

    def _check(self, data: bytes) -> None:
        self._hash.update(data)
        self._hashed += len(data)
        if self._hashed >= self._size and self._hash.hexdigest() != self._digest:
            raise corrupt(self._digest)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()

"""A snapshot as a zip: the same bytes every time, made while they are sent."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import Manifest, ManifestEntry

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["ZIP_TIME", "Outbox", "stream_zip"]

_STEP = 1 << 18
_LEVEL = 1
_UNIX = 3
# A manifest has no times, and the first that a zip can hold is as good as any.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_LARGE = 1 << 31


class Outbox(io.RawIOBase):
    """What a zip was written to and nobody has taken yet. It cannot seek, so the zip needs no second look."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        part = bytes(data)
        self._parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        """All that was written since the last time."""
        parts, self._parts, self.size = self._parts, [], 0
        return b"".join(parts)


def stream_zip(manifest: Manifest, blobs: BlobStore) -> Iterator[bytes]:
    """The files of a snapshot as pieces of a zip, in the manifest's order, with modes; symbolic links are link entries.

    Raises
    ------
    CorruptData
        Bytes have changed since they were stored. The zip then ends without its table, so nobody takes it for whole.
    """
    outbox = Outbox()
    archive = ZipFile(outbox, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
    for entry in manifest.entries:
        with (
            blobs.open(entry.digest) as source,
            archive.open(_info(entry), "w", force_zip64=entry.size_bytes >= _LARGE) as to,
        ):
            while data := source.read(_STEP):
                to.write(data)
                if outbox.size >= _STEP:
                    yield outbox.take()
    archive.close()
    yield outbox.take()


def _info(entry: ManifestEntry) -> ZipInfo:
    info = ZipInfo(entry.path, ZIP_TIME)
    info.compress_type = ZIP_DEFLATED
    info.create_system = _UNIX
    mode = stat.S_IFLNK | 0o777 if entry.mode == 0o120000 else entry.mode
    info.external_attr = mode << 16
    return info

"""Stored bytes on their way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

from jupyter_mlws.api.routes import Download
from jupyter_mlws.blobs import BlobStore

__all__ = ["download_blob"]

_STEP = 1 << 20


def download_blob(blobs: BlobStore, digest: str, name: str) -> Download:
    """A blob under the last part of a file's name; `CorruptData` at its end if the bytes are not what they were."""
    file = cast("BinaryIO", blobs.open(digest))
    return Download(_chunks(file), name=name.rsplit("/", 1)[-1], size_bytes=blobs.size(digest), digest=digest)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_STEP):
            yield chunk

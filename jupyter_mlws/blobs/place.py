"""What a place must answer to hold blobs: a local folder, or anything that fsspec reaches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from jupyter_mlws.errors import NotFound

__all__ = ["FORMAT", "BlobPlace", "Draft", "StoredBlob", "blob_name", "missing"]

# Version of the layout: <root>/<two hex>/<sixty-two hex>, and the file <root>/format with this number.
FORMAT = 1


class StoredBlob(NamedTuple):
    """The address of stored bytes, and how many they are."""

    digest: str
    size_bytes: int


class Draft(Protocol):
    """A blob that is being written and that nobody can see yet.

    Exactly one of `publish` and `discard` ends it. `publish` makes the bytes visible under their digest in one step, or
    drops them when they are there already.
    """

    def write(self, data: bytes | memoryview) -> None: ...

    def publish(self, digest: str, size: int) -> None: ...

    def discard(self) -> None: ...


class BlobPlace(Protocol):
    """A folder or bucket of blobs. May be shared by threads; several processes may write the same digest at once."""

    def has(self, digest: str, size: int) -> bool:
        """Whether the digest is there with this size; a torn blob (of a machine that lost power) is not there."""
        ...

    def size(self, digest: str) -> int | None:
        """Size of the blob, None where there is none."""
        ...

    def put(self, digest: str, data: bytes) -> None:
        """Store bytes whose digest is known, unless they are there."""
        ...

    def draft(self) -> Draft:
        """Begin a blob whose digest is not known yet."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """The bytes, seekable; `FileNotFoundError` where there is none."""
        ...

    def path(self, digest: str) -> Path | None:
        """Where the bytes lie on this machine, None for a place elsewhere."""
        ...

    def sync(self, digests: Iterable[str]) -> None:
        """Return when a power loss cannot take these blobs away."""
        ...


def blob_name(digest: str) -> str:
    """Name of a blob below its root."""
    return f"{digest[:2]}/{digest[2:]}"


def missing(digest: str) -> NotFound:
    """The error for a digest that is not stored."""
    return NotFound(f"There are no stored bytes {digest[:12]}.", details={"digest": digest})

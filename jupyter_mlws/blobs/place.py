"""What a place must answer to hold blobs: a local folder, or anything that fsspec reaches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from jupyter_mlws.errors import NotFound

__all__ = ["FORMAT", "RENEW_S", "BlobPlace", "Draft", "FoundBlob", "StoredBlob", "blob_name", "digest_of", "missing"]

# Version of the layout: <root>/<two hex>/<sixty-two hex>, and the file <root>/format with this number.
FORMAT = 1
# Who relies on a blob that is there renews its age, unless it is younger than this: no collection's grace is shorter
# in earnest, and a snapshot of thousands of files costs no write for each.
RENEW_S = 600.0
_NAME = re.compile(r"([0-9a-f]{2})/([0-9a-f]{62})")


class StoredBlob(NamedTuple):
    """The address of stored bytes, and how many they are."""

    digest: str
    size_bytes: int


class FoundBlob(NamedTuple):
    """A blob as it lies in its place; `used_at` (unix seconds) is when it was stored, or relied on by somebody."""

    digest: str
    size_bytes: int
    used_at: float


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
        """Whether the digest is there with this size; a torn blob (of a machine that lost power) is not there.

        Who asks is about to rely on it: its age begins anew, where the place can do that.
        """
        ...

    def size(self, digest: str) -> int | None:
        """Size of the blob, None where there is none."""
        ...

    def put(self, digest: str, data: bytes) -> None:
        """Store bytes whose digest is known; where they are there, their age begins anew."""
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

    def used_at(self, digest: str) -> float | None:
        """When a blob was stored, or relied on by somebody (unix seconds); None where there is none."""
        ...

    def walk(self) -> Iterator[FoundBlob]:
        """All blobs, in no order; those that come or go meanwhile may be missing."""
        ...

    @property
    def removed_at_once(self) -> int:
        """How many blobs `remove` should be given at a time, for it to be done in a moment."""
        ...

    def remove(self, digests: Sequence[str], unused_since: float) -> tuple[list[FoundBlob], list[str]]:
        """Remove blobs that nobody has relied on since a time; returns what went, and the digests that could not go.

        The caller holds up everybody who could be recording them.
        """
        ...


def digest_of(name: str) -> str | None:
    """The digest of a file below the root, None where it is no blob's name."""
    found = _NAME.fullmatch(name)
    return found and found[1] + found[2]


def blob_name(digest: str) -> str:
    """Name of a blob below its root."""
    return f"{digest[:2]}/{digest[2:]}"


def missing(digest: str) -> NotFound:
    """The error for a digest that is not stored."""
    return NotFound(f"There are no stored bytes {digest[:12]}.", details={"digest": digest})

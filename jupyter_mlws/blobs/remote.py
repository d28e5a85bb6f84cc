"""Blobs at a URL: object stores and whatever else fsspec reaches."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

from jupyter_mlws import faults
from jupyter_mlws.blobs.place import blob_name
from jupyter_mlws.errors import MissingPart

__all__ = ["RemotePlace"]


class RemotePlace:
    """Blobs below a URL. An object appears whole or not at all, so it is written under its own name at once."""

    def __init__(self, url: str) -> None:
        import fsspec

        try:
            self._system, self._root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise MissingPart(f"{url.split(':', 1)[0]} storage needs a package: {error}.") from error
        self._root = self._root.rstrip("/")

    def _file(self, digest: str) -> str:
        return f"{self._root}/{blob_name(digest)}"

    def has(self, digest: str, size: int) -> bool:
        return self.size(digest) == size

    def size(self, digest: str) -> int | None:
        try:
            return int(self._system.info(self._file(digest))["size"])
        except FileNotFoundError:
            return None

    def put(self, digest: str, data: bytes) -> None:
        if self.has(digest, len(data)):
            return
        self._system.makedirs(self._file(digest).rsplit("/", 1)[0], exist_ok=True)
        faults.point("blobs.upload")
        self._system.pipe_file(self._file(digest), data)

    def draft(self) -> RemoteDraft:
        return RemoteDraft(self)

    def upload(self, path: str, digest: str, size: int) -> None:
        """Send a local file, unless the digest is there."""
        if not self.has(digest, size):
            self._system.makedirs(self._file(digest).rsplit("/", 1)[0], exist_ok=True)
            faults.point("blobs.upload_file")
            self._system.put_file(path, self._file(digest))

    def open(self, digest: str) -> BinaryIO:
        return cast(BinaryIO, self._system.open(self._file(digest), "rb"))

    def path(self, digest: str) -> Path | None:
        return None

    def sync(self, digests: Iterable[str]) -> None:
        """Nothing to do: an object store answers only when it keeps the bytes."""


class RemoteDraft:
    """A local temporary file that is sent when its digest is known."""

    def __init__(self, place: RemotePlace) -> None:
        self._place = place
        self._file: Any = tempfile.NamedTemporaryFile(prefix="mlws-")  # noqa: SIM115 (ended by publish or discard)

    def write(self, data: bytes | memoryview) -> None:
        self._file.write(data)

    def publish(self, digest: str, size: int) -> None:
        with self._file:
            self._file.flush()
            self._place.upload(self._file.name, digest, size)

    def discard(self) -> None:
        self._file.close()

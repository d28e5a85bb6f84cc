"""Blobs at a URL: object stores and whatever else fsspec reaches."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO, cast

from jupyter_mlws import faults
from jupyter_mlws.blobs.place import RENEW_S, FoundBlob, blob_name, digest_of
from jupyter_mlws.errors import MissingPart

__all__ = ["RemotePlace"]


class RemotePlace:
    """Blobs below a URL. An object appears whole or not at all, so it is written under its own name at once."""

    def __init__(self, url: str) -> None:
        import fsspec

        try:
            # A listing of before would say of a blob that it is there, when a collection has taken it meanwhile.
            self._system, self._root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise MissingPart(f"{url.split(':', 1)[0]} storage needs a package: {error}.") from error
        self._root = self._root.rstrip("/")

    def _file(self, digest: str) -> str:
        return f"{self._root}/{blob_name(digest)}"

    def has(self, digest: str, size: int) -> bool:
        """Its age stays: a store of objects knows no way to renew it but to send the bytes again."""
        return self.size(digest) == size

    def size(self, digest: str) -> int | None:
        try:
            return int(self._system.info(self._file(digest))["size"])
        except FileNotFoundError:
            return None

    def _is_fresh(self, digest: str, size: int) -> bool:
        """Whether the digest is there, and was stored so shortly ago that no collection will take it."""
        try:
            info = self._system.info(self._file(digest))
        except FileNotFoundError:
            return False
        return int(info["size"]) == size and _stored_at(info) > time.time() - RENEW_S

    def put(self, digest: str, data: bytes) -> None:
        if self._is_fresh(digest, len(data)):
            return
        self._system.makedirs(self._file(digest).rsplit("/", 1)[0], exist_ok=True)
        faults.point("blobs.upload")
        self._system.pipe_file(self._file(digest), data)

    def draft(self) -> RemoteDraft:
        return RemoteDraft(self)

    def upload(self, path: str, digest: str, size: int) -> None:
        """Send a local file, unless the digest was stored a short while ago."""
        if not self._is_fresh(digest, size):
            self._system.makedirs(self._file(digest).rsplit("/", 1)[0], exist_ok=True)
            faults.point("blobs.upload_file")
            self._system.put_file(path, self._file(digest))

    def open(self, digest: str) -> BinaryIO:
        return cast(BinaryIO, self._system.open(self._file(digest), "rb"))

    def path(self, digest: str) -> Path | None:
        return None

    def sync(self, digests: Iterable[str]) -> None:
        """Nothing to do: an object store answers only when it keeps the bytes."""

    def used_at(self, digest: str) -> float | None:
        try:
            return _stored_at(self._system.info(self._file(digest)))
        except FileNotFoundError:
            return None

    def walk(self) -> Iterator[FoundBlob]:
        try:
            found = self._system.find(self._root, detail=True)
        except FileNotFoundError:
            return
        for path, info in found.items():
            digest = digest_of("/".join(path.rsplit("/", 2)[-2:]))
            if digest is not None and path.rstrip("/") == self._file(digest):
                yield FoundBlob(digest, int(info["size"]), _stored_at(info))

    @property
    def removed_at_once(self) -> int:
        return 50

    def remove(self, digests: Sequence[str], unused_since: float) -> tuple[list[FoundBlob], list[str]]:
        found = []
        for digest in digests:
            with suppress(FileNotFoundError):
                info = self._system.info(self._file(digest))
                if _stored_at(info) <= unused_since:
                    found.append(FoundBlob(digest, int(info["size"]), _stored_at(info)))
        if not found:
            return [], []
        with suppress(OSError):  # what is still there afterwards could not go
            faults.point("blobs.remove_remote")
            self._system.rm([self._file(blob.digest) for blob in found])
        faults.point("blobs.remote_removed")
        stuck = {blob.digest for blob in found if self.size(blob.digest) is not None}
        return [blob for blob in found if blob.digest not in stuck], sorted(stuck)


def _stored_at(info: dict[str, Any]) -> float:
    """When an object was stored, in unix seconds; now, where the store does not tell: it is never old then."""
    for name in ("LastModified", "last_modified", "mtime", "updated", "created"):
        value = info.get(name)
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()
        if isinstance(value, (int, float)):
            return float(value)
        if isinstance(value, str):
            with suppress(ValueError):
                at = datetime.fromisoformat(value)
                return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()
    return time.time()


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

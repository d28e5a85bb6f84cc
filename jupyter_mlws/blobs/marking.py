"""A blob that says whose place this is: whoever finds it has the same bytes as whoever made the workspace."""

from __future__ import annotations

import hashlib

from jupyter_mlws.blobs.place import FoundBlob
from jupyter_mlws.blobs.store import BlobStore
from jupyter_mlws.errors import MlwsError

__all__ = ["is_mark", "mark_of", "put_mark"]

_WORDS = b"The bytes of the workspace "
_LONGEST = len(_WORDS) + 302


def _marking(workspace_id: str) -> bytes:
    return _WORDS + f"{workspace_id}.\n".encode()


def put_mark(blobs: BlobStore, workspace_id: str) -> None:
    """Leave the mark of a workspace among its bytes."""
    blobs.put_bytes(_marking(workspace_id))


def mark_of(workspace_id: str) -> str:
    """The digest of a workspace's mark."""
    return hashlib.sha256(_marking(workspace_id)).hexdigest()


def is_mark(blobs: BlobStore, blob: FoundBlob) -> bool:
    """Whether a blob is the mark of a workspace."""
    if not len(_WORDS) < blob.size_bytes <= _LONGEST:
        return False
    try:
        data = blobs.read(blob.digest)
    except MlwsError:
        return False
    return data.startswith(_WORDS) and data.endswith(b".\n") and data.count(b"\n") == 1

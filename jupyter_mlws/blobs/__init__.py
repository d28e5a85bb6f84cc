"""Bytes by digest: what snapshots, outputs, captured values and models are stored in."""

from __future__ import annotations

from jupyter_mlws.blobs.place import StoredBlob
from jupyter_mlws.blobs.store import BlobStore

__all__ = ["BlobStore", "StoredBlob"]

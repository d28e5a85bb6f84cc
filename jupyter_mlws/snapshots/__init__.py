"""A folder as a list of files by digest, and back."""

from __future__ import annotations

from jupyter_mlws.snapshots.index import DigestIndex
from jupyter_mlws.snapshots.manifest import load_manifest
from jupyter_mlws.snapshots.restoring import restore
from jupyter_mlws.snapshots.taking import create
from jupyter_mlws.snapshots.unpack import unpack_zip
from jupyter_mlws.snapshots.walk import Limits
from jupyter_mlws.snapshots.zipping import stream_zip

__all__ = ["DigestIndex", "Limits", "create", "load_manifest", "restore", "stream_zip", "unpack_zip"]

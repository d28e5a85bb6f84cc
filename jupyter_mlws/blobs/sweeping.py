"""Going over the blobs of a folder of this machine: listing them, and removing those that nothing names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from stat import S_ISREG

from jupyter_mlws import faults
from jupyter_mlws.blobs.place import FoundBlob, blob_name, digest_of

__all__ = ["remove", "walk"]


def walk(root: str) -> Iterator[FoundBlob]:
    """All blobs below `root`; those that come or go meanwhile may be missing."""
    for folder in _entries(root):
        if len(folder.name) != 2:
            continue
        for entry in _entries(folder.path):
            digest = digest_of(f"{folder.name}/{entry.name}")
            if digest is None:
                continue
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if S_ISREG(facts.st_mode):
                yield FoundBlob(digest, facts.st_size, facts.st_mtime)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def remove(root: str, digests: Sequence[str], unused_since: float) -> tuple[list[FoundBlob], list[str]]:
    """Remove blobs that nobody has relied on since a time; returns what went, and the digests that could not go."""
    gone: list[FoundBlob] = []
    stuck: list[str] = []
    for digest in digests:
        path = f"{root}/{blob_name(digest)}"
        try:
            facts = os.stat(path, follow_symlinks=False)
            if facts.st_mtime > unused_since:
                continue
            faults.point("blobs.remove")
            os.unlink(path)  # who reads it reads on: the bytes go with the last reader
        except FileNotFoundError:
            continue
        except OSError:
            stuck.append(digest)
            continue
        gone.append(FoundBlob(digest, facts.st_size, facts.st_mtime))
    if gone:
        faults.point("blobs.removed")
    return gone, stuck

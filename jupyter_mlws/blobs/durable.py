"""Bringing files to the disk, so that a power loss cannot take them away."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from jupyter_mlws import faults

__all__ = ["sync_files"]

# From so many files on, one pass over the file system is quicker than a journal commit for each file.
_MANY = 16


def sync_files(files: Sequence[str], folders: Iterable[str]) -> None:
    """Sync files, then the folders that name them; many files of one file system in a single pass.

    Raises
    ------
    OSError
        The disk refused. What is only in memory then cannot be trusted: the caller must not treat the files as safe.
    """
    if len(files) >= _MANY and _sync_file_system(files[0]):
        return
    for path in (*files, *folders):
        _sync(path)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        faults.point("blobs.fsync")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(path: str) -> bool:
    syncfs = _syncfs()
    if syncfs is None:
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        faults.point("blobs.syncfs")
        if syncfs(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(descriptor)
    return True


@lru_cache(maxsize=1)
def _syncfs() -> Any:
    """The C library's syncfs (Linux; it reports write errors since 5.8), or None."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)

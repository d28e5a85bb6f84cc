"""Small text files of a folder that nobody vouches for."""

from __future__ import annotations

import os
from stat import S_ISREG

__all__ = ["read_regular"]


def read_regular(path: str, limit: int, *, follow: bool = True) -> bytes:
    """The first `limit` bytes of a regular file; nothing for a device, a pipe, a folder, or what cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    except (OSError, ValueError):
        return b""
    try:
        return os.read(descriptor, limit) if S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)

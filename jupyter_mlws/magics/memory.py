"""Memory that can be read like a file, without a copy."""

from __future__ import annotations

import io
from typing import Any

__all__ = ["MemoryFile"]


class MemoryFile(io.RawIOBase):
    """A binary file over a buffer.

    Parameters
    ----------
    view : memoryview
        One-dimensional, contiguous bytes.
    """

    def __init__(self, view: memoryview) -> None:
        self._view = view.cast("B") if view.nbytes else memoryview(b"")
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        part = self._view[self._at : self._at + len(target)]
        memoryview(target)[: len(part)] = part
        self._at += len(part)
        return len(part)

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, len(self._view))[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

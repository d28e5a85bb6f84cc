"""Bytes that arrive in pieces of any size, taken by number."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlws.errors import CorruptData

__all__ = ["Pieces"]


class Pieces:
    """Bytes on their way in; what lies in one piece is not copied.

    Parameters
    ----------
    chunks : iterable of bytes or memoryview
    what : str
        What they are of, as the subject of a sentence: where they end too early, it ends in the middle.
    """

    def __init__(self, chunks: Iterable[bytes | memoryview], what: str) -> None:
        self._chunks = iter(chunks)
        self._what = what
        self._have = memoryview(b"")

    @property
    def is_at_end(self) -> bool:
        """Whether all were taken."""
        while not self._have:
            chunk = next(self._chunks, None)
            if chunk is None:
                return True
            self._have = memoryview(chunk)
        return False

    def take(self, count: int) -> memoryview:
        """The next so many bytes, or `CorruptData`."""
        if len(self._have) < count:
            self._have = self._more(count)
        taken, self._have = self._have[:count], self._have[count:]
        return taken

    def _more(self, count: int) -> memoryview:
        """What is there, and so many pieces behind it that it is long enough."""
        parts: list[bytes | memoryview] = [self._have] if self._have else []
        length = len(self._have)
        while length < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise CorruptData(f"{self._what} ends in the middle.", hint="Ask again.")
            parts.append(chunk)
            length += len(chunk)
        return memoryview(parts[0] if len(parts) == 1 else b"".join(parts))

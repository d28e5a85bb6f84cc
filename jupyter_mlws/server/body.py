"""The body of a request while it arrives: counted, kept or dropped, never more in memory than its limit."""

from __future__ import annotations

import tempfile
from io import BytesIO
from typing import IO

from jupyter_mlws.errors import MlwsError, StorageFull, TooLarge

__all__ = ["Body"]

_IN_MEMORY_BYTES = 2**20


def _spooled() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)


class Body:
    """Where the pieces of a body go.

    Parameters
    ----------
    limit : int
        Bytes beyond which the body is dropped and `refusal` is set.
    to_file : bool
        Keep a large body in a nameless temporary file.
    """

    def __init__(self, limit: int = 0, *, to_file: bool = False) -> None:
        self.refusal: MlwsError | None = None
        self.size_bytes = 0
        self._limit = limit
        self.file: IO[bytes] = _spooled() if to_file else BytesIO()

    def expect(self, size_bytes: int) -> None:
        """Refuse at once what is announced as too large."""
        if size_bytes > self._limit:
            self._refuse(TooLarge("The request is too large.", hint=f"At most {self._limit:,} bytes are taken here."))

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self.size_bytes += len(piece)
        if self.refusal is None:
            self.expect(self.size_bytes)
        if self.refusal is not None:
            return
        try:
            self.file.write(piece)
        except OSError:
            self._refuse(StorageFull("The server has no room for the upload.", hint="Free some of its disk."))

    def _refuse(self, error: MlwsError) -> None:
        self.refusal = error
        self.close()

    def read(self) -> bytes:
        """The whole body."""
        self.file.seek(0)
        return self.file.read()

    def close(self) -> None:
        """Give memory and disk back."""
        self.file.close()

"""An event file of TensorBoard as a sequence of records; no byte is trusted."""

from __future__ import annotations

import os
from collections.abc import Iterator

from jupyter_mlws.runfolder.tfevents import HEAD_BYTES, TAIL_BYTES, checksum, length_of

__all__ = ["LARGEST", "Records"]

# A picture, or several; what is larger holds graphs and the like.
LARGEST = 64 << 20
_BLOCK = 1 << 20


class Records:
    """The records of a file that are whole, from a place on; `at` is where the next one begins.

    A record whose data are damaged is passed over and counted in `bad`, once something follows it: at the end of the
    file it may still be in the making. After a damaged length nothing can be found. In the place of each that is passed
    over there is one without data, so that who reads may stop anywhere.
    """

    def __init__(self, fd: int, start: int, size: int) -> None:
        self.at = start
        self.bad = 0
        self.large = 0
        self._fd = fd
        self._size = size
        self._block = b""
        self._block_at = start

    def __iter__(self) -> Iterator[bytes]:
        while self.at + HEAD_BYTES + TAIL_BYTES <= self._size:
            length = length_of(self._bytes(self.at, HEAD_BYTES))
            if length is None or length > self._size - self.at - HEAD_BYTES - TAIL_BYTES:
                return
            begin, end = self.at + HEAD_BYTES, self.at + HEAD_BYTES + length
            if length > LARGEST:
                self.large += 1
                self.at = end + TAIL_BYTES
                yield b""
                continue
            data, tail = self._bytes(begin, length), self._bytes(end, TAIL_BYTES)
            if checksum(data) != int.from_bytes(tail, "little"):
                if end + TAIL_BYTES >= self._size:
                    return
                self.bad += 1
                self.at = end + TAIL_BYTES
                yield b""
                continue
            self.at = end + TAIL_BYTES
            yield data

    def _bytes(self, at: int, count: int) -> bytes:
        begin = at - self._block_at
        if begin < 0 or begin + count > len(self._block):
            self._block, self._block_at, begin = os.pread(self._fd, max(count, _BLOCK), at), at, 0
        found = self._block[begin : begin + count]
        if len(found) < count:
            raise OSError(0, "it became shorter while it was read")
        return found

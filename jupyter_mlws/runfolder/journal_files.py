"""A journal's files as a reader meets them: headers and names. No byte of them is trusted."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from jupyter_mlws.domain.names import MAX_METRIC_NAME, check_metric_name
from jupyter_mlws.errors import InvalidInput, TooLarge
from jupyter_mlws.runfolder.files import open_plain, read_plain
from jupyter_mlws.runfolder.journal_format import (
    FORMAT,
    HEADER,
    HEADER_BYTES,
    KEYS_SUFFIX,
    MAGIC,
    MOST_NAMES,
    RECORD_BYTES,
)

__all__ = ["KeyTable", "Segment", "read_header"]

_MOST_RECORDS = 2**32
_LAST_SEQUENCE = 2**62
_BLOCK_BYTES = 1 << 20


class Segment(NamedTuple):
    """What a segment's header says."""

    path: str
    first: int
    capacity: int
    dropped: int

    @property
    def end(self) -> int:
        """Sequence of the first record of the next segment."""
        return self.first + self.capacity

    def place(self, sequence: int) -> int:
        """Where a record lies in the file."""
        return HEADER_BYTES + (sequence - self.first) * RECORD_BYTES


def read_header(path: str) -> Segment | None:
    """The header of a segment; None if there is no such file, or it is none of a format that we know."""
    try:
        data = read_plain(path, HEADER_BYTES)
    except OSError:
        return None
    return _understand(path, data) if len(data) == HEADER_BYTES else None


def _understand(path: str, data: bytes) -> Segment | None:
    magic, version, record_bytes, first, capacity, dropped, _, _, _ = HEADER.unpack(data)
    if (magic, version, record_bytes) != (MAGIC, FORMAT, RECORD_BYTES):
        return None
    if not 0 < capacity < _MOST_RECORDS or first > _LAST_SEQUENCE:
        return None
    return Segment(path, first, capacity, dropped)


class KeyTable:
    """The names of a stream, read as the file grows."""

    def __init__(self, base: str) -> None:
        self.names: list[str] = []
        self._path = base + KEYS_SUFFIX
        self._read = 0

    def refresh(self) -> None:
        """Read on: whole lines only, and never more than our own writers would leave."""
        try:
            fd = open_plain(self._path)
        except OSError:
            return
        try:
            while len(self.names) < MOST_NAMES and self._read_block(fd):
                pass
        except OSError:
            return  # something else was put in the file's place
        finally:
            os.close(fd)

    def _read_block(self, fd: int) -> bool:
        """Take the lines of the next block; whether there may be more."""
        data = os.pread(fd, _BLOCK_BYTES, self._read)
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        self.names.extend(_name(line) for line in whole.split(b"\n")[:-1])
        # A line as long as a block is none of ours, such as the hole of a file that was made long.
        return bool(whole) and len(data) == _BLOCK_BYTES


def _name(line: bytes) -> str:
    """A name of the key table; what no writer of ours would write is made harmless, for it must not stop a run."""
    try:
        return check_metric_name(json.loads(line))
    except (ValueError, RecursionError, InvalidInput, TooLarge):
        text = line.decode("utf-8", "replace").replace("\0", "\ufffd").strip()
        return text[:MAX_METRIC_NAME] or "?"

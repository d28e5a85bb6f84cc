"""How much of a journal's file may be copied while its writer goes on."""

from __future__ import annotations

import os

from jupyter_mlws.runfolder.files import open_plain
from jupyter_mlws.runfolder.journal_columns import marks
from jupyter_mlws.runfolder.journal_files import read_header
from jupyter_mlws.runfolder.journal_format import HEADER_BYTES, RECORD_BYTES

__all__ = ["is_segment", "written_end"]

_BLOCK = 4096
# As many threads may have taken a slot and not filled it yet.
_LOOK_AHEAD = 64


def is_segment(name: str) -> bool:
    """Whether a file's name is that of a segment."""
    return name.rpartition(".")[2].isdecimal()


def written_end(path: str | os.PathLike[str], start: int = 0) -> tuple[int, int]:
    """Where the written part of a segment ends, in bytes: without a gap, and over the slots that are still empty.

    Parameters
    ----------
    start : int
        A place that is known to be written: the end of an earlier look. 0 for the beginning.
    """
    segment = read_header(os.fspath(path))
    if segment is None:
        return 0, 0
    slot = max(0, (start - HEADER_BYTES) // RECORD_BYTES)
    whole = last = slot
    gap = False
    fd = open_plain(path)
    try:
        while slot < segment.capacity and slot - last <= _LOOK_AHEAD:
            count = min(_BLOCK, segment.capacity - slot)
            found = marks(os.pread(fd, count * RECORD_BYTES, HEADER_BYTES + slot * RECORD_BYTES))
            if not found:
                break
            for mark in found:
                slot += 1
                if mark == segment.first + slot:
                    last = slot
                    whole = whole if gap else slot
                else:
                    gap = True
                if slot - last > _LOOK_AHEAD:
                    break
    finally:
        os.close(fd)
    return HEADER_BYTES + whole * RECORD_BYTES, HEADER_BYTES + last * RECORD_BYTES

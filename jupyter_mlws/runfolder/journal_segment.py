"""One file of a journal, from its making to its last record: mapped where that is safe, written elsewhere."""

from __future__ import annotations

import errno
import mmap
import os
import sys
import time
from itertools import count

from jupyter_mlws import faults
from jupyter_mlws.runfolder.journal_format import (
    DROPPED_AT,
    FORMAT,
    HEADER,
    HEADER_BYTES,
    MAGIC,
    RECORD,
    RECORD_BYTES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MappedSegment", "WrittenSegment", "can_map"]

# File systems of this machine on which posix_fallocate keeps its promise for mapped pages. Not here on purpose:
# those that copy on write (btrfs, zfs, bcachefs), where a page that was synced needs new room, and all that have a
# network or a program behind them. `overlay` stands on one of the first in practice.
_SAFE = frozenset({"ext2", "ext3", "ext4", "xfs", "tmpfs", "ramfs", "overlay"})
# MADV_POPULATE_WRITE of Linux, which Python has no name for.
_POPULATE_WRITE = 23


def can_map(folder: str) -> bool:
    """Whether a journal in `folder` may be mapped: a full disk must never become a signal in somebody's training."""
    if not hasattr(os, "posix_fallocate") or sys.byteorder != "little":
        return False
    return _file_system(folder) in _SAFE


def _file_system(folder: str) -> str:
    """Type of the file system that holds `folder`, '' if that cannot be told."""
    device = os.stat(folder).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            for line in mounts:
                fields = line.split(" ")
                if fields[2] == wanted:
                    return fields[fields.index("-") + 1]
    except (OSError, ValueError, IndexError):
        return ""
    return ""


def _header(first: int, capacity: int, dropped: int) -> bytes:
    return HEADER.pack(MAGIC, FORMAT, RECORD_BYTES, first, capacity, dropped, time.time(), os.getpid(), 0)


def _create(path: str, head: bytes, size: int) -> int:
    """Make a segment's file beside its place and rename it there, so that no reader meets one without a header."""
    temporary = f"{path}.tmp"
    fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if size:
            faults.point("journal.allocate")
            os.posix_fallocate(fd, 0, size)
        faults.point("journal.header")
        if os.write(fd, head) != len(head):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        faults.point("journal.rename")
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        os.close(fd)
        raise
    faults.point("journal.renamed")
    return fd


def _touch(file: mmap.mmap) -> None:
    """Have all pages ready to be written: else one in a hundred points would wait for the kernel to make its page."""
    try:
        file.madvise(_POPULATE_WRITE)
    except (AttributeError, ValueError, OSError):
        return  # a system, or a kernel before 5.14, that makes them one by one


class MappedSegment:
    """A segment in memory that several threads fill without a lock.

    `take` hands out slots, each once; `signed` and `real` are the file as 64-bit integers and floats.
    """

    __slots__ = ("_file", "capacity", "first", "real", "signed", "take")

    def __init__(self, path: str, first: int, capacity: int, dropped: int) -> None:
        size = HEADER_BYTES + capacity * RECORD_BYTES
        fd = _create(path, _header(first, capacity, dropped), size)
        try:
            self._file = mmap.mmap(fd, size)
        finally:
            os.close(fd)
        _touch(self._file)
        self.first = first
        self.capacity = capacity
        self.signed = memoryview(self._file).cast("q")
        self.real = memoryview(self._file).cast("d")
        self.take: Callable[[], int] = count().__next__

    def count_dropped(self, dropped: int) -> None:
        """Keep the number of points that found no room."""
        self.signed[DROPPED_AT // 8] = dropped


class WrittenSegment:
    """A segment that is written record by record; its caller holds a lock."""

    __slots__ = ("_fd", "capacity", "first", "used")

    def __init__(self, path: str, first: int, capacity: int, dropped: int) -> None:
        self._fd = _create(path, _header(first, capacity, dropped), 0)
        self.first = first
        self.capacity = capacity
        self.used = 0

    def append(self, key: int, step: int, when: float, value: float) -> None:
        """Write one record; on failure nothing of it remains."""
        record = RECORD.pack(self.first + self.used + 1, key, step, when, value)
        at = HEADER_BYTES + self.used * RECORD_BYTES
        # At its place, not at the end: what a full disk cut short is simply written over.
        if os.pwrite(self._fd, record, at) != RECORD_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.used += 1

    def count_dropped(self, dropped: int) -> None:
        """Keep the number of points that found no room."""
        os.pwrite(self._fd, dropped.to_bytes(8, "little"), DROPPED_AT)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

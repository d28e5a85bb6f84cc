"""Reading one stream of a journal, which may be in the middle of being written."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from jupyter_mlws import faults
from jupyter_mlws.runfolder.files import open_plain
from jupyter_mlws.runfolder.journal_columns import columns, count_in_order, marks, pick
from jupyter_mlws.runfolder.journal_files import KeyTable, Segment, read_header
from jupyter_mlws.runfolder.journal_format import RECORD_BYTES, segment_name

__all__ = ["Stream", "StreamPoints"]

_BLOCK_GROWTH, _LARGEST_BLOCK = 32, 1 << 15
_LOOK_AHEAD = 64
# A slot that stays empty while others behind it fill: taken by a thread that an exception hit in that very moment. It
# is passed over after so long and so many polls with progress, which a stopped or starving thread cannot fake.
_HOLE_S = 10.0
_HOLE_POLLS = 20
# Where stores become visible in any order, a record counts once a look of some time ago has seen its mark.
_SETTLED_S = 0.005


class StreamPoints(NamedTuple):
    """Points of one stream, in their order, as columns, which are arrays of Python or of numpy.

    Attributes
    ----------
    stream : str
        Name of the stream, which never changes: one writing process (or thread) and its files.
    start, end : int
        Offsets in the stream before and after these points. `end` is what to store with them, in one transaction;
        there may be fewer points than `end - start`.
    names : list of str
        The stream's key table; it only grows, and is not to be changed.
    name_index : array of uint64
        Of each point, the place of its name in `names`.
    step : array of int64
        0 where `implicit` is set.
    implicit : bytes
        1 for a point without a step, else 0.
    time : array of float64
        Seconds since 1970 on the writer's clock.
    value : array of float64
    values : sequence
        Of an event file, what is more than a number: to be stored in the same transaction.
    """

    stream: str
    start: int
    end: int
    names: list[str]
    name_index: Sequence[int]
    step: Sequence[int]
    implicit: bytes
    time: Sequence[float]
    value: Sequence[float]
    values: Sequence[Any] = ()

    def __len__(self) -> int:
        return len(self.value)


class _News(NamedTuple):
    """Whole records, the offset behind them, and whether that is where their segment ends."""

    data: bytes
    end: int
    ends_segment: bool


class _Hole:
    """A slot that stays empty while others behind it fill."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self._since = time.monotonic()
        self._polls = 0
        self._reach = 0

    def is_proven(self, reach: int) -> bool:
        """Note how far the writer is by now; whether the slot can be given up."""
        if reach != self._reach:
            self._reach = reach
            self._polls += 1
        return self._polls >= _HOLE_POLLS and time.monotonic() - self._since >= _HOLE_S


class Stream:
    """The files of one writer.

    Parameters
    ----------
    folder : str
        The journal's folder.
    name : str
    ordered : bool
        Whether this processor shows another's stores in order.
    """

    def __init__(self, folder: str, name: str, ordered: bool) -> None:
        self._folder = folder
        self._name = name
        self._ordered = ordered
        self._keys = KeyTable(os.path.join(folder, name))
        self._index = -1
        self._segment: Segment | None = None
        self._hole: _Hole | None = None
        self._settled = 0
        self._seen = (0, 0.0)

    def read(self, start: int, final: bool, limit: int) -> StreamPoints | None:
        """Points after `start`; None if there is nothing new."""
        try:
            return self._read(start, final, limit)
        except OSError:
            return None  # removed, or something else was put in a file's place

    def _read(self, start: int, final: bool, limit: int) -> StreamPoints | None:
        found: list[bytes] = []
        end = start
        # On through the segments: who stores them waits for the disk as often as there are batches.
        while (left := limit - (end - start)) > 0:
            try:
                news = self._read_segment(end, final, left, is_first=not found)
            except OSError:
                if not found:
                    raise
                break  # what lies before a segment that cannot be read is taken nevertheless
            if news is None:
                break
            data, end, ends_segment = news
            found.append(data)
            if not ends_segment:
                break
        return self._points(found[0] if len(found) == 1 else b"".join(found), start, end) if found else None

    def _read_segment(self, start: int, final: bool, limit: int, *, is_first: bool) -> _News | None:
        """The records after `start` in the segment that holds it."""
        segment = self._find(start)
        # Behind the first one nothing is waited for that is not there.
        if segment is None or not (is_first or segment.first == start):
            return None
        # Where a file is missing, or a header lies, the points go on behind the gap.
        start = max(start, segment.first)
        count = min(segment.end - start, limit)
        fd = open_plain(segment.path)
        try:
            found = self._final(fd, segment, start, count) if final else self._live(fd, segment, start, count, is_first)
        finally:
            os.close(fd)
        return None if found is None else _News(*found, found[1] == segment.end)

    # -- finding the segment

    def _path(self, index: int) -> str:
        return os.path.join(self._folder, segment_name(self._name, index))

    def _find(self, start: int) -> Segment | None:
        """The segment that holds, or will hold, the record at `start`."""
        if self._segment is not None and self._segment.first <= start < self._segment.end:
            return self._segment
        if self._segment is None or start < self._segment.first:
            self._index = self._lowest() - 1
        while True:
            following = read_header(self._path(self._index + 1))
            if following is None:
                return None
            self._index += 1
            self._segment = following
            if start < following.end:
                return following

    def _lowest(self) -> int:
        """Index of the oldest segment that is there."""
        prefix = self._name + "."
        try:
            entries = os.listdir(self._folder)
        except OSError:
            return 0
        found = [entry[len(prefix) :] for entry in entries if entry.startswith(prefix)]
        return min((int(index) for index in found if index.isdecimal()), default=0)

    def _newest(self) -> Segment | None:
        index = max(self._index, self._lowest())
        while os.path.exists(self._path(index + 1)):
            index += 1
        return read_header(self._path(index))

    # -- while the writer lives

    def _live(self, fd: int, segment: Segment, start: int, count: int, is_first: bool) -> tuple[bytes, int] | None:
        marked = _count_marked(fd, segment, start, count)
        skipped = 0
        if marked == 0:
            if not (is_first and self._is_given_up(fd, segment, start)):
                return None
            skipped = 1
            marked = _count_marked(fd, segment, start + 1, count - 1)
        if not self._ordered:
            marked = self._settle(start + skipped, marked)
            if marked <= 0:
                return None
        # Read once more: now every mark stood before the first byte was copied, so every record is whole.
        data = os.pread(fd, marked * RECORD_BYTES, segment.place(start + skipped))
        return (data, start + skipped + marked) if len(data) == marked * RECORD_BYTES else None

    def _settle(self, start: int, marked: int) -> int:
        """Of the records just seen, how many had been seen a while ago."""
        end, at = self._seen
        now = time.monotonic()
        if now - at >= _SETTLED_S:
            self._settled = max(self._settled, end)
            self._seen = (start + marked, now)
        return min(marked, self._settled - start)

    def _is_given_up(self, fd: int, segment: Segment, start: int) -> bool:
        """Whether the slot at `start` is one that will never be filled."""
        near = min(_LOOK_AHEAD, segment.end - start)
        found = marks(os.pread(fd, near * RECORD_BYTES, segment.place(start)))
        filled = sum(mark == start + i + 1 for i, mark in enumerate(found))
        if not filled and not os.path.exists(self._path(self._index + 1)):
            self._hole = None
            return False
        if self._hole is None or self._hole.sequence != start:
            self._hole = _Hole(start)
        newest = self._newest()
        return self._hole.is_proven(0 if newest is None else _reach(newest))

    # -- after the writer's death

    def _final(self, fd: int, segment: Segment, start: int, count: int) -> tuple[bytes, int] | None:
        """All whole records, over empty slots: nobody will fill them any more."""
        data = os.pread(fd, count * RECORD_BYTES, segment.place(start))
        whole = count_in_order(data, start + 1)
        rest = data[whole * RECORD_BYTES :]
        kept = [i for i, mark in enumerate(marks(rest)) if mark == start + whole + i + 1]
        points = data[: whole * RECORD_BYTES] + pick(rest, kept)
        if start + count == segment.end and os.path.exists(self._path(self._index + 1)):
            return points, segment.end
        return (points, start + whole + (kept[-1] + 1 if kept else 0)) if points else None

    # -- columns

    def _points(self, data: bytes, start: int, end: int) -> StreamPoints:
        self._keys.refresh()
        names = self._keys.names
        return StreamPoints(self._name, start, end, names, *columns(data, len(names)))

    # -- housekeeping

    def dropped(self) -> int:
        """The writer's count of points that found no room."""
        newest = self._newest()
        return 0 if newest is None else newest.dropped

    def remove_before(self, offset: int) -> None:
        """Remove segments whose records all lie before `offset`, but never the newest."""
        index = self._lowest()
        while os.path.exists(self._path(index + 1)):
            segment = read_header(self._path(index))
            if segment is None or segment.end > offset:
                return
            faults.point("journal.remove")
            os.unlink(segment.path)
            index += 1


def _count_marked(fd: int, segment: Segment, start: int, limit: int) -> int:
    """How many records from `start` are there without a gap."""
    count, block = 0, 1
    while count < limit:
        wanted = min(block, limit - count)
        found = count_in_order(os.pread(fd, wanted * RECORD_BYTES, segment.place(start + count)), start + count + 1)
        count += found
        if found < wanted:
            break
        # A look at a run that logs little has not to be longer than what is new.
        block = min(block * _BLOCK_GROWTH, _LARGEST_BLOCK)
    return count


def _reach(segment: Segment) -> int:
    """About how far a segment is filled, by halving."""
    low, high = segment.first, segment.end
    fd = open_plain(segment.path)
    try:
        while low < high:
            middle = (low + high) // 2
            if os.pread(fd, 8, segment.place(middle)) == (middle + 1).to_bytes(8, "little"):
                low = middle + 1
            else:
                high = middle
    finally:
        os.close(fd)
    return low

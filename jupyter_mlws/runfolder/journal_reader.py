"""Reading points by offset while they are written, and to the last one after the writer's death."""

from __future__ import annotations

import json
import os
import sys
import time
from array import array
from typing import Any, NamedTuple

from jupyter_mlws.domain.names import MAX_METRIC_NAME, check_metric_name
from jupyter_mlws.errors import InvalidInput, TooLarge
from jupyter_mlws.runfolder.journal_format import (
    FORMAT,
    HEADER,
    HEADER_BYTES,
    KEYS_SUFFIX,
    MAGIC,
    NO_STEP,
    RECORD_BYTES,
    RECORD_WORDS,
)
from jupyter_mlws.runfolder.names import JOURNAL

__all__ = ["JournalReader", "StreamPoints"]

_BLOCK = 8192
_LOOK_AHEAD = 64
# A slot that stays empty while others behind it fill: taken by a thread that an exception hit in that very moment.
# It is passed over after so long and so many polls with progress, which a stopped or starving thread cannot fake.
_HOLE_S = 10.0
_HOLE_POLLS = 20
# Stores become visible in order on x86. Elsewhere a record counts once a look of some time ago has seen its mark.
_ORDERED = os.name == "nt" or os.uname().machine in ("x86_64", "amd64", "i386", "i686")
_SETTLED_S = 0.005
# The time of a folder's last change has the kernel's tick as its grain.
_GRAIN_NS = 50_000_000


class StreamPoints(NamedTuple):
    """Points of one stream, in their order, as columns.

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
    """

    stream: str
    start: int
    end: int
    names: list[str]
    name_index: array[int]
    step: array[int]
    implicit: bytes
    time: array[float]
    value: array[float]

    def __len__(self) -> int:
        return len(self.value)


class JournalReader:
    """Reads all streams of a run folder.

    It keeps no file open and trusts no byte, for the folder belongs to scripts.

    Parameters
    ----------
    folder : str or path
        The run folder.
    ordered : bool, optional
        Whether this processor shows another's stores in order; by default known from its kind.
    """

    def __init__(self, folder: str | os.PathLike[str], *, ordered: bool | None = None) -> None:
        self._folder = os.path.join(folder, JOURNAL)
        self._ordered = _ORDERED if ordered is None else ordered
        self._streams: dict[str, _Stream] = {}
        self._listed_at = -1

    def poll(self, offsets: dict[str, int], *, final: bool = False, limit: int = 100_000) -> list[StreamPoints]:
        """What was logged after these offsets.

        Parameters
        ----------
        offsets : dict of str to int
            For each stream the `end` of the last points that were stored; a stream that is not named begins at 0.
        final : bool
            All writers are dead: records behind an empty slot are read as well, and without waiting.
        limit : int
            At most about so many points of each stream; who gets any asks again.
        """
        self._list()
        found = [stream.read(offsets.get(name, 0), final, limit) for name, stream in self._streams.items()]
        return [points for points in found if points is not None]

    def dropped(self) -> int:
        """How many points the writers could not keep because the disk was full."""
        self._list()
        return sum(stream.dropped() for stream in self._streams.values())

    def remove_consumed(self, offsets: dict[str, int]) -> None:
        """Remove segments that lie wholly before these offsets, which must be stored for good by now."""
        for name, stream in self._streams.items():
            stream.remove_before(offsets.get(name, 0))

    def _list(self) -> None:
        """Look for new streams, if the folder has changed since the last look."""
        try:
            changed = os.stat(self._folder).st_mtime_ns
        except OSError:
            return
        if changed == self._listed_at:
            return
        # A change within the clock's grain may not show: such a look does not count.
        self._listed_at = changed if time.time_ns() - changed > _GRAIN_NS else -1
        for entry in sorted(os.listdir(self._folder)):
            name = entry[: -len(KEYS_SUFFIX)]
            if entry.endswith(KEYS_SUFFIX) and name and name not in self._streams:
                self._streams[name] = _Stream(self._folder, name, self._ordered)


class _Segment(NamedTuple):
    """What a segment's header says."""

    path: str
    first: int
    capacity: int


class _Hole:
    """A slot that stays empty while others behind it fill."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self._since = time.monotonic()
        self._polls = 0
        self._ahead = 0

    def proven(self, ahead: int) -> bool:
        """Note how many records are seen behind the slot; whether it can be given up."""
        if ahead != self._ahead:
            self._ahead = ahead
            self._polls += 1
        return self._polls >= _HOLE_POLLS and time.monotonic() - self._since >= _HOLE_S


class _Stream:
    """The files of one writer."""

    def __init__(self, folder: str, name: str, ordered: bool) -> None:
        self._base = os.path.join(folder, name)
        self._name = name
        self._ordered = ordered
        self._names: list[str] = []
        self._keys_read = 0
        self._index = -1
        self._segment: _Segment | None = None
        self._hole: _Hole | None = None
        self._settled = 0
        self._seen = (0, 0.0)

    def read(self, start: int, final: bool, limit: int) -> StreamPoints | None:
        """Points after `start`; None if there is nothing new."""
        segment = self._find(start)
        if segment is None:
            return None
        start = max(start, segment.first)
        try:
            fd = os.open(segment.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return self._read(fd, segment, start, final, limit)
        except OSError:
            return None  # something else was put in the file's place
        finally:
            os.close(fd)

    def _read(self, fd: int, segment: _Segment, start: int, final: bool, limit: int) -> StreamPoints | None:
        room = segment.first + segment.capacity - start
        if final:
            return self._read_final(fd, segment, start, min(room, limit))
        count = self._marked(fd, segment, start, min(room, limit))
        skipped = 0
        if count == 0:
            if not self._given_up(fd, segment, start):
                return None
            skipped = 1
            count = self._marked(fd, segment, start + 1, min(room, limit) - 1)
        if not self._ordered:
            count = self._settle(start + skipped, count)
            if count <= 0:
                return None
        # Read once more: now every mark stood before the first byte was copied, so every record is whole.
        data = os.pread(fd, count * RECORD_BYTES, _place(segment, start + skipped))
        return self._points(data, start, start + skipped + count)

    def _read_final(self, fd: int, segment: _Segment, start: int, count: int) -> StreamPoints | None:
        """All whole records, over empty slots: nobody will fill them any more."""
        end = min(start + count, segment.first + segment.capacity)
        data = os.pread(fd, (end - start) * RECORD_BYTES, _place(segment, start))
        marks = _marks(data)
        kept = [i for i, mark in enumerate(marks) if mark == start + i + 1]
        if len(kept) < len(marks):
            data = b"".join(data[i * RECORD_BYTES : (i + 1) * RECORD_BYTES] for i in kept)
        else:
            data = data[: len(kept) * RECORD_BYTES]
        if self._has_next(segment) or (kept and end < segment.first + segment.capacity):
            return self._points(data, start, end)
        return self._points(data, start, start + kept[-1] + 1) if kept else None

    def _has_next(self, segment: _Segment) -> bool:
        return os.path.exists(f"{self._base}.{self._index + 1:06d}")

    def _marked(self, fd: int, segment: _Segment, start: int, limit: int) -> int:
        """How many records after `start` are there without a gap."""
        if limit <= 0 or os.pread(fd, 8, _place(segment, start)) != (start + 1).to_bytes(8, "little"):
            return 0
        count = 0
        while count < limit:
            wanted = min(_BLOCK, limit - count)
            marks = _marks(os.pread(fd, wanted * RECORD_BYTES, _place(segment, start + count)))
            first = start + count + 1
            if marks == list(range(first, first + wanted)):
                count += wanted
                continue
            return count + next((i for i, mark in enumerate(marks) if mark != first + i), len(marks))
        return count

    def _given_up(self, fd: int, segment: _Segment, start: int) -> bool:
        """Whether the slot at `start` is one that will never be filled."""
        ahead = min(_LOOK_AHEAD, segment.first + segment.capacity - start)
        marks = _marks(os.pread(fd, ahead * RECORD_BYTES, _place(segment, start)))
        filled = sum(mark == start + i + 1 for i, mark in enumerate(marks))
        if not filled and not self._has_next(segment):
            self._hole = None
            return False
        if self._hole is None or self._hole.sequence != start:
            self._hole = _Hole(start)
        # What is seen behind it: records near, or the size of the folder far ahead.
        return self._hole.proven(filled + self._progress())

    def _progress(self) -> int:
        """A number that changes whenever the writer goes on."""
        try:
            index = self._index
            while os.path.exists(f"{self._base}.{index + 1:06d}"):
                index += 1
            segment = _header(f"{self._base}.{index:06d}")
            return 0 if segment is None else self._filled(segment)
        except OSError:
            return 0

    def _filled(self, segment: _Segment) -> int:
        """About how many records a segment holds, by halving."""
        low, high = 0, segment.capacity
        with open(segment.path, "rb") as file:
            while low < high:
                middle = (low + high) // 2
                data = os.pread(file.fileno(), 8, HEADER_BYTES + middle * RECORD_BYTES)
                if data == (segment.first + middle + 1).to_bytes(8, "little"):
                    low = middle + 1
                else:
                    high = middle
        return segment.first + low

    def _settle(self, start: int, count: int) -> int:
        """Of records just seen, how many had been seen a while ago."""
        end, at = self._seen
        now = time.monotonic()
        if now - at >= _SETTLED_S:
            self._settled = max(self._settled, end)
            self._seen = (start + count, now)
        return min(count, self._settled - start)

    def _points(self, data: bytes, start: int, end: int) -> StreamPoints:
        words, steps, reals = array("Q", data), array("q", data), array("d", data)
        if sys.byteorder == "big":
            for column in (words, steps, reals):
                column.byteswap()
        keys = words[1::RECORD_WORDS]
        self._read_keys()
        if len(keys) and max(keys) >= len(self._names):
            known = [i for i, key in enumerate(keys) if key < len(self._names)]
            whole = [data[i * RECORD_BYTES : (i + 1) * RECORD_BYTES] for i in known]
            return self._points(b"".join(whole), start, end)
        step, implicit = _steps(steps[2::RECORD_WORDS])
        time_, value = reals[3::RECORD_WORDS], reals[4::RECORD_WORDS]
        return StreamPoints(self._name, start, end, self._names, keys, step, implicit, time_, value)

    def _read_keys(self) -> None:
        """Go on reading the key table: whole lines only."""
        try:
            fd = os.open(self._base + KEYS_SUFFIX, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        with open(fd, "rb") as file:
            if os.fstat(fd).st_size <= self._keys_read:
                return
            file.seek(self._keys_read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._keys_read += len(whole)
        self._names.extend(_name(line) for line in whole.split(b"\n")[:-1])

    def _find(self, start: int) -> _Segment | None:
        """The segment that holds, or will hold, the record at `start`."""
        segment = self._segment
        if segment is not None and segment.first <= start < segment.first + segment.capacity:
            return segment
        if segment is None or start < segment.first:
            self._index = self._lowest() - 1
        while True:
            path = f"{self._base}.{self._index + 1:06d}"
            following = _header(path)
            if following is None:
                return None
            self._index += 1
            self._segment = following
            if start < following.first + following.capacity:
                return following

    def _lowest(self) -> int:
        """Index of the oldest segment that is there."""
        folder, prefix = os.path.split(self._base + ".")
        found = [entry[len(prefix) :] for entry in os.listdir(folder) if entry.startswith(prefix)]
        return min((int(index) for index in found if index.isdecimal()), default=0)

    def dropped(self) -> int:
        """The writer's count of points that found no room, from its newest segment."""
        index = max(self._index, self._lowest())
        while os.path.exists(f"{self._base}.{index + 1:06d}"):
            index += 1
        fields = _header_fields(f"{self._base}.{index:06d}")
        return int(fields[5]) if fields else 0

    def remove_before(self, offset: int) -> None:
        """Remove segments whose records all lie before `offset`, but never the newest."""
        index = self._lowest()
        while os.path.exists(f"{self._base}.{index + 1:06d}"):
            segment = _header(f"{self._base}.{index:06d}")
            if segment is None or segment.first + segment.capacity > offset:
                return
            os.unlink(segment.path)
            index += 1


def _place(segment: _Segment, sequence: int) -> int:
    return HEADER_BYTES + (sequence - segment.first) * RECORD_BYTES


def _marks(data: bytes) -> list[int]:
    """Marks of the whole records in `data`."""
    words = array("Q", data[: len(data) // RECORD_BYTES * RECORD_BYTES])
    if sys.byteorder == "big":
        words.byteswap()
    return words[0::RECORD_WORDS].tolist()


def _steps(given: array[int]) -> tuple[array[int], bytes]:
    """Steps with 0 for those that were not given, and which those are."""
    missing = given.count(NO_STEP)
    if missing == 0:
        return given, bytes(len(given))
    if missing == len(given):
        return array("q", bytes(8 * len(given))), b"\1" * len(given)
    return array("q", [0 if step == NO_STEP else step for step in given]), bytes(step == NO_STEP for step in given)


def _header_fields(path: str) -> tuple[Any, ...] | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        data = os.pread(fd, HEADER_BYTES, 0)
    except OSError:
        return None
    finally:
        os.close(fd)
    return HEADER.unpack(data) if len(data) == HEADER_BYTES else None


def _header(path: str) -> _Segment | None:
    """A segment's header; None if there is no such file, or it is no segment of a format that we know."""
    fields = _header_fields(path)
    if fields is None:
        return None
    magic, version, record_bytes, first, capacity = fields[:5]
    if magic != MAGIC or version != FORMAT or record_bytes != RECORD_BYTES or not 0 < capacity < 2**32:
        return None
    return _Segment(path, first, capacity)


def _name(line: bytes) -> str:
    """A name of the key table; what no writer of ours would write is made harmless, for it must not stop a run."""
    try:
        return check_metric_name(json.loads(line))
    except (ValueError, RecursionError, InvalidInput, TooLarge):
        text = line.decode("utf-8", "replace").replace("\0", "\ufffd").strip()
        return text[:MAX_METRIC_NAME] or "?"

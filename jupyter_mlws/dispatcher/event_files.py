"""Event files of TensorBoard that a script writes, read as they grow: each number in them once, as a metric.

A file is a stream of the run like one of its journal, and its offset, in bytes, is stored with the points. A record
that is not whole yet is waited for. No byte is trusted.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from array import array
from collections.abc import Iterator, Mapping

from jupyter_mlws.dispatcher import tree
from jupyter_mlws.dispatcher.naming import storable
from jupyter_mlws.domain.names import check_metric_name
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.files import open_inside
from jupyter_mlws.runfolder.journal_reader import StreamPoints
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.tfevents import HEAD_BYTES, TAIL_BYTES, is_whole, length_of, scalars_of

__all__ = ["STREAMS", "EventFiles"]

_log = logging.getLogger(__name__)
# Among the streams of a run those of event files are known by this.
STREAMS = "events/"
_MARK = "tfevents"
_ROOTS = (names.OUTPUTS, names.LOGS)
# Programs flush these files every few seconds, or minutes; looking takes at most a small share of the time.
_LOOK_S = 0.5
_LIST_S = 1.0
_SHARE = 0.05
MAX_FILES = 1_000
MAX_NAMES = 10_000
# A number needs a hundred bytes; what is larger holds pictures, graphs and the like.
_LARGEST = 1 << 18
_BLOCK = 1 << 20
_POINTS_AT_ONCE = 20_000
# Whoever follows the run has to hear of a cancel meanwhile, however much there is to read that holds no metric.
_LONGEST_S = 0.25
# In the place of a name that is none, and of one too many.
_BAD, _SURPLUS = -1, -2


class _File:
    """One event file: where it lies, and what is known of it."""

    def __init__(self, root: str, path: str) -> None:
        self.root = root
        self.path = path
        digest = hashlib.sha256(f"{root}/{path}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self.stream = STREAMS + digest
        folder = os.path.dirname(path)
        self.prefix = f"{storable(folder)}/" if folder else ""
        self.names: list[str] = []
        self.places: dict[str, int] = {}
        # Up to where all is read, and how long the file was then.
        self.read_up = (-1, -1)
        # By the place where they were met, since what was not stored is read again.
        self.bad: dict[int, int] = {}
        self.surplus: dict[int, int] = {}

    @property
    def shown(self) -> str:
        """What it is called in a sentence."""
        return storable(f"{self.root}/{self.path}")


class EventFiles:
    """The event files below ``outputs/`` and ``logs/`` of a run.

    Parameters
    ----------
    folder : RunFolder
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._names: set[str] = set()
        self._list_at = self._look_at = 0.0
        self._warnings: dict[str, None] = {}

    def poll(self, offsets: Mapping[str, int], *, final: bool = False) -> list[StreamPoints]:
        """What was written after these offsets.

        Parameters
        ----------
        offsets : mapping of str to int
            For each stream the `end` of the last points that were stored; a stream that is not named begins at 0.
        final : bool
            All writers are dead: what is not whole now never will be.
        """
        began = time.monotonic()
        if not final and began < self._look_at:
            return []
        if final or began >= self._list_at:
            self._list()
            self._list_at = began + max(_LIST_S, (time.monotonic() - began) / _SHARE)
        found = [points for points in self._read_all(offsets, final) if points is not None]
        ended = time.monotonic()
        self._look_at = began if found else began + max(_LOOK_S, (ended - began) / _SHARE)
        return found

    def warnings(self) -> list[str]:
        """What a person should know, a sentence each."""
        found = list(self._warnings)
        bad = sum(sum(file.bad.values()) for file in self._files.values())
        surplus = sum(sum(file.surplus.values()) for file in self._files.values())
        if bad:
            found.append(f"{bad:,} records of event files are damaged or hold no metric and were left out.")
        if surplus:
            found.append(f"{surplus:,} points of event files were left out: they have more than {MAX_NAMES:,} tags.")
        return found

    # -- finding

    def _list(self) -> None:
        for root in _ROOTS:
            try:
                place = open_inside(self._folder, root)
            except OSError:
                continue
            try:
                for entry in tree.walk(place):
                    if entry.kind == "file" and _MARK in os.path.basename(entry.path):
                        self._note(f"{root}/{entry.path}", root, entry.path)
            finally:
                os.close(place)

    def _note(self, key: str, root: str, path: str) -> None:
        if key in self._files:
            return
        if len(self._files) >= MAX_FILES:
            self._warnings.setdefault(f"Of the run's event files the first {MAX_FILES:,} are read as metrics.")
            return
        self._files[key] = _File(root, path)

    # -- reading

    def _read_all(self, offsets: Mapping[str, int], final: bool) -> Iterator[StreamPoints | None]:
        left = _POINTS_AT_ONCE
        until = time.monotonic() + _LONGEST_S
        for file in self._files.values():
            if left <= 0:
                return
            points = self._read(file, offsets.get(file.stream, 0), (left, until), final)
            if points is not None:
                left -= len(points.value)
                left = 0 if time.monotonic() > until else left
            yield points

    def _read(self, file: _File, start: int, most: tuple[int, float], final: bool) -> StreamPoints | None:
        fd = self._open(file)
        if fd is None:
            return None
        try:
            size = os.fstat(fd).st_size
            if size < start:
                self._warnings.setdefault(
                    f"{file.shown} became shorter, so that nothing more of it is read as metrics."
                )
                return None
            # At the very end of the file a record may not be whole yet.
            if size == start or ((start, size) == file.read_up and not final):
                return None
            return self._take(file, fd, start, size, most, final)
        except OSError as error:
            _log.warning("%s cannot be read: %s", file.shown, error.strerror)
            return None
        finally:
            os.close(fd)

    def _open(self, file: _File) -> int | None:
        try:
            place = open_inside(self._folder, file.root)
        except OSError:
            return None
        try:
            return tree.open_below(place, file.path)
        except OSError:  # gone, or replaced by a link
            return None
        finally:
            os.close(place)

    def _take(
        self, file: _File, fd: int, start: int, size: int, most: tuple[int, float], final: bool
    ) -> StreamPoints | None:
        """What is read of a file: so many points, or what there is until that moment."""
        index, step, times, value = array("Q"), array("q"), array("d"), array("d")
        records = _Records(fd, start, size)
        bad = surplus = 0
        for data in records:
            try:
                found = scalars_of(data)
            except (ValueError, OverflowError):
                bad += 1
                continue
            for tag, number in found.values if found is not None else ():
                place = self._place(file, tag)
                bad += place == _BAD
                surplus += place == _SURPLUS
                if found is not None and place >= 0:
                    index.append(place)
                    step.append(found.step)
                    times.append(found.time)
                    value.append(number)
            if len(value) >= most[0] or time.monotonic() > most[1]:
                break
        else:
            # What is not whole yet is looked at again when the file has grown.
            file.read_up = (records.at, size)
            if final and records.at < size:
                self._warnings.setdefault(
                    f"{file.shown} is damaged or not whole at byte {records.at:,}: what follows is not read as metrics."
                )
        if records.at == start:
            return None
        if bad + records.bad + surplus:
            file.bad[start], file.surplus[start] = bad + records.bad, surplus
        return StreamPoints(file.stream, start, records.at, file.names, index, step, bytes(len(value)), times, value)

    def _place(self, file: _File, tag: str) -> int:
        """The place of a tag's name among those of its file; `_BAD` or `_SURPLUS` for one that is not taken."""
        known = file.places.get(tag)
        if known is not None:
            return known
        try:
            name = check_metric_name(file.prefix + tag)
        except MlwsError:
            return _BAD
        if name not in self._names and len(self._names) >= MAX_NAMES:
            return _SURPLUS
        self._names.add(name)
        file.places[tag] = len(file.names)
        file.names.append(name)
        return file.places[tag]


class _Records:
    """The records of a file that are whole, from a place on; `at` is where the next one begins.

    A record whose data are damaged is passed over and counted in `bad`, once something follows it: at the end of the
    file it may still be in the making. After a damaged length nothing can be found. In the place of each that is passed
    over there is one without data, so that who reads may stop anywhere.
    """

    def __init__(self, fd: int, start: int, size: int) -> None:
        self.at = start
        self.bad = 0
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
            if length > _LARGEST:
                self.at = end + TAIL_BYTES
                yield b""
                continue
            data, tail = self._bytes(begin, length), self._bytes(end, TAIL_BYTES)
            if not is_whole(data, tail):
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

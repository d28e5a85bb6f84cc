"""Event files of TensorBoard that a script writes, read as they grow: each number and value in them once, as a metric.

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
from typing import NamedTuple

from jupyter_mlws.dispatcher import event_records, event_values, tree
from jupyter_mlws.dispatcher.event_records import Records
from jupyter_mlws.dispatcher.event_values import EventValues, Surplus
from jupyter_mlws.dispatcher.naming import storable
from jupyter_mlws.domain.media import MAX_VALUE_FILES
from jupyter_mlws.domain.names import check_metric_name
from jupyter_mlws.errors import MlwsError, StorageFull
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.files import open_inside
from jupyter_mlws.runfolder.journal_reader import StreamPoints
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.tfevents import Event, event_of
from jupyter_mlws.store.typed_metrics import NewValue

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
_POINTS_AT_ONCE = 20_000
# Whoever follows the run has to hear of a cancel meanwhile, however much there is to read that holds no metric.
_LONGEST_S = 0.25
# In the place of a name that is none, and of one too many.
_BAD, _SURPLUS = -1, -2


class _Counts(NamedTuple):
    """What was left out: what is damaged, points of too many tags, values of too many, records that are too large."""

    bad: int = 0
    points: int = 0
    values: int = 0
    large: int = 0


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
        self.counts: dict[int, _Counts] = {}

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
        self._values = EventValues(folder)
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
        counts = [count for file in self._files.values() for count in file.counts.values()]
        bad, points, values, large = map(sum, zip(*counts, strict=True)) if counts else (0, 0, 0, 0)
        if bad:
            found.append(f"{bad:,} records of event files are damaged or hold no metric and were left out.")
        if points:
            found.append(f"{points:,} points of event files were left out: they have more than {MAX_NAMES:,} tags.")
        if values:
            most = f"{event_values.MAX_NAMES:,} tags of them, and {MAX_VALUE_FILES:,} files of each"
            found.append(f"{values:,} pictures and the like of event files were left out: a run keeps {most}.")
        if large:
            found.append(
                f"{large:,} records of event files are above {event_records.LARGEST >> 20} MiB and were left out."
            )
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
        batch = _Batch(file)
        records = Records(fd, start, size)
        for data in records:
            self._add(batch, data)
            if len(batch) >= most[0] or time.monotonic() > most[1]:
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
        counts = _Counts(batch.bad + records.bad, batch.points, batch.surplus, records.large)
        if any(counts):
            file.counts[start] = counts
        return batch.points_of(start, records.at)

    def _add(self, batch: _Batch, data: bytes) -> None:
        """Put what a record holds into a batch, or count it."""
        try:
            event = event_of(data)
        except (ValueError, OverflowError):
            batch.bad += 1
            return
        for each in event.values if event is not None else ():
            assert event is not None
            if each.number is not None:
                place = self._place(batch.file, each.tag)
                batch.bad += place == _BAD
                batch.points += place == _SURPLUS
                if place >= 0:
                    batch.add(place, event, each.number)
                continue
            try:
                batch.values += self._values.of(batch.file.prefix, event, each)
            except Surplus:
                batch.surplus += 1
            except StorageFull:
                raise
            except (ValueError, OverflowError, MlwsError):
                batch.bad += 1

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


class _Batch:
    """What is read of a file in one go, and how much of it is left out."""

    def __init__(self, file: _File) -> None:
        self.file = file
        self.bad = self.points = self.surplus = 0
        self.values: list[NewValue] = []
        self._index, self._step = array("Q"), array("q")
        self._times, self._value = array("d"), array("d")

    def __len__(self) -> int:
        return len(self._value) + len(self.values)

    def add(self, place: int, event: Event, number: float) -> None:
        """Add a point."""
        self._index.append(place)
        self._step.append(event.step)
        self._times.append(event.time)
        self._value.append(number)

    def points_of(self, start: int, end: int) -> StreamPoints:
        """The batch as part of its stream."""
        implicit = bytes(len(self._value))
        columns = (self._index, self._step, implicit, self._times, self._value)
        return StreamPoints(self.file.stream, start, end, self.file.names, *columns, self.values)

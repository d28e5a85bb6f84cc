"""Writing points: a store into mapped memory, with everything that is rare kept out of the way."""

from __future__ import annotations

import atexit
import errno
import os
import sys
import threading
import time
import weakref
from array import array
from itertools import count, islice
from json import dumps

from jupyter_mlws import faults
from jupyter_mlws.runfolder import clock
from jupyter_mlws.runfolder.journal_format import (
    DROPPED_MARK,
    HEADER_BYTES,
    KEYS_SUFFIX,
    MOST_NAMES,
    NO_STEP,
    RECORD_BYTES,
    RECORD_WORDS,
    segment_name,
)
from jupyter_mlws.runfolder.journal_segment import MappedSegment, WrittenSegment, can_map
from jupyter_mlws.runfolder.journal_value import number, whole_step
from jupyter_mlws.runfolder.names import JOURNAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    # take, integers, floats, records that fit, mark of the first record
    _Slots = tuple[Callable[[], int], memoryview[int], memoryview[float], int, int]
    _Names = tuple[str, ...]

__all__ = ["JournalWriter"]

_SMALLEST_BYTES = 64 * 1024
_LARGEST_BYTES = 8 * 1024 * 1024
_GROWTH = 4
_RETRY_S = 1.0
_COUNT_PAUSES = 20
_now = time.time
_WORDS = HEADER_BYTES // 8
# A segment without room: the first point finds it full and opens a real one.
_FULL: _Slots = (count().__next__, memoryview(b"").cast("q"), memoryview(b"").cast("d"), 0, 0)
# So many metrics are worth a block, and so many different choices of them are kept.
_BLOCK_FROM = 6
_MOST_BLOCKS = 64
_NUMBERS = {float}
_NOTHING: Mapping[str, str] = {}
_FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()


class JournalWriter:
    """Logs points of this process into a run folder; to be shared by all its threads.

    A point is safe from any death of this process as soon as `log` returns. Nothing is opened before the first
    point. A fork goes on in a stream of its own. When the disk is full, or a name is one too many, points are
    dropped and counted, never the training stopped: one line on standard error says so.

    Parameters
    ----------
    folder : str or path
        The run folder.
    mapped : bool, optional
        Whether to map the journal into memory; by default where the file system is known to allow it.
    segment_bytes : int
        Size of the first segment; each is four times as large as the one before, up to 8 MiB.
    taken : mapping, optional
        Names that belong to values of another kind, looked into at each new name: no point can have them.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> JournalWriter:
        # Without the GIL a slot's counter is no longer one step: there each thread gets a stream of its own.
        return object.__new__(_ThreadedWriter if _FREE_THREADED and cls is JournalWriter else cls)

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        mapped: bool | None = None,
        segment_bytes: int = _SMALLEST_BYTES,
        taken: Mapping[str, str] = _NOTHING,
    ) -> None:
        self._folder = os.path.join(os.path.abspath(folder), JOURNAL)
        self._mapped = mapped
        self._smallest = segment_bytes
        self._taken = taken
        self._forget()
        _writers.add(self)

    def _forget(self) -> None:
        """Be as new. What was open is closed here only: after a fork, the parent goes on with its own."""
        self._lock = threading.RLock()
        self._waiting: list[tuple[str, int, float, float]] = []
        self._inside = False
        self._begin()

    def _begin(self) -> None:
        """Have no stream."""
        self._keys: dict[str, int] = {}
        self._blocks: dict[_Names, bytes] = {}
        self._key_count = 0
        self._key_file = -1
        self._key_end = 0
        self._stream = ""
        self._slots = _FULL
        self._segment: MappedSegment | WrittenSegment | None = None
        self._segment_count = 0
        self._next_first = 0
        self._dropped = 0
        self._dropping = False
        self._retry_at = 0.0
        self._count_file = ""
        self._counted_as = ""
        self._count_at = 0.0

    def log(self, name: str, value: Any, step: Any = None) -> None:
        """Log one point.

        Parameters
        ----------
        name : str
        value : number
            Anything that is one number; NaN and infinities are kept.
        step : int, optional
            Without it the points of a name are numbered in their order.

        Raises
        ------
        InvalidInput
            The value is no number, the step no whole number, or the name none for a metric.
        """
        if type(value) is not float:
            value = number(name, value)
        step = NO_STEP if step is None else whole_step(step)
        when = _now()
        try:
            key = self._keys[name]
        except (KeyError, TypeError):
            self._log_slowly(name, step, when, value)
            return
        take, signed, real, capacity, mark = self._slots
        slot = take()
        if slot >= capacity:
            self._log_slowly(name, step, when, value)
            return
        at = _WORDS + slot * 5
        signed[at + 1] = key
        signed[at + 2] = step
        real[at + 3] = when
        real[at + 4] = value
        # The mark comes last and as one aligned store: a reader takes the record whole or not at all.
        signed[at] = mark + slot

    def log_many(self, values: Mapping[str, Any], step: Any = None) -> None:
        """Log several points at one step: all of them, or none if one cannot be logged."""
        names: _Names = tuple(values)
        numbers = list(values.values())
        if set(map(type, numbers)) != _NUMBERS:
            numbers = [number(name, value) for name, value in zip(names, numbers, strict=True)]
        whole = None if step is None else whole_step(step)
        block = self._blocks.get(names)
        if block is not None:
            self._log_block(names, block, NO_STEP if whole is None else whole, numbers)
            return
        for name in names:
            if name not in self._keys:
                self._check_name(name)
        for name, value in zip(names, numbers, strict=True):
            self.log(name, value, whole)
        if len(names) >= _BLOCK_FROM:
            self._keep_block(names)

    def _keep_block(self, names: _Names) -> None:
        """Keep the records of these names as they are before they have a step, a time and a value."""
        keys = [self._keys.get(name, -1) for name in names]
        if -1 in keys:
            return  # the disk had no room for a name
        words = array("q", bytes(RECORD_BYTES * len(keys)))
        words[1::RECORD_WORDS] = array("q", keys)
        if len(self._blocks) >= _MOST_BLOCKS:
            self._blocks.clear()
        self._blocks[names] = words.tobytes()

    def _log_block(self, names: _Names, block: bytes, step: int, numbers: Sequence[float]) -> None:
        """Log points whose names are known, as one piece where the segment has room for it."""
        take, signed, _, capacity, mark = self._slots
        when = _now()
        words = bytearray(block)
        integers, reals = memoryview(words).cast("q"), memoryview(words).cast("d")
        integers[2::RECORD_WORDS] = array("q", [step]) * len(names)
        reals[3::RECORD_WORDS] = array("d", [when]) * len(names)
        reals[4::RECORD_WORDS] = array("d", numbers)
        slots: list[int] = []
        placed = 0
        try:
            # Inside this one call into C no other thread and no signal's handler comes between.
            slots.extend(islice(take.__self__, len(names)))  # type: ignore[attr-defined]
            placed = _put_block(slots, integers, signed, capacity, mark)
        except BaseException:
            # An interrupt's slots would stay empty, and hold up whoever reads the journal.
            _put_block(slots, integers, signed, capacity, mark)
            raise
        for i in range(placed, len(names)):
            self._log_slowly(names[i], step, when, numbers[i])

    def log_at(self, name: str, value: float, step: int, when: float) -> None:
        """Log a point of an earlier moment, in seconds since 1970."""
        self._log_slowly(name, whole_step(step), when, number(name, value))

    @property
    def dropped(self) -> int:
        """How many points could not be kept."""
        return self._dropped

    def knows(self, name: str) -> bool:
        """Whether a point of this name was logged by this process."""
        return name in self._keys

    def _check_name(self, name: Any) -> str:
        from jupyter_mlws.domain.names import check_metric_name
        from jupyter_mlws.errors import InvalidInput

        checked = check_metric_name(name)
        if checked in self._taken:
            raise InvalidInput(
                f"The name {checked!r} belongs to a {self._taken[checked]} in this run.",
                hint="Log numbers under another name.",
            )
        return checked

    def _log_slowly(self, name: str, step: int, when: float, value: float) -> None:
        """Log a point that needs more: a new name, a new segment, a journal that is written, a full disk.

        A signal's handler may log in the middle of this; its point waits its turn.
        """
        with self._lock:
            self._waiting.append((name, step, when, value))
            if self._inside:
                return
            self._inside = True
            try:
                while self._waiting:
                    self._place(*self._waiting.pop(0))
            finally:
                self._inside = False

    def _place(self, name: Any, step: int, when: float, value: float) -> None:
        try:
            key = self._keys[name] if isinstance(name, str) and name in self._keys else self._add_key(name)
            while not self._store(key, step, when, value):
                self._open_segment()
        except OSError as error:
            self._drop(error)

    def _store(self, key: int, step: int, when: float, value: float) -> bool:
        """Put a record into the segment; False when that is full."""
        segment = self._segment
        if isinstance(segment, WrittenSegment):
            if segment.used >= segment.capacity:
                return False
            segment.append(key, step, when, value)
        else:
            take, signed, real, capacity, mark = self._slots
            slot = take()
            if slot >= capacity:
                return False
            at = _WORDS + slot * 5
            signed[at + 1] = key
            signed[at + 2] = step
            real[at + 3] = when
            real[at + 4] = value
            signed[at] = mark + slot
        if self._dropping:
            self._say_room_again()
        return True

    def _add_key(self, name: Any) -> int:
        """Enter a name into the key table, which is on file before the first record that uses it."""
        from jupyter_mlws.runfolder.own_secrets import masked_text

        checked = self._check_name(masked_text(name) if isinstance(name, str) else name)
        if checked not in self._keys:
            if self._key_count >= MOST_NAMES:
                raise OSError(f"there are {MOST_NAMES:,} names of metrics already")
            self._open_stream()
            line = dumps(checked).encode() + b"\n"
            faults.point("journal.key")
            # At its place, not at the end: what a full disk cut short is simply written over.
            if os.pwrite(self._key_file, line, self._key_end) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._key_end += len(line)
            self._keys[checked] = self._key_count
            self._key_count += 1
        self._keys[name] = self._keys[checked]
        return self._keys[checked]

    def _open_stream(self) -> None:
        """Make this process's stream; its name sorts by time of birth."""
        if self._stream:
            return
        os.makedirs(self._folder, exist_ok=True)
        stream = f"{clock.now_ns():016x}-{os.getpid()}-{os.urandom(3).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        faults.point("journal.stream")
        self._key_file = os.open(os.path.join(self._folder, stream + KEYS_SUFFIX), flags, 0o600)
        self._stream = stream
        if self._mapped is None:
            self._mapped = can_map(self._folder)

    def _open_segment(self) -> None:
        """Go on in a new segment; a smaller one if the disk has no room for a large one."""
        if self._dropping and time.monotonic() < self._retry_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        wanted = min(self._smallest * _GROWTH**self._segment_count, max(_LARGEST_BYTES, self._smallest))
        try:
            self._segment = self._new_segment(wanted)
        except OSError:
            if wanted == self._smallest:
                raise
            self._segment = self._new_segment(self._smallest)
        self._segment_count += 1
        self._next_first += self._segment.capacity
        if isinstance(self._segment, MappedSegment):
            new = self._segment
            self._slots = (new.take, new.signed, new.real, new.capacity, new.first + 1)

    def _new_segment(self, size: int) -> MappedSegment | WrittenSegment:
        path = os.path.join(self._folder, segment_name(self._stream, self._segment_count))
        capacity = (size - HEADER_BYTES) // RECORD_BYTES
        if self._mapped:
            return MappedSegment(path, self._next_first, capacity, self._dropped)
        new = WrittenSegment(path, self._next_first, capacity, self._dropped)
        if isinstance(self._segment, WrittenSegment):
            self._segment.close()
        return new

    def _drop(self, error: OSError) -> None:
        """Count a point that found no room, and say so once."""
        if not self._dropped:
            atexit.register(self._count_at_exit, os.getpid())
        self._dropped += 1
        if not self._dropping:
            self._dropping = True
            reason = os.strerror(error.errno) if error.errno else str(error)
            _say(f"metrics cannot be kept ({reason}); points are dropped until they can, and the script goes on")
        if time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + _RETRY_S
        self._keep_count()

    def _say_room_again(self) -> None:
        self._dropping = False
        self._keep_count()
        _say(f"metrics are kept again; {self._dropped:,} points were dropped")

    def _keep_count(self) -> bool:
        """Keep the count where a reader finds it; False when it is not there, or not the present one."""
        if self._segment is not None:
            try:
                self._segment.count_dropped(self._dropped)
                return True
            except OSError:  # a journal that is written, on a disk that gives no room even for this
                pass
        return time.monotonic() >= self._count_at and self._name_count()

    def _name_count(self) -> bool:
        """Keep the count in the name of an empty file: where no block is free, a name can still be changed."""
        began = time.monotonic()
        if not self._count_file:
            self._counted_as = self._stream or f"{os.getpid()}-{os.urandom(3).hex()}"
        path = os.path.join(self._folder, f"{self._counted_as}{DROPPED_MARK}{self._dropped}")
        try:
            if self._count_file:
                os.rename(self._count_file, path)
            else:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError:
            return False  # not even a name
        self._count_file = path
        # A slow file system must not slow the training down.
        now = time.monotonic()
        self._count_at = now + _COUNT_PAUSES * (now - began)
        return True

    def _count_at_exit(self, pid: int) -> None:
        """The last chance for the count: there may be room for a name by now, even where not one point found any."""
        if pid != os.getpid():
            return
        self._count_at = 0.0
        try:
            os.makedirs(self._folder, exist_ok=True)
        except OSError:
            pass  # then there is no place for the name either
        if not self._keep_count():
            _say(f"{self._dropped:,} points were dropped in all; this line alone tells, for there was no room to count")

    def close(self) -> None:
        """Have no file open: the run has ended. What is logged all the same goes, written, to a stream of its own."""
        with self._lock:
            if self._inside or self._dropped:  # whoever dropped points still has to tell of them
                return
            # From here on everybody has to come by the lock.
            self._slots, self._mapped = _FULL, False
            self._close_files()
            self._begin()

    def _close_files(self) -> None:
        if isinstance(self._segment, WrittenSegment):
            self._segment.close()
        if self._key_file >= 0:
            os.close(self._key_file)

    def __del__(self, _is_over: Callable[[], bool] = sys.is_finalizing) -> None:
        """A writer that nobody has any more, as that of a thread that has ended without the GIL, keeps no file open.

        When the interpreter ends its files are closed anyway, and what this module imported is gone.
        """
        if not _is_over() and hasattr(self, "_key_file"):
            self._close_files()

    def _after_fork(self) -> None:
        """In the child: leave the parent's files alone and begin anew with the next point."""
        self._close_files()
        self._forget()


def _put_block(slots: Sequence[int], block: memoryview[int], signed: memoryview[int], capacity: int, mark: int) -> int:
    """Put the block's records into these slots; how many there was room for."""
    room = len(slots)
    if not room or slots[-1] >= capacity:
        room = sum(slot < capacity for slot in slots)
        if not room:
            return 0
    if slots[room - 1] - slots[0] == room - 1:
        at = _WORDS + slots[0] * RECORD_WORDS
        signed[at + 1 : at + room * RECORD_WORDS] = block[1 : room * RECORD_WORDS]
    else:  # an interpreter that lets others in between
        for i in range(room):
            at, source = _WORDS + slots[i] * RECORD_WORDS, i * RECORD_WORDS
            signed[at + 1 : at + RECORD_WORDS] = block[source + 1 : source + RECORD_WORDS]
    # From the last one back: a reader stops at the first, so that it meets all of them or none.
    for slot in reversed(slots[:room]):
        signed[_WORDS + slot * RECORD_WORDS] = mark + slot
    return room


class _ThreadedWriter(JournalWriter):
    """A stream for each thread, for interpreters without the GIL."""

    def __init__(self, folder: str | os.PathLike[str], **options: Any) -> None:
        super().__init__(folder, **options)
        self._options = {"folder": folder, **options}
        self._local = threading.local()
        self._made: weakref.WeakSet[JournalWriter] = weakref.WeakSet()

    def _own(self) -> JournalWriter:
        found: JournalWriter | None = getattr(self._local, "writer", None)
        if found is None:
            found = object.__new__(JournalWriter)
            found.__init__(**self._options)  # type: ignore[misc]
            self._local.writer = found
            self._made.add(found)
        return found

    def log(self, name: str, value: Any, step: Any = None) -> None:
        self._own().log(name, value, step)

    def log_many(self, values: Mapping[str, Any], step: Any = None) -> None:
        self._own().log_many(values, step)

    def log_at(self, name: str, value: float, step: int, when: float) -> None:
        self._own().log_at(name, value, step, when)

    def knows(self, name: str) -> bool:
        return self._own().knows(name)

    def close(self) -> None:
        for writer in list(self._made):
            writer.close()


def _say(sentence: str) -> None:
    """One line on standard error, by descriptor: `sys.stderr` may be closed, captured, or somebody's own."""
    try:
        os.write(2, f"jupyter-mlws: {sentence}.\n".encode())
    except OSError:
        return


_writers: weakref.WeakSet[JournalWriter] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for writer in list(_writers):
        writer._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

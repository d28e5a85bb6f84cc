"""Waiting until somebody writes to one of some files, where the system tells of it: on Linux, by inotify.

A hint, which may come for nothing and may be lost: what there is to know is looked for all the same, only later.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path

__all__ = ["Stirring"]

_MODIFY, _IGNORED, _OVERFLOW = 0x2, 0x8000, 0x4000
_EVENT = struct.Struct("iIII")
_MOST_BYTES = 65_536


class Stirring:
    """Files that are listened to, and a bell; for one thread that waits.

    Where the system cannot tell of files, only the bell is heard.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._libc = _libc()
        self._inotify = -1 if self._libc is None else self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._folders: dict[int, set[bytes]] = {}
        # Without files to wait for, a bell that every system has.
        self._bell = threading.Event()
        self._read = self._write = -1
        if self.hears:
            self._read, self._write = os.pipe()
            for end in (self._read, self._write):
                os.set_blocking(end, False)

    @property
    def hears(self) -> bool:
        """Whether it is told of files at all."""
        return self._inotify >= 0

    def listen(self, file: Path) -> None:
        """Hear of this file from now on, also when it is removed and made again, if that can be."""
        watch = self._watch(file)
        if watch >= 0:
            self._folders.setdefault(watch, set()).add(os.fsencode(file.name))

    def forget(self, file: Path) -> None:
        """Hear of this file no more."""
        watch = self._watch(file)
        if watch >= 0 and self._libc is not None:
            names = self._folders.setdefault(watch, set())
            names.discard(os.fsencode(file.name))
            if not names:
                del self._folders[watch]
                self._libc.inotify_rm_watch(self._inotify, watch)

    def _watch(self, file: Path) -> int:
        """The number under which its folder is listened to; below 0 where that cannot be."""
        # The folder is there while the file comes and goes.
        if self._libc is None or self._inotify < 0:
            return -1
        return int(self._libc.inotify_add_watch(self._inotify, os.fsencode(file.parent), _MODIFY))

    def ring(self) -> None:
        """End the present wait, or the next one; from any thread, also after `close`."""
        self._bell.set()
        with self._turn, suppress(BlockingIOError):  # which says that it rings already
            if self._write >= 0:
                os.write(self._write, b"!")

    def wait(self, timeout_s: float, *, files: bool = True) -> bool:
        """Wait for the bell, for somebody who writes, or for the time-out; whether somebody has written.

        Parameters
        ----------
        timeout_s : float
        files : bool
            Without it what is written ends no wait; it is known to the next one.
        """
        if not self.hears:
            self._bell.wait(max(0.0, timeout_s))
            self._bell.clear()
            return False
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        if files:
            poll.register(self._inotify, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(max(0.0, timeout_s) * 1000)}
        if self._read in ready:
            _drain(self._read)
        return self._inotify in ready and self._is_of_ours()

    def _is_of_ours(self) -> bool:
        """Whether any of the events that wait is about a file that was asked for."""
        data, found, at = _drain(self._inotify), False, 0
        while at < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size
            name = data[at : at + length].rstrip(b"\0")
            at += length
            if mask & _IGNORED:
                self._folders.pop(watch, None)
            found = found or bool(mask & _OVERFLOW) or name in self._folders.get(watch, ())
        return found

    def close(self) -> None:
        """Hear nothing any more; nobody may be waiting."""
        with self._turn:
            for fd in (self._read, self._write, self._inotify):
                if fd >= 0:
                    os.close(fd)
            self._read = self._write = self._inotify = -1


def _libc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    return library if hasattr(library, "inotify_init1") else None


def _drain(fd: int) -> bytes:
    found = b""
    while True:
        try:
            part = os.read(fd, _MOST_BYTES)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return found
            raise
        if not part:
            return found
        found += part

"""Who has the workspace open: a shared lock on its ``workspace.lock``, an exclusive one while tables are rebuilt.

And SQLite's own shared lock on the database, held in a way that cannot be lost.
"""

from __future__ import annotations

import os
import struct
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_mlws.errors import WorkspaceError

if sys.platform != "win32":  # there the panel and the SDK work with remote workspaces
    import fcntl

__all__ = ["LOCK", "LastingLock", "OpenLock", "holders"]

LOCK = "workspace.lock"
# How long to wait for who has it: of two that begin an upgrade at once, one gives way to the other.
PATIENCE_S = 5.0
_PAUSE_S = 0.05
_LOCKS = Path("/proc/locks")
# Where SQLite locks who has a database open, and by which two bytes it has a write-ahead log: parts of its format.
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510
_VERSIONS_AT, _LOGGED = 18, b"\2\2"


class OpenLock:
    """The lock that every opener of a workspace holds, shared with all others.

    Parameters
    ----------
    folder : Path
        The workspace.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WorkspaceError(
                f"The workspace {folder} cannot be written.", hint="Check the folder's owner and permissions."
            ) from error
        # Who forgets a store without closing it must not stand in the way of an upgrade for ever.
        self._close = weakref.finalize(self, os.close, self._file)
        self._close.atexit = False
        self._take(shared=True)

    def _take(self, *, shared: bool) -> None:
        if sys.platform == "win32":
            return
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        deadline = time.monotonic() + PATIENCE_S
        while not self._try(kind):
            if time.monotonic() < deadline:
                time.sleep(_PAUSE_S)
                continue
            what = "is being upgraded" if shared else "has to be upgraded and is in use"
            raise WorkspaceError(f"The workspace {what}{self._by()}.", hint=self._way_out(shared))

    def _try(self, kind: int) -> bool:
        try:
            # Changing the kind lets go first: who fails holds nothing, and stands in nobody's way.
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _by(self) -> str:
        pids = sorted(holders(self._path))
        if not pids:
            return ""
        return f" by process{'es' if len(pids) > 1 else ''} {', '.join(map(str, pids))}"

    @staticmethod
    def _way_out(shared: bool) -> str:
        return "Try again in a moment." if shared else "Stop them (mlws stop, then the kernels), and try again."

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the workspace alone, or raise `WorkspaceError` naming the processes that have it open."""
        try:
            self._take(shared=False)
            yield
        finally:
            self._take(shared=True)

    def release(self) -> None:
        """Let go; safe to call twice."""
        self._close()
        self._file = -1


class LastingLock:
    """SQLite's shared lock on a database with a write-ahead log, held once more by an open file instead of a process.

    Of the locks that SQLite takes POSIX frees a process as soon as anybody in it has opened and closed the file, as
    Jupyter's server does to download it. Who closes the database last then removes the log that this process goes on
    writing to, and what it writes is lost (https://www.sqlite.org/howtocorrupt.html, 2.2). A lock of an open file,
    which Linux has, stays.

    Parameters
    ----------
    path : Path
        The database; this process has, or is about to have, connections to it.
    """

    def __init__(self, path: Path) -> None:
        self._owner = os.getpid()
        self._file = -1
        if sys.platform == "linux":
            try:
                self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return  # SQLite meets the same, and has a sentence for it
            self._close = weakref.finalize(self, os.close, self._file)
            self._close.atexit = False
            # With a rollback journal nobody could write any more.
            if os.pread(self._file, 2, _VERSIONS_AT) != _LOGGED or not self._take():
                self._close.detach()  # without the lock, closing the file would do what is to be prevented
                self._file = -1

    def _take(self) -> bool:
        """Whether the system gave the lock: an old one has none of this kind."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._set(fcntl.F_RDLCK)
            except BlockingIOError:  # one who is the last closes the database at this moment
                if time.monotonic() >= deadline:
                    return False
                time.sleep(_PAUSE_S)
            except OSError:
                return False
            else:
                return True

    def _set(self, kind: int) -> None:
        if sys.platform == "linux":
            lock = struct.pack("hhqqi4x", kind, os.SEEK_SET, _SHARED_FIRST, _SHARED_SIZE, 0)
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, lock)

    def let_go(self) -> None:
        """Before the connections are closed: the last one would take this for another process, and leave its log."""
        # A fork shares the lock with its parent, who goes on.
        if self._file >= 0 and os.getpid() == self._owner:
            self._set(fcntl.F_UNLCK)

    def close(self) -> None:
        """When the connections are closed; safe to call twice."""
        if self._file >= 0 and os.getpid() == self._owner:
            self._close()
            self._file = -1


def holders(path: Path) -> set[int]:
    """The other processes that hold a lock on a file, as far as this system tells."""
    try:
        facts = path.stat()
        lines = _LOCKS.read_text().splitlines()
    except OSError:
        return set()
    # "1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF"; of one who waits "1: -> FLOCK ...".
    held = [words for line in lines if "->" not in (words := line.split()) and len(words) > 5]
    inode = str(facts.st_ino)
    found = {int(words[4]) for words in held if words[5].rpartition(":")[2] == inode and words[4].isdigit()}
    return found - {0, os.getpid()}

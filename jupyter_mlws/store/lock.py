"""Who has the workspace open: a shared lock on its ``workspace.lock``, an exclusive one while tables are rebuilt."""

from __future__ import annotations

import os
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_mlws.errors import WorkspaceError

if sys.platform != "win32":  # there the panel and the SDK work with remote workspaces
    import fcntl

__all__ = ["LOCK", "OpenLock", "holders"]

LOCK = "workspace.lock"
# How long to wait for who has it: of two that begin an upgrade at once, one gives way to the other.
PATIENCE_S = 5.0
_PAUSE_S = 0.05
_LOCKS = Path("/proc/locks")


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

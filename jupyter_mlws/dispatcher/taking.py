"""Whose a run folder is: an agent's, once one has its lock; a dispatcher's, while it is emptied and filled again.

Both take the same lock. So an agent that was started by a dead dispatcher and is late finds the folder locked, or
without a job, or with the state that another one has written, and ends; it never runs a script from half a folder.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["FAILING", "Held", "has_agent", "take"]

# Of a disk or its mount that fails, and may come back.
FAILING = (errno.EIO, errno.EROFS, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT)

_PAUSE_S = 0.02
# An agent that was told to start takes its folder within this time, if it does at all.
_ON_ITS_WAY_S = 0.5


class Held:
    """A run folder that no agent can take until `let_go`."""

    def __init__(self, folder: RunFolder, lock: int) -> None:
        self._folder = folder
        self._lock: int | None = lock

    def empty(self) -> None:
        """Remove what somebody who died has left in it, all but the lock."""
        faults.point("dispatcher.clear")
        for entry in os.scandir(self._folder.path):
            if entry.path == os.fspath(self._folder.lock):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Leave no job in it: an agent that comes late, told to start by a dispatcher that died, does not begin."""
        if self._lock is not None:
            with suppress(OSError):
                self._folder.job.unlink(missing_ok=True)

    def let_go(self) -> None:
        """Leave it to the agent."""
        if self._lock is not None:
            # Unlocked, not closed alone: a child that another thread is just starting may have the file open, too.
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            os.close(self._lock)
            self._lock = None


def take(folder: RunFolder, timeout_s: float) -> Held | None:
    """Take a folder in order to start an agent in it; None if an agent has it, or had it.

    Parameters
    ----------
    folder : RunFolder
        Made if it is missing.
    timeout_s : float
        How long to wait for the first word of an agent that has the lock.
    """
    began = time.monotonic()
    # With a job in it an agent may be on its way, told to start by a dispatcher that died afterwards.
    patience = _ON_ITS_WAY_S if folder.job.exists() else 0.0
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    while not folder.state.exists():
        waited = time.monotonic() - began
        if waited >= patience:
            lock = _try_lock(folder)
            if lock is not None:
                held = Held(folder, lock)
                if not folder.state.exists():
                    return held
                held.let_go()
                return None
        if waited > timeout_s:
            return None
        time.sleep(_PAUSE_S)
    return None


def _try_lock(folder: RunFolder) -> int | None:
    lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def has_agent(folder: RunFolder) -> bool:
    """Whether a living agent has this folder."""
    if not folder.lock.exists():
        return False
    lock = _try_lock(folder)
    if lock is None:
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)
    return False

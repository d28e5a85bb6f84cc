"""Syncing what a script logs every few seconds, beside the agent's loop: a slow disk must not stop the pipe."""

from __future__ import annotations

import _thread
import os
import time

from jupyter_mlws import faults
from jupyter_mlws.agent import system
from jupyter_mlws.runfolder.names import JOURNAL, STATE, STD_LOG, VALUES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["JournalSync"]


class JournalSync:
    """Syncs everything that the script has logged, the state last.

    A mapped journal shows no change in its times, so each is synced every time; for a clean one that costs nothing.
    """

    def __init__(self, folder: str, period_s: float, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._period_s = period_s
        self._say = say
        self._due = time.monotonic() + period_s
        self._busy = _thread.allocate_lock()
        self._complained = False
        self._named = False

    def when_due(self, now: float) -> None:
        """Start a sync in a thread if it is time and none is under way."""
        if now < self._due or not self._busy.acquire(blocking=False):
            return
        self._due = now + self._period_s
        _thread.start_new_thread(self._run, ())

    def now(self) -> None:
        """Sync and wait for it."""
        with self._busy:
            self._sync()

    def _run(self) -> None:
        try:
            self._sync()
        finally:
            self._busy.release()

    def _sync(self) -> None:
        for place in (JOURNAL, VALUES):
            self._sync_all_in(os.path.join(self._folder, place))
        self._sync_one(os.path.join(self._folder, STD_LOG))
        self._sync_names()
        self._sync_one(os.path.join(self._folder, STATE))

    def _sync_all_in(self, place: str) -> None:
        try:
            names = os.listdir(place)
        except OSError:
            return
        for path in [*(os.path.join(place, name) for name in names), *([place] if names else [])]:
            self._sync_one(path)

    def _sync_names(self) -> None:
        """Once, the names that lead to the files: in the run folder, its own, and that of the folder above."""
        if self._named:
            return
        self._named = True
        above = os.path.dirname(self._folder)
        for path in (os.path.dirname(os.path.join(self._folder, STD_LOG)), self._folder, above, os.path.dirname(above)):
            self._sync_one(path)

    def _sync_one(self, path: str) -> None:
        """Sync a file or folder. An error is told, not tried again: the kernel reports a lost page once only."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return  # removed meanwhile, or something of the script's that cannot be opened
        try:
            faults.point("agent.sync")
            os.fsync(fd)
        except OSError as error:
            if not self._complained:
                self._say(f"{os.path.basename(path)} could not be synced: {system.file_system_error(error)}.")
            self._complained = True
        finally:
            os.close(fd)

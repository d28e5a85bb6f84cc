"""Telling the dispatcher how it goes, even when the disk is full."""

from __future__ import annotations

import errno
import os
import time

from jupyter_mlws import faults
from jupyter_mlws.agent import system
from jupyter_mlws.runfolder import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Teller"]

# Room for a few events, kept for the moment when there is none left.
_RESERVE = "agent.reserve"
_RESERVE_BYTES = 16384
_PATIENCE_S = 300.0
_RETRY_S = 0.5
# The script has put a link, a pipe or a folder in the place of the file: waiting changes nothing.
_SPOILT = (errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENOTDIR)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


class Teller:
    """Writes the agent's events.

    A run whose end cannot be written would count as lost. So a little room is taken at the start and given back when
    the disk is full; if another takes that, too, the agent waits a while for more.
    """

    def __init__(self, folder: str, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._reserve = os.path.join(folder, _RESERVE)
        # Windows opens no folders; there nobody removes one either in which a file is open.
        self._place = os.open(folder, os.O_RDONLY | _FOLDER) if _FOLDER else -1
        try:
            with open(self._reserve, "wb") as file:
                faults.point("agent.reserve")
                file.write(bytes(_RESERVE_BYTES))
        except OSError:
            self._give_back()

    def __call__(self, event: str, *, patience_s: float = _PATIENCE_S, **facts: Any) -> None:
        """Write one event."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                state.append(self._folder, event, **facts)
                return
            except OSError as error:
                if error.errno in _SPOILT or self._was_removed():
                    raise
                if not self._give_back():
                    if time.monotonic() > deadline:
                        raise
                    self._say(f"{event!r} cannot be written ({system.file_system_error(error)}); trying again.")
                    time.sleep(_RETRY_S)

    def _was_removed(self) -> bool:
        """Whether the folder is gone for good; one that was moved away may come back."""
        return self._place >= 0 and os.fstat(self._place).st_nlink == 0

    def _give_back(self) -> bool:
        """Free the reserved room; whether there was any."""
        try:
            os.unlink(self._reserve)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Leave nothing but the events; none is written afterwards."""
        self._give_back()
        self.let_go()

    def let_go(self) -> None:
        """Hold nothing open: a fork leaves the events, and the room for them, to its parent."""
        place, self._place = self._place, -1
        if place >= 0:
            os.close(place)

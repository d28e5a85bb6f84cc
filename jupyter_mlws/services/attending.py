"""Whoever looks at a workspace with runs that have not ended sees to it that a dispatcher follows them.

A dispatcher may be killed while nobody submits anything. Its runs go on by themselves, but their points would not
arrive and their end would not be recorded until the next submit.
"""

from __future__ import annotations

import logging
import threading
import time

from jupyter_mlws.domain.status import LIVE
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services.context import Context
from jupyter_mlws.store.run_states import runs_in

__all__ = ["Attendant"]

_log = logging.getLogger(__name__)
_PAUSE_S = 3.0
_FAILING_PAUSE_S = 9.0
# Where it cannot be started, trying is not free.
_MAX_PAUSE_S = 60.0


class Attendant:
    """Wakes the dispatcher, every few seconds at most, while there is something that it should follow.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._next = 0.0
        self._pause_s = _PAUSE_S

    def rest(self) -> None:
        """Note that the dispatcher was woken just now."""
        self._next = time.monotonic() + self._pause_s

    def look(self) -> None:
        """Somebody looks at the workspace."""
        if time.monotonic() < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            if self._has_live_runs():
                self._wake()
            self.rest()
        finally:
            self._lock.release()

    def _has_live_runs(self) -> bool:
        """Whether there are runs that the dispatcher of this user and host would follow."""
        with self._context.store.read() as c:
            return bool(runs_in(c, LIVE, user=self._context.user, host=self._context.host, limit=1))

    def _wake(self) -> None:
        try:
            self._context.wake()
        except (MlwsError, OSError) as error:
            self._pause_s = min(2 * self._pause_s, _MAX_PAUSE_S)
            _log.warning("The dispatcher was not woken: %s", error)
        else:
            # One that fails as soon as it is started has said so by the next look.
            self._pause_s = _FAILING_PAUSE_S if self._context.wake.state().message else _PAUSE_S

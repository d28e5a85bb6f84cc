"""The feed of events: looks whether anybody committed something, and tells the pages what changed.

An event may be lost, the feed in the database never is: a page that missed one reads the changes after its own cursor.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_mlws.errors import MlwsError
from jupyter_mlws.server.workspaces import Opened

__all__ = ["Watcher"]

PERIOD_S = 0.1
REST_S = 30.0
# Reading the feed also sees to it that somebody follows the runs of the workspace.
ATTEND_S = 3.0
# An event goes to every page: beyond this a page does better to read the feed, which it does anyway.
MAX_CHANGES = 100

log = logging.getLogger(__name__)


@dataclass
class _Watched:
    opened: Opened
    version: int | None = None
    cursor: int | None = None
    rests_until: float = 0.0
    read_at: float = 0.0


class Watcher:
    """One thread for all workspaces, idle while no page listens.

    Parameters
    ----------
    emit : callable
        Told an event's data; may be called from any thread.
    listened : callable
        Whether anybody would hear it.
    """

    def __init__(self, emit: Callable[[dict[str, Any]], None], listened: Callable[[], bool]) -> None:
        self._emit = emit
        self._listened = listened
        self._lock = threading.Lock()
        self._watched: dict[str, _Watched] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, opened: Opened) -> None:
        """Tell of changes in this workspace from now on."""
        with self._lock:
            self._watched[opened.id] = _Watched(opened)
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="mlws-watch", daemon=True)
                self._thread.start()

    def forget(self, opened: Opened) -> None:
        """Tell of this workspace no more: it is about to be closed."""
        with self._lock:
            if (found := self._watched.get(opened.id)) is not None and found.opened is opened:
                del self._watched[opened.id]

    def close(self) -> None:
        """Stop, and wait until the last look is over."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_S):
            if self._listened():
                self.look()

    def look(self) -> None:
        """Look once at every workspace."""
        with self._lock:
            watched = list(self._watched.values())
        for each in watched:
            if each.rests_until > time.monotonic():
                continue
            try:
                self._look_at(each)
            except MlwsError as error:
                # Busy, or on a disk that is full: looked at again next time.
                log.debug("Cannot look at workspace %s: %s", each.opened.id, error.code)
            except Exception:
                # One broken workspace must not silence the others, nor fill the log.
                log.exception("Cannot look at workspace %s for a while", each.opened.id)
                each.rests_until = time.monotonic() + REST_S

    def _look_at(self, each: _Watched) -> None:
        version, at = each.opened.data_version(), time.monotonic()
        if version == each.version and at - each.read_at < ATTEND_S:
            return
        each.read_at = at
        feed = each.opened.api.workspace
        if each.cursor is None:
            each.cursor = feed.info().last_change
            each.version = version
            return
        page = feed.changes(since=each.cursor)
        if page.changes:
            shown = page.changes[-MAX_CHANGES:]
            changes = [{"kind": change.kind, "subject": change.subject} for change in shown]
            self._emit({"workspace": each.opened.id, "cursor": page.cursor, "changes": changes})
            each.cursor = page.cursor
        else:
            each.version = version

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
from jupyter_mlws.server.stirring import Stirring
from jupyter_mlws.server.workspaces import Opened

__all__ = ["Watcher"]

# While something happens, and a while afterwards; then, unless the system says that somebody writes, the first news
# are so much later.
PERIOD_S = 0.1
QUIET_AFTER_S = 5.0
QUIET_PERIOD_S = 0.25
REST_S = 30.0
# Where the system says that somebody writes, it is looked at once, but news are so far apart. What is being written may
# not be committed yet: then it is looked at again after the first pause, twice as long each time, up to the last.
EAGER_S = 0.08
CHASE_S, CHASED_S = 0.004, 0.05
# Reading the feed also sees to it that somebody follows the runs of the workspace.
ATTEND_S = 3.0
# Of a workspace about which nobody has asked for so long, pages hear up to so much later: they do not show it.
CALM_AFTER_S = 60.0
CALM_PERIOD_S = 1.0
# So many changes are read at a time.
PAGE = 500
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
    wanted_at: float = 0.0
    changed_at: float = 0.0
    due_at: float = 0.0
    chase_s: float = 0.0

    def may_stir(self, now: float) -> bool:
        """Whether anybody wants to hear soon of who writes to it."""
        return now - self.wanted_at <= CALM_AFTER_S and self.rests_until <= now

    def stir(self, now: float) -> None:
        """Somebody writes to it."""
        if not self.chase_s:
            self.chase_s = CHASE_S
            self.due_at = min(self.due_at, max(now, self.changed_at + EAGER_S))

    def plan(self, now: float) -> None:
        """Say when to look again, after a look."""
        pause, chased = self.period(now), self.chase_s
        if chased:
            pause, self.chase_s = chased, chased * 2 if chased < CHASED_S else 0.0
        self.due_at = max(self.rests_until, now + pause)

    def period(self, now: float) -> float:
        if now - self.wanted_at > CALM_AFTER_S:
            return CALM_PERIOD_S
        return QUIET_PERIOD_S if now - self.changed_at > QUIET_AFTER_S else PERIOD_S


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
        self._stirring = Stirring()
        self._thread: threading.Thread | None = None

    def watch(self, opened: Opened) -> None:
        """Tell of changes in this workspace from now on."""
        with self._lock:
            now = time.monotonic()
            self._watched[opened.id] = _Watched(opened, wanted_at=now, changed_at=now)
            if opened.commit_log is not None:
                self._stirring.listen(opened.commit_log)
            self._stirring.ring()
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="mlws-watch", daemon=True)
                self._thread.start()

    def want(self, workspace: str) -> None:
        """Somebody asks about this workspace: look at it often for a while."""
        found = self._watched.get(workspace)
        if found is not None:
            now = time.monotonic()
            if now - found.wanted_at > CALM_AFTER_S:
                found.due_at = found.rests_until
                self._stirring.ring()
            found.wanted_at = now

    def forget(self, opened: Opened) -> None:
        """Tell of this workspace no more: it is about to be closed."""
        with self._lock:
            if (found := self._watched.get(opened.id)) is not None and found.opened is opened:
                del self._watched[opened.id]
                if opened.commit_log is not None:
                    self._stirring.forget(opened.commit_log)

    def close(self) -> None:
        """Stop, and wait until the last look is over."""
        self._stop.set()
        self._stirring.ring()
        if self._thread is not None:
            self._thread.join()
        self._stirring.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._listened():
                self._stirring.wait(QUIET_PERIOD_S, files=False)
            elif self._stirring.wait(self.look_when_due(), files=self._wants_to_be_woken()):
                self._stir()

    def _wants_to_be_woken(self) -> bool:
        """Whether who writes may concern anybody, and no look is due already: else each write would cost us a turn."""
        now = time.monotonic()
        with self._lock:
            watched = [each for each in self._watched.values() if each.opened.commit_log is not None]
        return any(each.may_stir(now) for each in watched) and not any(each.chase_s for each in watched)

    def _stir(self) -> None:
        """Somebody has written to one of the workspaces; there are few, and a look is cheap."""
        now = time.monotonic()
        with self._lock:
            for each in self._watched.values():
                if each.opened.commit_log is not None and each.may_stir(now):
                    each.stir(now)

    def look_when_due(self) -> float:
        """Look at the workspaces whose turn it is; seconds until the next one's."""
        now = time.monotonic()
        self._look_at_all(lambda each: each.due_at <= now)
        now = time.monotonic()
        with self._lock:
            return max(0.0, min((each.due_at - now for each in self._watched.values()), default=CALM_PERIOD_S))

    def look(self) -> None:
        """Look once at every workspace, but broken ones that rest."""
        now = time.monotonic()
        self._look_at_all(lambda each: each.rests_until <= now)

    def _look_at_all(self, wanted: Callable[[_Watched], bool]) -> None:
        with self._lock:
            watched = [each for each in self._watched.values() if wanted(each)]
        for each in watched:
            try:
                self._look_at(each)
            except MlwsError as error:
                # Busy, or on a disk that is full: looked at again next time.
                log.debug("Cannot look at workspace %s: %s", each.opened.id, error.code)
            except Exception:
                # One broken workspace must not silence the others, nor fill the log.
                log.exception("Cannot look at workspace %s for a while", each.opened.id)
                each.rests_until = time.monotonic() + REST_S
                each.chase_s = 0.0
            each.plan(time.monotonic())

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
        page = feed.changes(since=each.cursor, limit=PAGE)
        if page.changes:
            shown = page.changes[-MAX_CHANGES:]
            changes = [{"kind": change.kind, "subject": change.subject} for change in shown]
            each.changed_at, each.chase_s = at, 0.0
            self._emit({"workspace": each.opened.id, "cursor": page.cursor, "changes": changes})
            each.cursor = page.cursor
        # Whoever committed since it was read has changed it again.
        each.version = version if len(page.changes) < PAGE else None

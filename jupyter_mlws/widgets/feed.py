"""Following a run for its card: what is new is read and told, a few times a second, until the run has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_mlws.api.series import decode_series
from jupyter_mlws.domain.file import FileKind
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.widgets.facts import MOST_LOG, chart_names, facts_of

if TYPE_CHECKING:
    from jupyter_mlws.domain.file import RunFile
    from jupyter_mlws.domain.metric import MetricSummary
    from jupyter_mlws.domain.run import Run as Record
    from jupyter_mlws.sdk.run import Run

__all__ = ["Feed", "Listener"]

# Nothing is told more often than this.
_TICK_S = 0.25
# What no change tells of, such as whose turn it is before this run, is looked at now and then.
_LOOK_S = 5.0
_LAST_PAUSE_S = 10.0
# Until a view says that it listens, what is told once may be missed: then the whole is told again, first often.
_EARLY_S, _EARLY_PAUSE_S, _LATER_PAUSE_S = 3.0, 1.0, 20.0
# Rows of a series in a piece of news and as a whole: as many as a chart shows, and as are worth keeping.
_MOST_ROWS, _MOST_KEPT = 1200, 600


class Listener(Protocol):
    """Who is told."""

    def on_facts(self, facts: dict[str, Any]) -> None:
        """Facts of the run, all of them."""

    def on_points(self, name: str, after: int, series: bytes) -> None:
        """What follows the first `after` points of a metric, as `jupyter_mlws.api.series` writes it."""

    def on_series(self, series: dict[str, bytes]) -> None:
        """All drawn metrics as a whole."""


class Feed:
    """Reads a run for a card, and tells a listener what is new.

    A run that has ended is read once; of one that goes on a thread follows the workspace's changes until its end.

    Parameters
    ----------
    run : Run
    listener : Listener
        Told from whichever thread reads.
    """

    def __init__(self, run: Run, listener: Listener) -> None:
        self._api = run.workspace.api
        self._id = run.id
        self._listener = listener
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._listened = False
        self._record: Record = run.record
        self._charts: list[str] = []
        self._counts: dict[str, int] = {}
        self._log = ""
        self._log_offset = -MOST_LOG
        self._files: list[RunFile] = []
        self._usage: list[MetricSummary] = []
        # Why a wish was refused, which stays, and why nothing new comes, which passes.
        self._refusal = self._lack = ""
        self._since = 0
        self._began_at = self._looked_at = self._kept_at = time.monotonic()
        self._measured_at = 0.0
        self._thread: threading.Thread | None = None

    @property
    def is_live(self) -> bool:
        """Whether more may be told."""
        return self._thread is not None and self._thread.is_alive() and not self._stopped.is_set()

    def begin(self) -> None:
        """Tell how the run is."""
        self._since = self._api.workspace.info().last_change
        self._record = self._api.runs.get(self._id)
        self._read(None)
        self._tell_series()

    def follow(self) -> None:
        """Tell what becomes of the run, if it goes on."""
        if not self._record.status.is_terminal:
            self._thread = threading.Thread(target=self._follow, name=f"mlws-card-{self._record.number}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Tell nothing any more."""
        self._stopped.set()

    def listened(self) -> None:
        """A view is there and listens from now on: it gets what it missed."""
        self._listened = True
        if self.is_live:
            with self._lock:
                self._succeeds(self._tell_series)

    def tell_again(self, name: str, after: int) -> None:
        """Tell the points of a metric again that follow the first `after` of them."""
        with self._lock:
            if name in self._charts:
                self._succeeds(lambda: self._listener.on_points(name, after, self._series(name, after, _MOST_ROWS)))

    def cancel(self) -> None:
        """Ask for the end of the run; a refusal is told."""
        with self._lock:
            try:
                self._record = self._api.runs.cancel(self._id)
                self._refusal = ""
            except MlwsError as error:
                self._refusal = f"{error}"
            self._tell_facts()

    # -- following

    def _follow(self) -> None:
        pause = _TICK_S
        while not self._stopped.wait(pause):
            with self._lock:
                if self._succeeds(self._step):
                    pause = _TICK_S
                    if self._record.status.is_terminal:
                        return
                else:
                    pause = min(2 * pause, _LAST_PAUSE_S)
                    self._tell_facts()

    def _succeeds(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except MlwsError as error:
            # As soon as the workspace answers again all of it is read anew.
            self._lack = f"{error}"
            return False
        return True

    def _step(self) -> None:
        page = self._api.workspace.changes(self._since)
        kinds = {change.kind for change in page.changes if change.subject == self._id}
        now = time.monotonic()
        if kinds or self._lack or now - self._looked_at >= _LOOK_S:
            lacked, self._lack, self._looked_at = self._lack, "", now
            self._record = self._api.runs.get(self._id)
            ended = self._record.status.is_terminal
            self._read(None if ended or lacked else kinds)
            if ended or lacked:
                self._tell_series()
        self._since = page.cursor
        pause = _EARLY_PAUSE_S if now - self._began_at < _EARLY_S else _LATER_PAUSE_S
        if not self._listened and now - self._kept_at >= pause:
            self._tell_series()

    def _read(self, kinds: set[str] | None) -> None:
        """Read what changed, by its kinds, or everything; and tell it."""
        self._charts = chart_names(self._record.metrics, self._charts)
        if kinds is None or kinds & {"log", "run"}:
            self._read_log()
        self._read_usage()
        if kinds is None or "file" in kinds:
            self._files = list(self._api.files.list(self._id, kind=FileKind.OUTPUT.value).items)
        self._tell_facts()
        if kinds is not None:
            self._tell_points()

    def _read_usage(self) -> None:
        """What the processes use, which is written every few seconds."""
        now = time.monotonic()
        if self._record.status is RunStatus.RUNNING and now - self._measured_at >= _LOOK_S:
            self._measured_at = now
            self._usage = list(self._api.metrics.list(self._id, system=True).items)

    def _read_log(self) -> None:
        part = self._api.logs.read(self._id, offset=self._log_offset, limit=2 * MOST_LOG)
        if part.size_bytes > part.next_offset:
            # It grows faster than it is read: only its end is shown.
            part = self._api.logs.read(self._id, offset=-MOST_LOG, limit=2 * MOST_LOG)
            self._log = ""
        self._log = (self._log + part.text)[-MOST_LOG:]
        self._log_offset = part.next_offset

    # -- telling

    def _tell_facts(self) -> None:
        trouble = self._refusal or self._lack
        self._listener.on_facts(facts_of(self._record, self._charts, self._log, self._files, trouble, self._usage))

    def _tell_points(self) -> None:
        counts = {metric.name: metric.count for metric in self._record.metrics}
        for name in self._charts:
            after = self._counts.get(name, 0)
            if counts.get(name, 0) > after:
                series = self._series(name, after, _MOST_ROWS)
                self._listener.on_points(name, after, series)
                self._counts[name] = decode_series(series).count

    def _tell_series(self) -> None:
        self._kept_at = time.monotonic()
        whole = {name: self._series(name, 0, _MOST_KEPT) for name in self._charts}
        self._listener.on_series(whole)
        self._counts = {name: decode_series(series).count for name, series in whole.items()}

    def _series(self, name: str, after: int, rows: int) -> bytes:
        return self._api.metrics.read(self._id, name, after=after, points=rows).read()

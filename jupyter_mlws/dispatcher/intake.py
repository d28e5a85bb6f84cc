"""Taking up what comes out of a run folder: points, values, requests, files; of the run and of its children."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.dispatcher import preparing
from jupyter_mlws.dispatcher.collecting import Collector
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.family import Family
from jupyter_mlws.dispatcher.ingesting import Ingest, store_together
from jupyter_mlws.dispatcher.part import Part
from jupyter_mlws.dispatcher.requests import Requests
from jupyter_mlws.domain.media import MAX_VALUE_FILES
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import MlwsError, NotFound, Unavailable
from jupyter_mlws.runfolder.journal_format import MOST_NAMES
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store import changes
from jupyter_mlws.store.run_states import add_warnings

__all__ = ["Intake"]

# Each commit waits for the disk, and for those of other runs. The pause behind one is so many times what it took, or so
# much for each run that logs, within these bounds: one run is soon on its chart, and fifty leave each other room.
_LEAST_PAUSE_S, _MOST_PAUSE_S = 0.08, 0.3
_PAUSE_FACTOR, _PAUSE_OF_RUN_S = 1.5, 0.01
# Where points came a moment ago, and another moment before that, the next ones are looked for so often, at so small a
# share of the time.
_MOMENT_S, _FLOWS_S = 1.2, 0.5
_FLOW_PAUSE_S, _FLOW_SHARE = 0.03, 0.02
# That a log has grown is told so often.
_LOG_PAUSE_S = 0.4
# At most this share of the time goes into looking for points, and into looking for files.
_LOOK_SHARE = 0.2
# While points come faster than one look takes up, it goes on for so long before anything else has its turn.
_BUSY_S = 0.5
_SCAN_SHARE = 0.05
_LOOK_FOR_LOSS_S = 0.5
_LOSS_LASTS_S = 3.0
# Runs whose points share a transaction, and whose files do.
_TOGETHER = 50
_RUNS_TOGETHER = 500


class Intake:
    """The intake of one run folder.

    Every part may fail half-way because the workspace is busy or full, and is simply done again.

    Parameters
    ----------
    context : Context
    folder : RunFolder
        Filled by `jupyter_mlws.dispatcher.preparing`, or by the process itself whose run is interactive.
    run : Run
    is_wanted : callable
        Whether something else is to be done, which must not wait for a long answer to the script.
    """

    def __init__(
        self, context: Context, folder: RunFolder, run: Run, is_wanted: Callable[[], bool] = lambda: False
    ) -> None:
        self._context = context
        self._is_wanted = is_wanted
        self._folder = folder
        self._prepared_warnings: list[str] = []
        self._root = Part(context, run.id, run.number, folder)
        if run.kind != "interactive":
            baseline, self._prepared_warnings = preparing.read_plan(folder)
            self._root.begin_collecting(preparing.read_job(folder).working_directory, baseline)
        self._family = Family(context, self._root, folder)
        self._requests = Requests(context, run, folder, self._family, self)
        self._scan_at = time.monotonic() + context.settings.settle_s
        self._points_at = 0.0
        self._stored_at = -_MOMENT_S
        self._flows_until = 0.0
        self._log_at = 0.0
        self._log_size = -1
        self._dropped = 0
        self._looked_at = time.monotonic()
        self._surplus = 0
        self._loss_at = self._surplus_at = -_LOSS_LASTS_S

    @property
    def collector(self) -> Collector:
        """The files of the run itself."""
        return self._root.collector

    def all_collectors(self) -> list[Collector]:
        """The files of the run and of its children."""
        return [part.collector for part in self._family if part.is_there()]

    def step(self) -> None:
        """Take up what is new."""
        self._take_points()
        self._note_log()
        self._requests.step()
        if time.monotonic() >= self._scan_at:
            self._scan()

    @property
    def in_talk(self) -> bool:
        """Whether the script may be waiting for an answer already, or for what it has told to be carried out."""
        return self._requests.in_talk

    def due_s(self) -> float:
        """Seconds until it is time to look for points again, while they come; infinite while none do."""
        now = time.monotonic()
        return max(self._points_at - now, 0.0) if now < self._flows_until else float("inf")

    def breathe(self) -> None:
        """Take up points while an answer takes long, or leave the answer for later where we are wanted.

        Raises
        ------
        Unavailable
            The latter.
        """
        if self._is_wanted():
            raise Unavailable("The dispatcher has something else to do first.", hint="Ask again.")
        self._take_points()

    def trouble(self) -> str:
        """What a person should know while it lasts: points that find no room. Looked for every now and then."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_FOR_LOSS_S:
            self._looked_at = now
            before, self._dropped = self._dropped, self._root.ingest.dropped()
            if self._dropped > before:
                self._loss_at = now
            left_out, self._surplus = self._surplus, self._root.ingest.surplus()
            if self._surplus > left_out:
                self._surplus_at = now
        if now - self._surplus_at <= _LOSS_LASTS_S:
            return (
                f"{self._surplus:,} pictures, sounds or tables were not kept so far, for a metric keeps at most "
                f"{MAX_VALUE_FILES:,} files; the script goes on"
            )
        if now - self._loss_at > _LOSS_LASTS_S:
            return ""
        lost = f"{self._dropped:,} metric points were not kept so far"
        if self._root.ingest.is_full_of_names:
            return f"{lost}, for there are {MOST_NAMES:,} names of metrics already; the script goes on"
        return f"the disk of the run's folder is full: {lost}; free some space there, the script goes on"

    # -- points and values

    def _take_points(self) -> None:
        began = time.monotonic()
        if began < self._points_at:
            return
        news, looked = self._catch_up(began + _BUSY_S)
        found = [self._root.ingest] if news else []
        began = time.monotonic()
        for part in self._family.due():
            has_news = part.is_there() and part.ingest.look()
            self._family.looked(part, found=has_news)
            if has_news:
                found.append(part.ingest)
        looked += time.monotonic() - began
        is_behind = news and self._root.ingest.found_many
        began = time.monotonic()
        self._store(found)
        now = time.monotonic()
        pause = self._pause_s(now, now - began if found else None, looked)
        if is_behind:  # everything else has had its turn, and there is more
            self._flows_until, self._points_at = now + _FLOWS_S, now
        else:
            # A journal that takes long to read is read less often: reading must not become the work.
            self._points_at = now + max(pause, looked / _LOOK_SHARE)

    def _pause_s(self, now: float, stored: float | None, looked: float) -> float:
        """How long to look for no points, after so long a look and so long a commit, if there was any."""
        logging = self._context.logging
        if stored is not None:
            if now - stored - self._stored_at <= _MOMENT_S:
                self._flows_until = now + _FLOWS_S
                logging.add(self._root.id)
            self._stored_at = now
            wanted = max(_PAUSE_FACTOR * stored, _PAUSE_OF_RUN_S * len(logging), _LEAST_PAUSE_S)
            return min(wanted, _MOST_PAUSE_S)
        if now < self._flows_until:
            return max(_FLOW_PAUSE_S, looked / _FLOW_SHARE)
        logging.discard(self._root.id)
        return 0.0

    def _catch_up(self, until: float) -> tuple[bool, float]:
        """Whether the run itself has new points, and the time of that look; what has piled up is stored first."""
        ingest = self._root.ingest
        while True:
            began = time.monotonic()
            news = ingest.look()
            now = time.monotonic()
            if not news or not ingest.found_many or self._is_wanted() or now > until:
                return news, now - began
            self._store([ingest])

    def _store(self, ingests: Sequence[Ingest]) -> None:
        for i in range(0, len(ingests), _TOGETHER):
            store_together(self._context, ingests[i : i + _TOGETHER])

    def take_in(self, parts: Sequence[Part], *, points: bool, files: bool) -> None:
        """Store what these runs have written so far."""
        there = [part for part in parts if part.is_there()]
        if points:
            self._take_all_points(there)
        if files:
            for part in there:
                part.collector.now()
            self._record(there)

    def _take_all_points(self, parts: Sequence[Part], *, final: bool = False) -> None:
        rest = list(parts)
        while rest:
            rest = [part for part in rest if part.ingest.look(final=final)]
            self._store([part.ingest for part in rest])

    def _note_log(self) -> None:
        """Say that the log has grown, for whoever reads it along."""
        now = time.monotonic()
        if now - self._log_at < _LOG_PAUSE_S or not self._log_has_grown():
            return
        self._log_at = now
        with self._context.write() as c:
            changes.note(c, "log", self._root.id)

    def _log_has_grown(self) -> bool:
        try:
            size = self._folder.std_log.lstat().st_size
        except OSError:
            return False
        grown, self._log_size = size != self._log_size, size
        return grown and size > 0

    # -- files

    def _scan(self) -> None:
        began = time.monotonic()
        parts = [self._root, *(part for part in self._family.to_scan() if part.is_there())]
        for part in parts:
            part.collector.settled()
        self._record(parts)
        # A large folder is looked at less often: looking must not become the work.
        took = time.monotonic() - began
        self._scan_at = began + max(self._context.settings.settle_s, took / _SCAN_SHARE)

    def collect(self, part: Part, path: str) -> None:
        """Store the output of this name, or all outputs below it, and record them."""
        if part.is_there():
            part.collector.named(path)
            self._record([part])

    def _record(self, parts: Sequence[Part]) -> None:
        pending = [part for part in parts if part.has_collected and part.collector.pending]
        for i in range(0, len(pending), _RUNS_TOGETHER):
            self._record_together(pending[i : i + _RUNS_TOGETHER])

    def _record_together(self, parts: Sequence[Part]) -> None:
        faults.point("intake.files")
        self._sync(parts)
        with self._context.write() as c:
            for part in parts:
                part.record_files(c)
        faults.point("intake.files_recorded")
        for part in parts:
            part.collector.recorded()

    def _sync(self, parts: Sequence[Part]) -> None:
        """Have the collected bytes on the disk, before the record that names them."""
        try:
            self._context.blobs.sync(file.digest for part in parts for file in part.collector.pending)
        except (MlwsError, OSError) as error:
            for part in parts:
                part.collector.not_kept()
            if isinstance(error, NotFound):  # a garbage collection took them: they are stored anew at the next look
                raise Unavailable(str(error)) from error
            raise

    # -- the end

    def finish(self) -> None:
        """Take up all that is left, but for the record of the run's own files: the run is over."""
        self._requests.finish()
        there = [part for part in self._family if part.is_there()]
        self._take_all_points(there, final=True)
        self._dropped = sum(part.ingest.dropped() for part in there)
        for part in there:
            part.collector.everything()
        self._record(there[1:])

    def sync(self) -> None:
        """Have the collected bytes of the run itself on the disk, before the record that names them."""
        self._sync([self._root])

    def record(self, c: Connection) -> None:
        """Record the collected files in a transaction; `recorded` of the collector is told after its commit."""
        self._root.record_files(c)
        for part in self._family:
            if part is not self._root and (found := part.warnings()):
                add_warnings(c, part.id, found)

    def warnings(self) -> list[str]:
        """What a person should know, a sentence each."""
        found = [*self._prepared_warnings, *self._root.warnings()]
        if self._dropped:
            crowded = any(part.ingest.is_full_of_names for part in self._family)
            why = f"a process logged more than {MOST_NAMES:,} names" if crowded else "the disk was full"
            found.append(f"{self._dropped:,} metric points were not kept because {why}.")
        return found

"""Taking up what comes out of a run folder: points, requests, files."""

from __future__ import annotations

import time

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.dispatcher import preparing
from jupyter_mlws.dispatcher.collecting import Collector
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.ingesting import Ingest
from jupyter_mlws.dispatcher.requests import Requests
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store import files

__all__ = ["Intake"]

# At most this share of the time goes into looking for files.
_SCAN_SHARE = 0.05
_LOOK_FOR_LOSS_S = 0.5
_LOSS_LASTS_S = 3.0


class Intake:
    """The intake of one run.

    Every part may fail half-way because the workspace is busy or full, and is simply done again.

    Parameters
    ----------
    context : Context
    folder : RunFolder
        Filled by `jupyter_mlws.dispatcher.preparing`.
    run : Run
    """

    def __init__(self, context: Context, folder: RunFolder, run: Run) -> None:
        settings = context.settings
        baseline, self._prepared_warnings = preparing.read_plan(folder)
        with context.store.read() as c:
            known = files.list_files(c, run.id)
        self.collector = Collector(
            folder,
            preparing.read_job(folder).working_directory,
            baseline,
            context.blobs,
            known,
            settle_s=settings.settle_s,
            max_bytes=settings.max_output_bytes,
        )
        self._context = context
        self._run = run
        self._ingest = Ingest(context, folder, run.id, keep=settings.keep_run_folder)
        self._requests = Requests(context, folder, run, self._collect_named)
        self._scan_at = time.monotonic() + settings.settle_s
        self._dropped = 0
        self._looked_at = time.monotonic()
        self._loss_at = -_LOSS_LASTS_S

    def step(self) -> None:
        """Take up what is new."""
        self._ingest.step()
        self._requests.step()
        if time.monotonic() >= self._scan_at:
            self._scan()

    def trouble(self) -> str:
        """What a person should know while it lasts: points that find no room. Looked for every now and then."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_FOR_LOSS_S:
            self._looked_at = now
            before, self._dropped = self._dropped, self._ingest.dropped()
            if self._dropped > before:
                self._loss_at = now
        if now - self._loss_at > _LOSS_LASTS_S:
            return ""
        return (
            f"the disk of the run's folder is full: {self._dropped:,} metric points were not kept so far; "
            "free some space there, the script goes on"
        )

    def _scan(self) -> None:
        began = time.monotonic()
        self.collector.settled()
        self._record()
        # A large folder is looked at less often: looking must not become the work.
        took = time.monotonic() - began
        self._scan_at = began + max(self._context.settings.settle_s, took / _SCAN_SHARE)

    def _collect_named(self, path: str) -> None:
        self.collector.named(path)
        self._record()

    def _record(self) -> None:
        if self.collector.pending:
            faults.point("intake.files")
            self.sync()
            with self._context.write() as c:
                self.record(c)
            faults.point("intake.files_recorded")
            self.collector.recorded()

    def finish(self) -> None:
        """Take up all that is left, but for the record of the files: the run is over."""
        self._dropped = self._ingest.finish()
        self._requests.finish()
        self.collector.everything()

    def sync(self) -> None:
        """Have the collected bytes on the disk, before the record that names them."""
        try:
            self._context.blobs.sync(file.digest for file in self.collector.pending)
        except (MlwsError, OSError):
            self.collector.not_kept()
            raise

    def record(self, c: Connection) -> None:
        """Record the collected files in a transaction; `recorded` of the collector is told after its commit."""
        files.put_files(c, self._run.id, self.collector.pending)

    def warnings(self) -> list[str]:
        """What a person should know, a sentence each."""
        found = [*self._prepared_warnings, *self.collector.warnings, *self._requests.warnings]
        if self._dropped:
            found.append(f"{self._dropped:,} metric points were not kept because the disk was full.")
        return found

"""Taking up what a script logs: points and their offset in one transaction, so each is stored exactly once."""

from __future__ import annotations

import time

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.runfolder.journal_reader import JournalReader
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["Ingest"]

# Each commit waits for the disk; between two a chart sees nothing, so it stays well below a second.
_PAUSE_S = 0.2
_REMOVE_EVERY_S = 10.0


class Ingest:
    """The metric points and the log of one run.

    Parameters
    ----------
    context : Context
    folder : RunFolder
    run_id : str
    keep : bool
        Leave the journal as it is.
    """

    def __init__(self, context: Context, folder: RunFolder, run_id: str, *, keep: bool = False) -> None:
        self._context = context
        self._folder = folder
        self._run_id = run_id
        self._reader = JournalReader(folder)
        self._offsets: dict[str, int] | None = None
        self._keep = keep
        self._points_at = 0.0
        self._removed_at = time.monotonic()
        self._log_at = 0.0
        self._log_size = -1

    def step(self) -> None:
        """Store what is new, if it is time again."""
        now = time.monotonic()
        if now - self._points_at >= _PAUSE_S and self._store_points(final=False):
            self._points_at = now
        if now - self._log_at >= 2 * _PAUSE_S and self._log_has_grown():
            self._log_at = now
            self._note_log()

    def dropped(self) -> int:
        """How many points have found no room on the disk so far."""
        return self._reader.dropped()

    def finish(self) -> int:
        """Store all that is left: all writers are dead. Returns how many points found no room on the disk."""
        while self._store_points(final=True):
            pass
        return self._reader.dropped()

    def _store_points(self, *, final: bool) -> bool:
        if self._offsets is None:
            self._offsets = self._stored_offsets()
        # A stream's name is a file's name that the script chose; ours are plain.
        found = [points for points in self._reader.poll(self._offsets, final=final) if points.stream.isascii()]
        if not found:
            return False
        # Imported with the first point: numpy would delay the first start.
        from jupyter_mlws.store.metrics import append_points

        faults.point("ingest.points")
        # Where this fails it cannot be told whether the points were stored: the answer to the commit may be what got
        # lost. So the next time the database is asked.
        offsets, self._offsets = self._offsets, None
        with self._context.write() as c:
            for points in found:
                append_points(c, self._run_id, points)
        faults.point("ingest.points_stored")
        self._offsets = offsets | {points.stream: points.end for points in found}
        self._remove_stored()
        return True

    def _remove_stored(self) -> None:
        """Give the space of stored points back, now and then: a long run logs more than its journal should hold."""
        now = time.monotonic()
        if self._offsets and not self._keep and now - self._removed_at > _REMOVE_EVERY_S:
            self._removed_at = now
            self._reader.remove_consumed(self._offsets)

    def _stored_offsets(self) -> dict[str, int]:
        if not any(self._folder.journal.glob("*")):
            return {}
        from jupyter_mlws.store.metrics import offsets

        with self._context.store.read() as c:
            return offsets(c, self._run_id)

    def _log_has_grown(self) -> bool:
        try:
            size = self._folder.std_log.lstat().st_size
        except OSError:
            return False
        grown, self._log_size = size != self._log_size, size
        return grown and size > 0

    def _note_log(self) -> None:
        from jupyter_mlws.store import changes

        with self._context.write() as c:
            changes.note(c, "log", self._run_id)

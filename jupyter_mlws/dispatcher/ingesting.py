"""Taking up what a script logs: points, values and their offsets in one transaction, so each is stored exactly once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.event_files import EventFiles
from jupyter_mlws.domain.media import MAX_VALUE_FILES
from jupyter_mlws.runfolder.journal_format import MOST_NAMES
from jupyter_mlws.runfolder.journal_reader import JournalReader, StreamPoints
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.values import MAX_LINE_BYTES

if TYPE_CHECKING:
    from jupyter_mlws.runfolder.values_reader import StreamValues, ValuesReader

__all__ = ["Ingest", "store_together"]

_REMOVE_EVERY_S = 10.0
# A look ends with a segment of the journal, and the first of these are small.
_MANY = 1_000
_POINTS_AT_ONCE, _POINTS_OF_MANY_SERIES, _MANY_SERIES = 100_000, 5_000, 2_000
# Among the streams of a run those of its values are known by this.
_VALUES = "values/"
# A chart of so many names is none; and each is a row that every look at the run has to pass.
MAX_TYPED_NAMES = 1_000


class Ingest:
    """The metric points and values of one run.

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
        self._events = EventFiles(folder)
        self._values_reader: ValuesReader | None = None
        self._offsets: dict[str, int] | None = None
        self._keep = keep
        self._removed_at = time.monotonic()
        self._points: list[StreamPoints] = []
        self._series = 0
        self._values: list[StreamValues] = []
        self._names: set[str] | None = None
        self._spoilt: set[str] = set()
        self._bad = 0
        self._surplus = 0
        self._before: dict[str, int] = {}
        self._counts = (0, 0)

    def begin_anew(self) -> None:
        """Nothing of this run can be stored yet: nobody has to ask."""
        self._offsets, self._names = {}, set()

    def look(self, *, final: bool = False) -> bool:
        """Read what is new; whether there is anything, to be stored by `store_together`.

        With `final` all writers are dead.
        """
        offsets = self._known_offsets()
        # A stream's name is a file's name that the script chose; ours are plain.
        # A series costs about as much as a thousand points: who else writes must not wait for very many of them, and
        # before the first look nobody knows how many there are.
        limit = _POINTS_AT_ONCE if 0 < self._series < _MANY_SERIES else _POINTS_OF_MANY_SERIES
        found = self._reader.poll(offsets, final=final, limit=limit)
        self._points = [points for points in found if points.stream.isascii()]
        self._series = max([self._series, *(len(points.names) for points in self._points)])
        self._points += self._events.poll(offsets, final=final)
        self._values = self._read_values(offsets)
        return bool(self._points or self._values)

    def _read_values(self, offsets: dict[str, int]) -> list[StreamValues]:
        if self._values_reader is None:
            if not self._has_any("values"):
                return []
            from jupyter_mlws.runfolder.values_reader import ValuesReader

            self._values_reader = ValuesReader(self._folder)
        of_values = {name[len(_VALUES) :]: end for name, end in offsets.items() if name.startswith(_VALUES)}
        # A line longer than any of ours, such as the hole of a file that was made long: nobody knows where it ends.
        found = self._values_reader.poll(of_values | dict.fromkeys(self._spoilt, 1 << 62))
        for part in found:
            if part.bad and not part.values and part.end - part.start > MAX_LINE_BYTES:
                self._spoilt.add(part.stream)
        return found

    def _has_any(self, name: str) -> bool:
        place = self._folder.path / name
        return not place.is_symlink() and any(place.glob("*"))

    @property
    def found_many(self) -> bool:
        """Whether so many points were read that there may well be more already."""
        return sum(map(len, self._points)) >= _MANY

    @property
    def points(self) -> list[tuple[str, StreamPoints]]:
        """What was read of the journal and is not stored, each with the id of the run."""
        return [(self._run_id, points) for points in self._points]

    def put_values(self, c: Connection) -> None:
        """Store the values that were read in a transaction, with how far they were read."""
        for part in self._values:
            self._put_values(c, part)

    def _put_values(self, c: Connection, part: StreamValues) -> None:
        from jupyter_mlws.store.typed_metrics import NewValue, all_typed_names, append_values

        if self._names is None:
            self._names = all_typed_names(c, self._run_id)
        kept = []
        for value in part.values:
            if value.name not in self._names and len(self._names) >= MAX_TYPED_NAMES:
                self._surplus += 1
                continue
            self._names.add(value.name)
            kept.append(NewValue(**value._asdict()))
        append_values(c, self._run_id, _VALUES + part.stream, part.start, part.end, kept)

    def begin(self) -> None:
        """What is stored is unknown from here to `stored`: the answer to the commit may be what gets lost."""
        self._before, self._offsets = self._known_offsets(), None
        self._counts = self._bad, self._surplus

    def not_stored(self) -> None:
        """Read again from what the database says, the next time."""
        self._bad, self._surplus = self._counts
        self._names = None

    def stored(self) -> None:
        """Note that all that was read is stored for good."""
        self._offsets = (
            self._before
            | {points.stream: points.end for points in self._points}
            | {_VALUES + part.stream: part.end for part in self._values}
        )
        self._bad += sum(part.bad for part in self._values)
        self._points, self._values = [], []
        self._remove_stored()

    def dropped(self) -> int:
        """How many points and values have found no room on the disk so far."""
        return self._reader.dropped()

    def surplus(self) -> int:
        """How many values were left out because their metric has as many files as are kept."""
        return self._reader.surplus()

    @property
    def is_full_of_names(self) -> bool:
        """Whether a process of the run has logged so many different names that no other is taken."""
        return self._series >= MOST_NAMES

    def warnings(self) -> list[str]:
        """What a person should know of what was read."""
        found = []
        if self._bad:
            found.append(f"{self._bad:,} lines among the logged values could not be understood and were left out.")
        if self._surplus:
            found.append(
                f"{self._surplus:,} values were left out: a run keeps at most {MAX_TYPED_NAMES:,} names of tables, "
                "images and the like."
            )
        if many := self.surplus():
            most = f"a metric keeps at most {MAX_VALUE_FILES:,} files"
            found.append(f"{many:,} pictures, sounds or tables were left out: {most}.")
        return [*found, *self._events.warnings()]

    def _remove_stored(self) -> None:
        """Give the space of stored points back, now and then: a long run logs more than its journal should hold."""
        now = time.monotonic()
        if self._offsets and not self._keep and now - self._removed_at > _REMOVE_EVERY_S:
            self._removed_at = now
            self._reader.remove_consumed(self._offsets)

    def _known_offsets(self) -> dict[str, int]:
        if self._offsets is None:
            self._offsets = self._stored_offsets()
        return self._offsets

    def _stored_offsets(self) -> dict[str, int]:
        if not any(map(self._has_any, ("journal", "values", "outputs", "logs"))):
            return {}
        from jupyter_mlws.store.streams import offsets

        with self._context.store.read() as c:
            return offsets(c, self._run_id)


def store_together(context: Context, ingests: Sequence[Ingest]) -> None:
    """Store what several runs have read in one transaction, which waits for the disk once."""
    faults.point("ingest.points")
    for ingest in ingests:
        ingest.begin()
    try:
        with context.write() as c:
            _put_points(c, [points for ingest in ingests for points in ingest.points])
            for ingest in ingests:
                ingest.put_values(c)
    except BaseException:
        for ingest in ingests:
            ingest.not_stored()
        raise
    faults.point("ingest.points_stored")
    for ingest in ingests:
        ingest.stored()


def _put_points(c: Connection, points: Sequence[tuple[str, StreamPoints]]) -> None:
    if points:
        # Imported with the first point: numpy would delay the first start.
        from jupyter_mlws.store.metrics import append_together

        append_together(c, points, {(run_id, each.stream): each.values for run_id, each in points if each.values})

"""Reading points by offset while they are written, and to the last one after the writers' death."""

from __future__ import annotations

import os
import time

from jupyter_mlws.runfolder.journal_format import DROPPED_MARK, KEYS_SUFFIX, SURPLUS
from jupyter_mlws.runfolder.journal_stream import Stream, StreamPoints
from jupyter_mlws.runfolder.names import JOURNAL

__all__ = ["JournalReader", "StreamPoints"]

# Stores become visible in order on x86.
_ORDERED = os.name == "nt" or os.uname().machine in ("x86_64", "amd64", "i386", "i686")
# The time of a folder's last change has the file system's tick as its grain; on some a whole second or two.
_GRAIN_S = 0.05
_COARSE_GRAIN_S = 2.1
_SECOND_NS = 1_000_000_000
_MOST_DIGITS = 18


class JournalReader:
    """Reads all streams of a run folder.

    It keeps no file open and trusts no byte, for the folder belongs to scripts.

    Parameters
    ----------
    folder : str or path
        The run folder.
    ordered : bool, optional
        Whether this processor shows another's stores in order; by default known from its kind.
    """

    def __init__(self, folder: str | os.PathLike[str], *, ordered: bool | None = None) -> None:
        self._folder = os.path.join(folder, JOURNAL)
        self._ordered = _ORDERED if ordered is None else ordered
        self._streams: dict[str, Stream] = {}
        self._begun: set[str] = set()
        self._changed_at = -1
        self._seen_at = 0.0

    def poll(self, offsets: dict[str, int], *, final: bool = False, limit: int = 100_000) -> list[StreamPoints]:
        """What was logged after these offsets.

        Parameters
        ----------
        offsets : dict of str to int
            For each stream the `end` of the last points that were stored; a stream that is not named begins at 0.
        final : bool
            All writers are dead: records behind an empty slot are read as well, and without waiting.
        limit : int
            At most about so many points of each stream; who gets any asks again.
        """
        self._list(final)
        # A stream without a segment has nothing to read: a script may leave thousands of these.
        begun = [(name, stream) for name, stream in self._streams.items() if name in self._begun]
        found = [stream.read(offsets.get(name, 0), final, limit) for name, stream in begun]
        return [points for points in found if points is not None]

    def dropped(self) -> int:
        """How many points the writers could not keep because the disk was full."""
        self._list(final=True)
        counts = {name: count for name, count in self._named_counts().items() if not name.startswith(SURPLUS)}
        for name, stream in self._streams.items():
            counts[name] = max(counts.get(name, 0), stream.dropped())
        return sum(counts.values())

    def surplus(self) -> int:
        """How many values the writers left out because their metric has as many files as are kept."""
        return sum(count for name, count in self._named_counts().items() if name.startswith(SURPLUS))

    def _named_counts(self) -> dict[str, int]:
        """What writers without a segment could only put into a file's name."""
        try:
            entries = os.listdir(self._folder)
        except OSError:
            return {}
        found: dict[str, int] = {}
        for entry in entries:
            name, mark, count = entry.rpartition(DROPPED_MARK)
            if mark and count.isdecimal() and count.isascii() and len(count) < _MOST_DIGITS:
                found[name] = max(found.get(name, 0), int(count))
        return found

    def remove_consumed(self, offsets: dict[str, int]) -> None:
        """Remove segments that lie wholly before these offsets, which must be stored for good by now."""
        for name, stream in self._streams.items():
            stream.remove_before(offsets.get(name, 0))

    def _list(self, final: bool) -> None:
        """Look for new streams, if the folder has changed since the last look; at the end in any case."""
        try:
            changed = os.stat(self._folder).st_mtime_ns
            if changed != self._changed_at:
                self._changed_at, self._seen_at = changed, time.monotonic()
            # A second change within one tick does not show. That is judged by how long we know of the first one, for
            # this machine's clock may be set, and may not be that of the disk.
            elif not final and time.monotonic() - self._seen_at > _grain_s(changed):
                return
            entries = sorted(os.listdir(self._folder))
        except OSError:
            return
        for entry in entries:
            name = entry[: -len(KEYS_SUFFIX)]
            if entry.endswith(KEYS_SUFFIX) and name and name not in self._streams:
                self._streams[name] = Stream(self._folder, name, self._ordered)
        parts = (entry.rpartition(".") for entry in entries)
        self._begun.update(name for name, _, index in parts if index.isdecimal())


def _grain_s(changed_ns: int) -> float:
    return _GRAIN_S if changed_ns % _SECOND_NS else _COARSE_GRAIN_S

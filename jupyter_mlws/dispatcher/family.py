"""The runs of one run folder: the root, and the children that its script has made. A thousand of them cost little.

No child has a thread, a file or a timer of its own. Those that log are looked at as often as their root; the others
ever less often, and ended ones not at all, until the root has ended.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.part import Part, PartOfChild
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store.run_children import descendants

__all__ = ["Family"]

# The longest that an open child is left alone: by itself, for each of its siblings, and of however many.
_LONGEST_S = 0.4
_LONGER_S = 0.005
_MOST_S = 30.0
# One that has just logged is looked at again as soon as its root may be.
_SOON_S = 0.08
_PAUSE_S = 0.2
# At most this share of the time goes into looking whether somebody has posted something, or left a file.
_MAIL_SHARE = 0.02


class Family:
    """The root and its children, as far as they are recorded.

    Parameters
    ----------
    context : Context
    root : Part
    folder : RunFolder
    """

    def __init__(self, context: Context, root: Part, folder: RunFolder) -> None:
        self.root = root
        self._context = context
        self._folder = folder
        self._children: dict[str, PartOfChild] = {}
        self._names: dict[str, Part] = dict.fromkeys(root.names, root)
        self._open: dict[str, PartOfChild] = {}
        self._mail_at = 0.0
        with context.store.read() as c:
            known = descendants(c, root.number)
        for child in known:
            self._add(PartOfChild(context, child.id, child.number, folder), is_open=not child.status.is_terminal)

    def __len__(self) -> int:
        return 1 + len(self._children)

    def __iter__(self) -> Iterator[Part]:
        yield self.root
        yield from list(self._children.values())

    def find(self, name: object) -> Part | None:
        """The run of this id or number; None when it is none of these."""
        return self._names.get(name) if isinstance(name, str) else None

    def add(self, made: Iterable[tuple[str, int, bool]]) -> None:
        """Know these children, given by id, number and whether they are open: they were just recorded."""
        for run_id, number, is_open in made:
            if run_id not in self._children:
                part = PartOfChild(self._context, run_id, number, self._folder)
                part.is_new = True
                part.ingest.begin_anew()
                self._add(part, is_open=is_open)

    def _add(self, part: PartOfChild, *, is_open: bool) -> None:
        self._children[part.id] = part
        self._names.update(dict.fromkeys(part.names, part))
        part.open = is_open
        if is_open:
            part.note_activity(time.monotonic())
            self._open[part.id] = part

    def end(self, part: Part) -> None:
        """A child has ended: it is looked at once more, at the end of its root."""
        part.open = False
        self._open.pop(part.id, None)

    @property
    def open_ones(self) -> list[Part]:
        """The runs that may still log."""
        return [self.root, *self._open.values()]

    def due(self) -> list[PartOfChild]:
        """The children that it is time to look at."""
        now = time.monotonic()
        return [part for part in self._open.values() if part.look_at <= now]

    def looked(self, part: PartOfChild, *, found: bool) -> None:
        """Note what came of a look, and when the next one is due."""
        now = time.monotonic()
        if found or part.has_written():
            part.note_activity(now)
        longest = min(max(_LONGEST_S, _LONGER_S * len(self._open)), _MOST_S)
        part.look_at = now + max(_SOON_S, part.pause_s)
        part.pause_s = min(max(2 * part.pause_s, _PAUSE_S), longest)

    def to_scan(self) -> list[PartOfChild]:
        """The open children that may have left files."""
        now = time.monotonic()
        return [part for part in self._open.values() if part.scan_until >= now]

    def with_mail(self, *, whole: bool = False) -> list[Part]:
        """The runs whose mailbox has changed: of all, or of the root alone while it is too early for the others."""
        now = time.monotonic()
        if not whole and now < self._mail_at:
            return [self.root]
        found = [part for part in self._children.values() if part.has_mail() and part.is_there()]
        for part in found:
            if part.open:
                part.note_activity(now)
                part.look_at = 0.0  # it lives
        self._mail_at = now + (time.monotonic() - now) / _MAIL_SHARE
        return [self.root, *found]

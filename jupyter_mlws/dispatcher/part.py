"""What comes out of one run of a run folder, its own or a child's: points, values, files, requests."""

from __future__ import annotations

import os
import stat
import time

from sqlalchemy import Connection

from jupyter_mlws.dispatcher.collecting import Baseline, Collector
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.ingesting import Ingest
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.mailbox import Request
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services.holding import Hold
from jupyter_mlws.store import files

__all__ = ["Part", "PartOfChild"]

_MAX_WARNINGS = 20
_MAX_WARNING = 500
# The time of a folder's last change has the file system's tick as its grain; on some two seconds.
_GRAIN_S = 0.1
_COARSE_GRAIN_S = 2.1
_SECOND_NS = 1_000_000_000
_WRITTEN = (names.OUTPUTS, names.UPLOADS)


class Part:
    """One run whose process writes into a run folder.

    Parameters
    ----------
    context : Context
    run_id : str
    number : int
    root : RunFolder
        The run folder.
    inside : str
        For a child: its place in it.

    Attributes
    ----------
    open : bool
        Whether it has not ended; what an ended one still writes is taken in at the end of its root.
    count : int
        Requests that were carried out, as counted by this dispatcher.
    more : bool
        There are requests that were not looked at yet.
    is_new : bool
        No earlier dispatcher can have collected files of it.
    """

    def __init__(self, context: Context, run_id: str, number: int, root: RunFolder, inside: str = "") -> None:
        self.id = run_id
        self.number = number
        self.root = root
        self.inside = inside
        self.folder = RunFolder(root.path / inside) if inside else root
        self.open = True
        self.count = 0
        self.more = True
        self.stuck: set[str] = set()
        self.is_new = False
        self.ingest = Ingest(context, self.folder, run_id, keep=context.settings.keep_run_folder)
        self._context = context
        self._collector: Collector | None = None
        self._refusals: list[str] = []
        self._mail_at = -1
        self._mail_seen_at = 0.0

    @property
    def names(self) -> frozenset[str]:
        """What the run may be called in a request."""
        return frozenset((self.id, str(self.number), f"#{self.number}"))

    @property
    def collector(self) -> Collector:
        """The files of the run; what an earlier dispatcher collected is asked for once."""
        if self._collector is None:
            self.begin_collecting("", {})
        assert self._collector is not None
        return self._collector

    def begin_collecting(self, working_directory: str, baseline: Baseline) -> None:
        """Look for files from now on; `baseline` are those that were there before the script."""
        settings, known = self._context.settings, []
        if not self.is_new:
            with self._context.store.read() as c:
                known = files.list_files(c, self.id)
        self._collector = Collector(
            self.root,
            working_directory,
            baseline,
            self._context.blobs,
            known,
            settle_s=settings.settle_s,
            max_bytes=settings.max_output_bytes,
            inside=self.inside,
            hold=lambda: Hold(self._context.store, self._context.blobs),
            masker=self._context.maskers.get(self.root.path.name),
        )

    @property
    def has_collected(self) -> bool:
        """Whether files were looked for at all."""
        return self._collector is not None

    def is_there(self) -> bool:
        """Whether its folder is one, and no link that leads elsewhere."""
        return not self.inside or (_is_folder(self.root.children) and _is_folder(self.folder.path))

    def has_mail(self) -> bool:
        """Whether the mailbox has changed since the last look, or may have."""
        try:
            changed = os.lstat(self.folder.requests).st_mtime_ns
        except OSError:
            return False
        now = time.monotonic()
        if changed != self._mail_at:
            self._mail_at, self._mail_seen_at = changed, now
            return True
        # A second change within one tick does not show.
        grain = _GRAIN_S if changed % _SECOND_NS else _COARSE_GRAIN_S
        return self.more or now - self._mail_seen_at <= grain

    def refuse(self, request: Request, reason: object) -> None:
        """Note that something which the script told was refused."""
        self.warn(f"The script's request {request.operation[:80] or '?'} was refused: {reason}")

    def warn(self, sentence: str) -> None:
        """Note what a person should know: few sentences and short ones, for the script chooses what they quote."""
        sentence = sentence if len(sentence) <= _MAX_WARNING else sentence[: _MAX_WARNING - 1] + "…"
        if len(self._refusals) < _MAX_WARNINGS and sentence not in self._refusals:
            self._refusals.append(sentence)

    def record_files(self, c: Connection) -> None:
        """Record the collected files; `recorded` of the collector is told after the commit."""
        if self.has_collected and self.collector.pending:
            self.collector.check_kept(c)
            files.put_files(c, self.id, self.collector.pending)

    def warnings(self) -> list[str]:
        """What a person should know, a sentence each."""
        collected = self.collector.warnings if self.has_collected else ()
        return [*collected, *self._refusals, *self.ingest.warnings()]


class PartOfChild(Part):
    """A child that a script has made, with the times at which it is looked at.

    Attributes
    ----------
    look_at : float
        When to look for points again.
    pause_s : float
        How long it is left alone after a look without any.
    scan_until : float
        Until when its files are looked for; longer ago nothing happened in its folder.
    """

    def __init__(self, context: Context, run_id: str, number: int, root: RunFolder) -> None:
        super().__init__(context, run_id, number, root, f"{names.CHILDREN}/{run_id}")
        self.look_at = 0.0
        self.pause_s = 0.0
        self.scan_until = 0.0
        self._written: tuple[int, ...] = ()

    def note_activity(self, now: float) -> None:
        """Something happened: there may be files, too."""
        self.pause_s = 0.0
        self.scan_until = max(self.scan_until, now + 3 * self._context.settings.settle_s)

    def has_written(self) -> bool:
        """Whether its folders of files have changed since the last look."""
        before, self._written = self._written, tuple(_changed(self.folder.path / name) for name in _WRITTEN)
        return before != self._written


def _is_folder(path: os.PathLike[str]) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _changed(path: os.PathLike[str]) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0

"""Collecting what a script leaves: as it settles, and all of it at the end."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher import tree
from jupyter_mlws.dispatcher.naming import ROOTS, name_of_code, storable
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.files import open_inside
from jupyter_mlws.runfolder.masking import Masker
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services.holding import Hold

__all__ = ["LEFT", "Baseline", "Collector", "baseline_of"]

_log = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# What programs leave in any folder and nobody calls a result.
_SKIPPED = frozenset({"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".mypy_cache", ".ruff_cache"})
_OUR_LOGS = frozenset(os.path.basename(log) for log in (names.STD_LOG, names.AGENT_LOG, names.ENVIRONMENT_LOG))
# Files that were too large to collect are kept here in the run folder.
LEFT = "left"
_MAX_WARNINGS = 20
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)

Baseline = dict[str, tuple[int, int]]


def baseline_of(folder: RunFolder) -> Baseline:
    """Size and time of every file of code/ before the script starts: what differs afterwards is the script's work."""
    root = tree.open_folder(folder.code)
    if root is None:
        return {}
    try:
        return {entry.path: (entry.size, entry.mtime_ns) for entry in tree.walk(root, _SKIPPED)}
    finally:
        os.close(root)


@dataclass(frozen=True)
class _Found:
    """A file to collect: where it lies, and what it will be called."""

    folder: str
    path: str
    name: str
    kind: FileKind
    size: int
    mtime_ns: int
    mode: int

    @property
    def key(self) -> tuple[FileKind, str]:
        return self.kind, self.name

    @property
    def version(self) -> tuple[int, int]:
        # Microseconds, for that is what the record keeps.
        return self.size, self.mtime_ns // 1000


@dataclass
class _Waiting:
    """A version of a file that may still be growing."""

    version: tuple[int, int]
    since: float
    rounds: int = 0


class Collector:
    """The files of one run folder.

    Parameters
    ----------
    folder : RunFolder
    working_directory : str
    baseline : mapping
        See `baseline_of`.
    blobs : BlobStore
    known : iterable of RunFile
        What an earlier dispatcher collected.
    settle_s, max_bytes : float, int
        See `jupyter_mlws.dispatcher.settings.Settings`.
    inside : str
        For the files of a child: its place below `folder`, which is its root's.
    hold : callable, optional
        Called before bytes are stored that will be recorded; see `jupyter_mlws.services.holding`.
    masker : Masker, optional
        Masks secrets in the names that the script has given its files.
    """

    def __init__(
        self,
        folder: RunFolder,
        working_directory: str,
        baseline: Mapping[str, tuple[int, int]],
        blobs: BlobStore,
        known: Iterable[RunFile] = (),
        *,
        settle_s: float = 1.0,
        max_bytes: int = 1 << 30,
        inside: str = "",
        hold: Callable[[], Hold] | None = None,
        masker: Masker | None = None,
    ) -> None:
        self.warnings: dict[str, None] = {}
        self._make_hold = hold
        self._masker = masker
        # By the name as it is recorded; another file's takes none of these.
        self._masked: dict[tuple[FileKind, str], str] = {}
        self._hold: Hold | None = None
        self._folder = folder
        self._inside = inside
        self._working_directory = working_directory
        self._baseline = baseline
        self._blobs = blobs
        self._settle_s = settle_s
        self._max_bytes = max_bytes
        self._stored = {(file.kind, file.name): _version_of(file) for file in known}
        self._waiting: dict[tuple[FileKind, str], _Waiting] = {}
        self._too_large: dict[tuple[FileKind, str], _Found] = {}
        self._pending: dict[tuple[FileKind, str], RunFile] = {}

    # -- what is asked

    @property
    def pending(self) -> list[RunFile]:
        """The files whose bytes are stored and which nobody has recorded yet."""
        return list(self._pending.values())

    def recorded(self) -> None:
        """Note that all pending files are in the record."""
        self._pending.clear()

    def not_kept(self) -> None:
        """Note that the bytes of the pending files are not safe: they are stored anew at the next look."""
        for key in self._pending:
            self._stored.pop(key, None)
        self._pending.clear()

    def check_kept(self, c: Connection) -> None:
        """In the transaction that is to record the pending files: whether a garbage collection has left their bytes.

        Raises
        ------
        Unavailable
            Not all; they are stored anew at the next look.
        """
        if self._hold is None:
            return
        try:
            self._hold.check(c, ((file.digest, file.size_bytes) for file in self._pending.values()))
        except Unavailable:
            self.not_kept()
            raise

    def settled(self) -> None:
        """Store the files that have not changed for a while and were not stored as they are."""
        now = time.monotonic()
        self._store(found for found in self._find() if self._has_settled(found, now))

    def named(self, path: str) -> None:
        """Store the output of this name, or all outputs below it, without waiting for them to settle."""
        path = self._public(path, FileKind.OUTPUT)
        wanted = [
            found
            for found in self._find()
            if found.kind is FileKind.OUTPUT and (found.name == path or found.name.startswith(path + "/"))
        ]
        self._store(found for found in wanted if self._stored.get(found.key) != found.version)

    def now(self) -> None:
        """Store all that the script has left so far and that is not stored as it is: somebody asks for it."""
        self._store(found for found in self._find() if self._stored.get(found.key) != found.version)

    def everything(self) -> None:
        """Store all that is not stored yet, our own logs included: the script has ended."""
        self._store(item for item in (*self._find(), *self._logs()) if self._stored.get(item.key) != item.version)

    def logs(self) -> None:
        """Store our own logs: the script has never begun."""
        self._store(item for item in self._logs() if self._stored.get(item.key) != item.version)

    def keep_left(self) -> bool:
        """Move what was too large to a place of the run folder that is not removed; False if the disk refused.

        Then the folder must stay as it is, for this is the only copy.
        """
        kept = True
        for number, found in enumerate(self._too_large.values()):
            try:
                faults.point("collecting.keep_left")
                self._keep(found, number)
            except OSError as error:
                _log.warning("%s could not be kept: %s", _shown(found.name), error.strerror)
                kept = kept and error.errno not in _OF_THE_DISK
        return kept

    def _keep(self, found: _Found, number: int) -> None:
        """Rename between two open folders: a link in either way, which the script may have put there, is an error."""
        above, _, name = self._place(f"{found.folder}/{found.path}").rpartition("/")
        kept_above, _, kept = self._place(storable(found.name)).rpartition("/")
        source = open_inside(self._folder, above)
        try:
            target = open_inside(self._folder, f"{LEFT}/{kept_above}".rstrip("/"), make=True)
            try:
                if kept in os.listdir(target):
                    kept = f"{kept}.{number}"
                os.rename(name, kept, src_dir_fd=source, dst_dir_fd=target)
            finally:
                os.close(target)
        finally:
            os.close(source)

    def _place_of_left(self) -> str:
        return f"{LEFT}/{self._inside}" if self._inside else LEFT

    def _place(self, path: str) -> str:
        """Where a path of this run lies below the run folder."""
        return f"{self._inside}/{path}" if self._inside else path

    def _open(self, folder: str) -> int | None:
        """A folder of this run, never through a link."""
        try:
            return open_inside(self._folder, self._place(folder))
        except OSError:
            return None

    # -- finding

    def _find(self) -> Iterator[_Found]:
        for folder, prefix, kind in ROOTS:
            for entry in self._entries(folder, prefix):
                if folder == names.LOGS and entry.path in _OUR_LOGS:
                    continue
                yield self._found(folder, entry, prefix + entry.path, kind)
        for entry in self._entries(names.CODE, ""):
            if self._baseline.get(entry.path) != (entry.size, entry.mtime_ns):
                name = name_of_code(entry.path, self._working_directory)
                yield self._found(names.CODE, entry, name, FileKind.OUTPUT)

    def _found(self, folder: str, entry: tree.Entry, name: str, kind: FileKind) -> _Found:
        return _Found(folder, entry.path, self._public(name, kind), kind, entry.size, entry.mtime_ns, entry.mode)

    def _public(self, name: str, kind: FileKind) -> str:
        """A name without secrets: of several that look alike then, the later ones have a number."""
        masked = name if self._masker is None else self._masker.text(name)
        if masked == name:
            return name
        shown, number = masked, 1
        while self._masked.setdefault((kind, shown), name) != name:
            number += 1
            shown = f"{masked}.{number}"
        return shown

    def _entries(self, folder: str, prefix: str) -> Iterator[tree.Entry]:
        root = self._open(folder)
        if root is None:
            return
        try:
            for entry in tree.walk(root, _SKIPPED):
                if entry.kind == "file":
                    # A temporary file of ours is a file in the making.
                    if not os.path.basename(entry.path).startswith(".mlws-"):
                        yield entry
                elif folder != names.CODE or self._is_new_link(entry):
                    self._warn(_refusal(self._public(prefix + entry.path, FileKind.OUTPUT), entry.kind))
        finally:
            os.close(root)

    def _is_new_link(self, entry: tree.Entry) -> bool:
        return entry.path not in self._baseline

    def _logs(self) -> Iterator[_Found]:
        root = self._open(names.LOGS)
        if root is None:
            return
        try:
            for entry in tree.walk(root):
                if entry.path in _OUR_LOGS and entry.kind == "file":
                    yield self._found(names.LOGS, entry, entry.path, FileKind.LOG)
        finally:
            os.close(root)

    def _has_settled(self, found: _Found, now: float) -> bool:
        if self._stored.get(found.key) == found.version:
            return False
        waiting = self._waiting.setdefault(found.key, _Waiting(found.version, now))
        if waiting.version != found.version:
            waiting.version, waiting.since = found.version, now
            return False
        # A file that is written again and again is stored less and less often before the end.
        if now - waiting.since < self._settle_s * 2 ** min(waiting.rounds, 10):
            return False
        waiting.rounds += 1
        return True

    # -- storing

    def _store(self, wanted: Iterable[_Found]) -> None:
        for found in wanted:
            if found.size > self._max_bytes and found.kind is not FileKind.LOG:
                self._too_large[found.key] = found
                self._warn(
                    f"{_shown(found.name)} has {found.size:,} bytes, above the limit of {self._max_bytes:,}, and was "
                    f"left in the run's folder runs/{self._folder.path.name}/{self._place_of_left()}."
                )
                continue
            self._store_one(found)

    def _store_one(self, found: _Found) -> None:
        root = self._open(found.folder)
        if root is None:
            return
        try:
            fd = tree.open_below(root, found.path)
        except PermissionError:
            self._warn(f"{_shown(found.name)} cannot be read and was not kept.")
            return
        except OSError:  # gone, or replaced by a link: the next look says which
            return
        finally:
            os.close(root)
        with open(fd, "rb", buffering=0) as file:
            if self._is_hollow(os.fstat(fd)):
                self._warn(f"{_shown(found.name)} is mostly a hole and was not kept.")
                return
            if not self._pending and self._make_hold is not None:
                self._hold = self._make_hold()
            faults.point("collecting.store")
            blob = self._blobs.put_stream(file)
            after = os.fstat(fd)
        if blob.size_bytes != after.st_size and found.kind is not FileKind.LOG:
            return  # it is still being written: it will come again
        faults.point("collecting.stored")
        self._stored[found.key] = (after.st_size, after.st_mtime_ns // 1000)
        name = storable(found.name)
        if name != found.name:
            self._warn(f"A file with an unusual name was kept as {name}.")
        self._pending[found.key] = RunFile(
            name=name,
            kind=found.kind,
            size_bytes=blob.size_bytes,
            digest=blob.digest,
            mode=found.mode,
            modified_at=_time_of(after.st_mtime_ns),
        )

    def _is_hollow(self, facts: os.stat_result) -> bool:
        """Whether a file that is kept at any size (a log of ours) says that it is large, and is not."""
        return facts.st_size > self._max_bytes and getattr(facts, "st_blocks", 0) * 512 < facts.st_size // 2

    def _warn(self, sentence: str) -> None:
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.setdefault(sentence)


def _time_of(mtime_ns: int) -> datetime:
    """When a file was changed; 1970 where no date can say it, for a file may have any time, that of no year too."""
    try:
        return _EPOCH + timedelta(microseconds=mtime_ns // 1000)
    except OverflowError:
        return _EPOCH


def _version_of(file: RunFile) -> tuple[int, int]:
    return file.size_bytes, (file.modified_at - _EPOCH) // timedelta(microseconds=1)


def _refusal(name: str, kind: str) -> str:
    if kind == "link":
        return f"{_shown(name)} is a symbolic link, and links are not followed: it was not kept."
    return f"{_shown(name)} is no plain file and was not kept."


def _shown(name: str) -> str:
    return storable(name)

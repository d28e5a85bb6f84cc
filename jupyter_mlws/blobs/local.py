"""Blobs in a folder of this machine.

A blob is written to ``drafts/`` and renamed into place, so a half-made one is never seen. Its mode tells how safe it
is: 0600 while only the page cache may know it, 0400 once a sync pass has brought it to the disk; that is what makes a
second sync of the same blobs cost one stat each.
"""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE
from typing import BinaryIO

from jupyter_mlws import faults
from jupyter_mlws.blobs import sweeping
from jupyter_mlws.blobs.durable import sync_files
from jupyter_mlws.blobs.place import FORMAT, RENEW_S, FoundBlob, missing
from jupyter_mlws.errors import MlwsError, NotFound, StorageFull, Unavailable, WorkspaceError
from jupyter_mlws.runfolder.files import is_of_living

__all__ = ["LocalPlace", "full_disk_named"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EEXIST, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS)
# No draft is written to for so long.
_STALE_S = 86_400.0
_SYNCED = 0o400
_FRESH = 0o600
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@contextmanager
def full_disk_named(folder: str | Path) -> Iterator[None]:
    """Answer a full disk or quota with `StorageFull` that names the folder."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StorageFull(
            f"There is no room left to write in {folder} ({os.strerror(error.errno or 0)}).",
            hint="Free some space there, or move the workspace to a larger disk.",
            details={"folder": str(folder)},
        ) from error


class LocalPlace:
    """Blobs below `root`, made on first use."""

    def __init__(self, root: str | Path) -> None:
        self.root = os.path.abspath(root)
        self._names = itertools.count()
        self._ready = False
        self._folders: set[str] = set()

    def is_below(self, folder: str | Path) -> bool:
        """Whether the blobs lie inside this folder."""
        return Path(os.path.realpath(self.root)).is_relative_to(os.path.realpath(folder))

    def _file(self, digest: str) -> str:
        return f"{self.root}/{digest[:2]}/{digest[2:]}"

    def has(self, digest: str, size: int) -> bool:
        path = f"{self.root}/{digest[:2]}/{digest[2:]}"
        try:
            facts = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if facts.st_size != size:
            return False
        if facts.st_mtime < time.time() - RENEW_S:
            _renew(path)
        return True

    def size(self, digest: str) -> int | None:
        try:
            return os.stat(f"{self.root}/{digest[:2]}/{digest[2:]}").st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def put(self, digest: str, data: bytes) -> None:
        if self.has(digest, len(data)):
            return
        draft = self.draft()
        try:
            draft.write(data)
        except BaseException:
            draft.discard()
            raise
        draft.publish(digest, len(data))

    def draft(self) -> LocalDraft:
        self._prepare()
        temporary = f"{self.root}/drafts/{os.getpid()}-{next(self._names)}-{os.urandom(4).hex()}"
        with full_disk_named(self.root):
            faults.point("blobs.draft")
            try:
                descriptor = os.open(temporary, _CREATE, _FRESH)
            except FileNotFoundError as error:
                # It was there before, and is not made anew: its disk may be mounted again.
                raise WorkspaceError(
                    f"Nothing can be kept in {self.root}: that folder is gone.",
                    hint="Put it back, or mount its disk again; then do this once more.",
                ) from error
        return LocalDraft(self, temporary, descriptor)

    def adopt(self, temporary: str, digest: str, size: int) -> None:
        """Rename a finished temporary file to its digest, or drop it where the digest is there."""
        if self.has(digest, size):
            os.unlink(temporary)
            return
        folder = f"{self.root}/{digest[:2]}"
        if folder not in self._folders:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            self._folders.add(folder)
        faults.point("blobs.rename")
        os.rename(temporary, f"{folder}/{digest[2:]}")
        faults.point("blobs.renamed")

    def open(self, digest: str) -> BinaryIO:
        return open(self._file(digest), "rb")

    def path(self, digest: str) -> Path | None:
        return Path(self._file(digest))

    def sync(self, digests: Iterable[str]) -> None:
        fresh = [path for path in map(self._file, sorted(set(digests))) if _is_fresh(path)]
        if not fresh:
            return
        # Up to the folder that holds ours: a new folder is itself an entry that a power loss may take.
        folders = [*sorted({os.path.dirname(path) for path in fresh}), self.root, os.path.dirname(self.root)]
        try:
            sync_files(fresh, folders)
        except FileNotFoundError as error:
            # A collection took it, which holds up nobody who has not recorded it yet; the disk is well.
            raise missing(_digest_of_file(str(error.filename))) from error
        except OSError as error:
            raise self._not_kept(fresh, error) from error
        faults.point("blobs.synced")
        for path in fresh:
            with _gone_named(path):
                os.chmod(path, _SYNCED)

    def _not_kept(self, fresh: list[str], error: OSError) -> MlwsError:
        """After a failed sync nobody knows what is on the disk, and a second sync would say that all is well.

        So what was to be synced is dropped, whatever the reason: who brings it again writes it again.
        """
        for path in fresh:
            with suppress(NotFound):
                if _is_fresh(path):  # another may have brought it to the disk meanwhile, and recorded it
                    _unlink(path)
        kind, way_out = (
            (StorageFull, "Free some space there, then try again.")
            if error.errno in _FULL
            else (Unavailable, "Check the disk, then try again.")
        )
        return kind(
            f"The disk did not keep what was written to {self.root} ({os.strerror(error.errno or 0)}).",
            hint=way_out,
            details={"folder": self.root},
        )

    def used_at(self, digest: str) -> float | None:
        try:
            return os.stat(self._file(digest)).st_mtime
        except (FileNotFoundError, NotADirectoryError):
            return None

    def walk(self) -> Iterator[FoundBlob]:
        return sweeping.walk(self.root)

    @property
    def removed_at_once(self) -> int:
        return 200

    def remove(self, digests: Sequence[str], unused_since: float) -> tuple[list[FoundBlob], list[str]]:
        return sweeping.remove(self.root, digests, unused_since)

    def _make_folders(self) -> None:
        try:
            # Two steps: the mode holds for the last folder of each.
            os.makedirs(self.root, mode=0o700, exist_ok=True)
            os.makedirs(f"{self.root}/drafts", mode=0o700, exist_ok=True)
        except OSError as error:
            if error.errno not in _CLOSED:
                raise
            raise WorkspaceError(
                f"Nothing can be stored in {self.root} ({os.strerror(error.errno or 0)}).",
                hint="Check that it is a folder, and its owner and mode; `mlws doctor` tells more.",
            ) from error

    def _prepare(self) -> None:
        """Make the folder, and refuse one that a newer version laid out."""
        if self._ready:
            return
        with full_disk_named(self.root):
            self._make_folders()
            _remove_stale(f"{self.root}/drafts")
            mark = Path(self.root, "format")
            if not mark.exists():
                faults.point("blobs.format")
                mark.write_text(f"{FORMAT}\n")
        found = mark.read_text().strip()
        # An empty mark is one that another process is writing at this moment.
        if found not in ("", str(FORMAT)):
            raise WorkspaceError(
                f"The files of {self.root} have layout {found}, which this version does not know.",
                hint="Update jupyter-mlws.",
            )
        self._ready = True


class LocalDraft:
    """A temporary file that becomes a blob."""

    def __init__(self, place: LocalPlace, path: str, descriptor: int) -> None:
        self._place = place
        self._path = path
        self.descriptor = descriptor

    def write(self, data: bytes | memoryview) -> None:
        with full_disk_named(self._place.root):
            view = memoryview(data)
            while view:
                faults.point("blobs.write")
                view = view[os.write(self.descriptor, view) :]

    def publish(self, digest: str, size: int) -> None:
        try:
            with full_disk_named(self._place.root):
                os.close(self.descriptor)
                self.descriptor = -1
                self._place.adopt(self._path, digest, size)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        _unlink(self._path)


def _renew(path: str) -> None:
    with suppress(OSError):  # of another user, or gone: whoever records it looks again
        os.utime(path)


@contextmanager
def _gone_named(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise missing(_digest_of_file(path)) from None


def _digest_of_file(path: str) -> str:
    return "".join(path.rsplit("/", 2)[1:])


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass  # another got here first, or it was published


def _remove_stale(drafts: str) -> None:
    """Remove what processes left that were killed while they wrote; not on the word of a clock that was set ahead."""
    oldest = time.time() - _STALE_S
    for entry in os.scandir(drafts):
        pid = entry.name.partition("-")[0]
        try:
            if entry.stat(follow_symlinks=False).st_mtime < oldest and not (pid.isdecimal() and is_of_living(int(pid))):
                os.unlink(entry.path)
        except FileNotFoundError:
            continue  # published meanwhile


def _is_fresh(path: str) -> bool:
    with _gone_named(path):
        return S_IMODE(os.stat(path).st_mode) != _SYNCED
    raise AssertionError

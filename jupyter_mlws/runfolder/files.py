"""Small files: written whole or not at all, and read so that no script can trap the reader."""

from __future__ import annotations

import errno
import os
import time

from jupyter_mlws import faults

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeGuard

__all__ = [
    "is_full",
    "is_of_living",
    "open_inside",
    "open_plain",
    "put_new",
    "read_plain",
    "remove_stale",
    "sync_folder",
    "write_whole",
]

# For renameat2: paths are those of this process, and no name is taken from another.
_HERE, _NO_REPLACE = -100, 1
# Nobody takes so long to write a small file.
_STALE_S = 3600.0
# The flags that Windows lacks stand for what it has no run folders for.
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(error: BaseException) -> TypeGuard[OSError]:
    """Whether it says that there is no room: on the disk, in the quota, or by the limit on the size of files."""
    return isinstance(error, OSError) and error.errno in _FULL


def write_whole(
    path: str | os.PathLike[str], data: bytes, mode: int = 0o600, *, durable: bool = False, dir_fd: int | None = None
) -> None:
    """Write `data` beside `path` and rename it into place; the temporary file never outlives a failure.

    With `durable` a power loss leaves the old file or the new one too, and after the return the new one. With `dir_fd`
    the path is a name in that open folder.
    """
    target = os.fspath(path)
    temporary = f"{target}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=dir_fd)
    try:
        with open(fd, "wb") as file:
            faults.point("files.write")
            file.write(data)
            if durable:
                file.flush()
                faults.point("files.fsync")
                os.fsync(file.fileno())
        faults.point("files.rename")
        os.replace(temporary, target, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    except BaseException:
        os.unlink(temporary, dir_fd=dir_fd)
        raise
    if durable:
        sync_folder(os.path.dirname(target) or ".")


def put_new(draft: str | os.PathLike[str], place: str | os.PathLike[str]) -> None:
    """Give a whole file its name, unless something has it; the draft may keep its own.

    Raises
    ------
    FileExistsError
        Something has the name.
    """
    try:
        os.link(draft, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.name == "nt":
            os.rename(draft, place)  # takes no name of another there
        elif not _renamed(os.fsencode(draft), os.fsencode(place)):
            _put_in_two_steps(draft, place)


def _renamed(draft: bytes, place: bytes) -> bool:
    """Rename in one step that takes no name of another, as Linux can on most file systems; whether it did."""
    try:
        import ctypes  # here, for hardly anybody has a need of it
    except ImportError:
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None or rename(_HERE, draft, _HERE, place, _NO_REPLACE) != 0:
        if rename is not None and ctypes.get_errno() == errno.EEXIST:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fsdecode(place))
        return False
    return True


def _put_in_two_steps(draft: str | os.PathLike[str], place: str | os.PathLike[str]) -> None:
    """The name is taken first, by an empty file, which stays where this process is killed in between."""
    os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC))
    try:
        os.replace(draft, place)
    except BaseException:
        os.unlink(place)
        raise


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Have the names in a folder on the disk; Windows has no such wish."""
    if os.name == "nt":
        return
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def remove_stale(folder: str | os.PathLike[str], prefix: str = "", suffix: str = ".tmp") -> None:
    """Remove what processes left in `folder` that were killed while they wrote: temporary files, folders of drafts.

    That is told by their age, and, since a clock may be set ahead, by their writer: the last number in the name.
    """
    import re  # here, for an agent has no need of them
    import shutil

    oldest = time.time() - _STALE_S
    with os.scandir(folder) as entries:
        left = [entry for entry in entries if entry.name.startswith(prefix) and entry.name.endswith(suffix)]
    for entry in left:
        try:
            if entry.stat(follow_symlinks=False).st_mtime >= oldest:
                continue
            pids = re.findall(r"(?<![^.-])\d{1,7}(?=[.-])", entry.name)
            if pids and is_of_living(int(pids[-1])):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)
        except OSError:
            continue  # renamed into place, removed by another, or not ours to remove


def is_of_living(pid: int) -> bool:
    """Whether a process of this number lives here, be it the one that was meant or not."""
    if os.name == "nt":  # there a signal 0 would end it
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return pid > 0


def open_plain(path: str | os.PathLike[str], *, dir_fd: int | None = None) -> int:
    """Open a file for reading; neither a link that a script made is followed, nor a pipe waited for."""
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd)


def open_inside(root: str | os.PathLike[str], path: str, *, make: bool = False) -> int:
    """Open a folder below `root`, part by part and never through a link; `OSError` when something else is there."""
    here = os.open(root, _FOLDER)
    for part in path.split("/"):
        try:
            if make:
                _make(part, here)
            there = os.open(part, _FOLDER, dir_fd=here)
        finally:
            os.close(here)
        here = there
    return here


def _make(name: str, dir_fd: int) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=dir_fd)
    except FileExistsError:
        pass  # what it is shows when it is opened


def read_plain(path: str | os.PathLike[str], limit: int, offset: int = 0, *, dir_fd: int | None = None) -> bytes:
    """At most `limit` bytes of a file; `OSError` for what is none."""
    fd = open_plain(path, dir_fd=dir_fd)
    try:
        return os.pread(fd, limit, offset)
    finally:
        os.close(fd)

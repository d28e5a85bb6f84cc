"""Where in a run folder a process elsewhere may write, and how a file there is opened: never through a link."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_mlws.blobs.local import full_disk_named
from jupyter_mlws.domain.names import check_file_name, check_run_id
from jupyter_mlws.errors import InvalidName, InvalidPath
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.files import open_inside

__all__ = ["beneath", "check_readable", "check_writable", "needs_whole", "open_plain_file"]

_PLAIN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}"
# Of a run and of a child that it made. What stands here grows; what stands below appears whole.
_GROWING = re.compile(rf"(?:journal/{_PLAIN}|values/{_PLAIN}\.jsonl|logs/.+)")
_WHOLE = re.compile(r"(?:mailbox/requests/[0-9a-f]{16}-[0-9a-f]{8}\.json|outputs/.+|uploads/.+)")
_OF_RUN = (names.STATE, names.HEARTBEAT)
_OF_CHILD = (names.JOB,)
_READ = re.compile(r"mailbox/replies/[0-9a-f]{16}-[0-9a-f]{8}\.(?:json|bin)")
# A temporary file of ours: what is collected from the folder passes it over.
_OURS = ".mlws-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_THE_WAY = (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO, errno.EEXIST)
_HINT = "A process writes to journal/, values/, logs/, outputs/, uploads/ and mailbox/requests/ of its run."


def _split(path: str) -> tuple[bool, str]:
    """Whether a path is one of a child, and the path inside its folder."""
    check_file_name(path)
    parts = path.split("/")
    if parts[0] != names.CHILDREN:
        return False, path
    if len(parts) < 3 or not _is_id(parts[1]):
        raise InvalidPath(f"{path[:80]!r} is no place where a run is written.", hint=_HINT)
    return True, "/".join(parts[2:])


def _is_id(text: str) -> bool:
    try:
        check_run_id(text)
    except InvalidName:
        return False
    return True


def check_writable(path: str) -> str:
    """`path` if a process may write there, else `InvalidPath`."""
    of_child, inside = _split(path)
    known = _OF_CHILD if of_child else _OF_RUN
    allowed = inside in known or _GROWING.fullmatch(inside) or _WHOLE.fullmatch(inside)
    if not allowed or any(part.startswith(_OURS) for part in inside.split("/")):
        raise InvalidPath(f"{path[:80]!r} is no place where a run is written.", hint=_HINT)
    return path


def needs_whole(path: str) -> bool:
    """Whether a file appears whole or not at all."""
    of_child, inside = _split(path)
    return (of_child and inside in _OF_CHILD) or _WHOLE.fullmatch(inside) is not None


def check_readable(path: str) -> str:
    """`path` if it is something that is told to the process of a run, else `InvalidPath`."""
    _, inside = _split(path)
    if inside != names.CONTROL and not _READ.fullmatch(inside):
        raise InvalidPath(f"{path[:80]!r} is nothing that is told to a run.", hint="Read control.json or a reply.")
    return path


@contextmanager
def beneath(root: Path, path: str) -> Iterator[tuple[int, str]]:
    """The open folder of a file below `root`, made where it is missing, and the file's name in it.

    Raises
    ------
    InvalidPath
        A link, or something else that is no folder, is in the way.
    StorageFull
    """
    above, _, name = path.rpartition("/")
    with full_disk_named(root), _in_the_way_named(path):
        folder = open_inside(root, above, make=True) if above else os.open(root, _FOLDER)
        try:
            yield folder, name
        finally:
            os.close(folder)


def open_plain_file(folder: int, name: str, path: str, *, fresh: bool = False) -> int:
    """A plain file for writing, made if it is missing; `InvalidPath` for a link or anything else that is there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_TRUNC if fresh else 0)
    fd = os.open(name, flags, 0o600, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise _in_the_way(path)
    return fd


@contextmanager
def _in_the_way_named(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _IN_THE_WAY:
            raise
        raise _in_the_way(path) from error


def _in_the_way(path: str) -> InvalidPath:
    return InvalidPath(
        f"{path[:80]!r} cannot be written: a link or something else is in its way.", hint="Use another name."
    )

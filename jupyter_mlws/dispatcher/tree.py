"""Reading a folder that a script has written: never through a symbolic link, never waiting for a pipe.

Folders are opened one by one, each relative to the one above and refusing links, so that nothing which the script puts
in their place (now or while we read) leads outside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Entry", "open_below", "open_folder", "read_small", "walk"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Non-blocking, for opening a pipe that nobody writes to would wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_DEPTH = 200


class Entry(NamedTuple):
    """A file as it was seen; `kind` is 'file', 'link' or 'special'."""

    path: str
    kind: str
    size: int
    mtime_ns: int
    mode: int


def open_folder(path: str | os.PathLike[str]) -> int | None:
    """A folder that is no link, as a descriptor; None when there is none."""
    try:
        return os.open(path, _FOLDER)
    except OSError:
        return None


def walk(root: int, skip: frozenset[str] = frozenset(), prefix: str = "", depth: int = 0) -> Iterator[Entry]:
    """Everything below an open folder that is no folder, by relative path; folders named in `skip` are left out."""
    with os.scandir(root) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        try:
            facts = entry.stat(follow_symlinks=False)
        except OSError:  # gone while we looked
            continue
        path = prefix + entry.name
        if stat.S_ISDIR(facts.st_mode):
            if entry.name not in skip and depth < _MAX_DEPTH:
                yield from _walk_below(root, entry.name, skip, path + "/", depth + 1)
            continue
        yield Entry(path, _kind(facts.st_mode), facts.st_size, facts.st_mtime_ns, stat.S_IMODE(facts.st_mode))


def _walk_below(root: int, name: str, skip: frozenset[str], prefix: str, depth: int) -> Iterator[Entry]:
    try:
        below = os.open(name, _FOLDER, dir_fd=root)
    except OSError:  # gone, unreadable, or a link by now
        return
    try:
        yield from walk(below, skip, prefix, depth)
    finally:
        os.close(below)


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "special"


def open_below(root: int, path: str) -> int:
    """A plain file below an open folder, for reading.

    Raises
    ------
    OSError
        It is gone, is no plain file, or a link lies on the way.
    """
    *folders, name = path.split("/")
    here = os.dup(root)
    try:
        for folder in folders:
            there = os.open(folder, _FOLDER, dir_fd=here)
            os.close(here)
            here = there
        fd = os.open(name, _FILE, dir_fd=here)
    finally:
        os.close(here)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"{name} is no plain file")
    return fd


def read_small(folder: str | os.PathLike[str], path: str, limit: int, *, tail: bool = False) -> bytes | None:
    """At most `limit` bytes of a plain file's beginning (or end); None when it is missing or no plain file."""
    root = open_folder(folder)
    if root is None:
        return None
    try:
        fd = open_below(root, path)
    except OSError:
        return None
    finally:
        os.close(root)
    with open(fd, "rb") as file:
        if tail:
            file.seek(max(0, os.fstat(fd).st_size - limit))
        return file.read(limit)

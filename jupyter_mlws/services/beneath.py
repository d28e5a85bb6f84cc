"""Opening a file below a folder in which a script may have put links: none of them is followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_beneath"]

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
# O_NONBLOCK: a pipe that was put there must not hold us.
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def open_beneath(root: Path, path: str) -> BinaryIO | None:
    """A regular file at `path` below `root`, or None: also for links, wherever in the path, and for special files.

    Each part is opened relative to the one before, so that swapping a folder for a link at the right moment gains
    nothing.
    """
    *folders, name = path.split("/")
    try:
        current = os.open(root, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    try:
        for folder in folders:
            below = os.open(folder, _FOLDER, dir_fd=current)
            os.close(current)
            current = below
        file = os.open(name, _FILE, dir_fd=current)
    except OSError:
        return None
    finally:
        os.close(current)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        return None
    return open(file, "rb")

"""Folders that scripts have written, measured and removed: however deep, and whatever rights they were given."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["remove_folder", "size_of"]

_LONGEST_S = 600.0


def size_of(folder: str | os.PathLike[str]) -> int:
    """Bytes of all files below, links not followed; what goes, or is closed to us, while we look is not counted."""
    total, waiting = 0, [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                found = list(entries)
        except OSError:
            continue
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                total += _file_size(entry)
    return total


def _file_size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it; a folder that was closed or made read-only is ours all the same.

    Raises
    ------
    OSError
        Something of it stays.
    """
    try:
        _remove(path)
    except PermissionError:
        _open_all(path)
        _remove(path)


def _remove(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except RecursionError:  # before Python 3.13 each level is a call
        _remove_deep(path)
    except OSError as error:
        if error.errno != errno.EMFILE:  # and an open file
            raise
        _remove_deep(path)


def _remove_deep(path: Path) -> None:
    """By a program to which no folder is too deep."""
    command = ["rm", "-rf", "--", os.fspath(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        raise OSError(errno.ETIMEDOUT, "it takes too long") from None
    if done.returncode:
        raise OSError(errno.ENOTEMPTY, "its folders are nested too deeply")


def _open_all(path: Path) -> None:
    """Give ourselves the rights on every folder, each before it is looked into."""
    waiting = [os.fspath(path)]
    while waiting:
        here = waiting.pop()
        if not os.access(here, os.R_OK | os.W_OK | os.X_OK):
            os.chmod(here, 0o700)
        with os.scandir(here) as entries:
            waiting += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]

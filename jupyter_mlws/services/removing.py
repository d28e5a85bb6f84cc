"""Removing folders that scripts have written: however deep they are, and whatever rights they were given."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["remove_folder"]

_LONGEST_S = 600.0


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

"""Files on their way from a script to its workspace: whole in the run folder, or not there."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from jupyter_mlws import faults
from jupyter_mlws.domain.media import MAX_VALUE_FILES, folder_of_values
from jupyter_mlws.errors import AlreadyExists, StorageFull, TooLarge
from jupyter_mlws.runfolder.files import is_full
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["place", "place_value", "taken"]


def _target(folder: RunFolder, name: str) -> Path:
    head, _, rest = name.partition("/")
    roots = {"outputs": folder.outputs, "logs": folder.logs}
    if rest and head in roots:
        return Path(roots[head], rest)
    return Path(folder.uploads, name)


def taken(folder: RunFolder, names: Sequence[str]) -> set[str]:
    """Those of the names that the run folder has files of."""
    return {name for name in names if os.path.lexists(_target(folder, name))}


def place(folder: RunFolder, name: str, file: BinaryIO) -> None:
    """Put a file into a run folder under a checked name; what is there is never replaced.

    Raises
    ------
    AlreadyExists
        There is a file of this name.
    StorageFull
        The disk has no room for it; nothing of it is left.
    """
    target = _target(folder, name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.uploads.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder.uploads, prefix=".mlws-")
        try:
            with os.fdopen(handle, "wb") as out:
                faults.point("sdk.upload")
                shutil.copyfileobj(file, out)
            faults.point("sdk.upload_rename")
            _name(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except FileExistsError:
        raise AlreadyExists(
            f"The run has a file {name[:80]!r} already.", hint="Upload it under another name."
        ) from None
    except OSError as error:
        if is_full(error):
            raise StorageFull(
                f"There is no room on the disk for {name[:80]!r}.", hint="Free some, and again."
            ) from None
        raise


def _name(temporary: str, target: Path) -> None:
    """Give a file its name, unless another has it."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.replace(temporary, target)


def place_value(folder: RunFolder, name: str, data: bytes, suffix: str, first: int = 0) -> tuple[str, int]:
    """Put the file of a logged value under the first free name ``<metric>/<n><suffix>``; gives that, and n.

    Raises
    ------
    TooLarge
        The metric has `MAX_VALUE_FILES` already.
    """
    base = folder_of_values(name)
    for number in range(first, MAX_VALUE_FILES):
        file = f"{base}/{number}{suffix}"
        try:
            place(folder, file, BytesIO(data))
            return file, number
        except AlreadyExists:
            continue
    raise TooLarge(f"{name[:80]!r} has {MAX_VALUE_FILES:,} files, and no more are kept.", hint="Log fewer of them.")

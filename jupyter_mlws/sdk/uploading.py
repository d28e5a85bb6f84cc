"""Files on their way from a script to its workspace: whole in the run folder, or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from jupyter_mlws import faults
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import AlreadyExists, InvalidPath, StorageFull
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["place", "place_picture", "taken"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MOST_PICTURES = 10_000_000


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
        if error.errno in _FULL:
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


def place_picture(folder: RunFolder, name: str, data: bytes, suffix: str, first: int = 0) -> tuple[str, int]:
    """Put the picture of a metric under the first free name ``<metric>/<n><suffix>``; gives that, and n."""
    base = _folder_name(name)
    for number in range(first, _MOST_PICTURES):
        file = f"{base}/{number}{suffix}"
        try:
            place(folder, file, BytesIO(data))
            return file, number
        except AlreadyExists:
            continue
    raise AlreadyExists(f"The run has too many pictures {name[:80]!r}.")


def _folder_name(name: str) -> str:
    """A metric's name as the name of a folder; any text can be the former, and two never share the latter."""
    try:
        if name.partition("/")[0] not in ("outputs", "logs") and not re.search(r"(^|/)\.", name):
            return check_file_name(name)
    except InvalidPath:
        pass
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:60]
    return f"{plain or 'image'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"

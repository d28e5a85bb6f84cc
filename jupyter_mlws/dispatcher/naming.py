"""What a file of a run folder is called in the record."""

from __future__ import annotations

import hashlib
import os
import re

from jupyter_mlws.domain.file import FileKind
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import InvalidPath
from jupyter_mlws.runfolder import names

__all__ = ["OUTSIDE", "ROOTS", "Root", "name_of_code", "storable"]

# Prefix of changed files of the snapshot that lie outside the working directory.
OUTSIDE = "@project/"
Root = tuple[str, str, FileKind]
# Folder of the run folder, prefix of the names, kind.
ROOTS: tuple[Root, ...] = (
    (names.OUTPUTS, "outputs/", FileKind.OUTPUT),
    (names.LOGS, "logs/", FileKind.OUTPUT),
    (names.UPLOADS, "", FileKind.OUTPUT),
    (names.RESULTS, "", FileKind.RESULT),
)
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\\:%\ud800-\udfff]")


def name_of_code(path: str, working_directory: str) -> str:
    """The name of a new or changed file of code/: relative to the script's working directory if it lies there."""
    if not working_directory:
        return path
    inside = working_directory + "/"
    return path[len(inside) :] if path.startswith(inside) else OUTSIDE + path


def storable(name: str) -> str:
    """`name` itself, or the nearest one that every system can keep: a file is never lost for its name."""
    try:
        return check_file_name(name)
    except InvalidPath:
        plain = "/".join(_part(part) for part in name.split("/"))
    try:
        return check_file_name(plain)
    except InvalidPath:
        return f"unnamed-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"


def _part(part: str) -> str:
    return _UNWANTED.sub("_", part)[:80] if _UNWANTED.search(part) else part

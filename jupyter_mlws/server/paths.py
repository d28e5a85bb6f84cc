"""From a path as the file browser shows it to a place below the server's root."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import InvalidPath, NotFound

__all__ = ["below_root", "folder_of", "shown_name", "without_drive"]


def without_drive(document: str) -> str:
    """The rest of a name like ``RTC:folder/x.ipynb``, where a drive of the frontend stands first."""
    drive, colon, rest = document.partition(":")
    has_drive = bool(colon) and drive.isalnum() and len(drive) > 1 and drive != "file"
    return (rest if has_drive else document).strip("/")


def below_root(root: Path, document: str, *, must_exist: bool = True) -> str:
    """The path of a file relative to the root, with no link in it.

    Parameters
    ----------
    root : Path
    document : str
        As the frontend names it.
    must_exist : bool
        Whether there has to be a file; its folder always has to be there.

    Raises
    ------
    InvalidPath
        It is hidden, or leads out of the root.
    NotFound
        There is no such file.
    """
    path = check_file_name(without_drive(document))
    real, inner = _seen(root, path)
    found = os.path.isfile(real) if must_exist else os.path.isdir(os.path.dirname(real)) and not os.path.isdir(real)
    if not found or inner == os.curdir:
        raise NotFound(f"The server has no file {path[-80:]}.", hint="Its file browser shows which there are.")
    return inner


def folder_of(root: Path, document: str) -> Path:
    """The folder that a document of the frontend lies in, with no link in its path; the document need not be there.

    Raises
    ------
    InvalidPath
        It is hidden, or leads out of the root.
    NotFound
        There is no such folder.
    """
    path, _, _ = check_file_name(without_drive(document)).rpartition("/")
    real, _ = _seen(root, path)
    if not os.path.isdir(real):
        raise NotFound(f"The server has no folder {path[-80:]}.", hint="Its file browser shows which there are.")
    return Path(real)


def shown_name(name: str) -> str:
    """The last part of a file's name, or `InvalidPath` where the file browser would not show a file of that name."""
    last = name.rsplit("/", 1)[-1]
    if last.startswith("."):
        raise InvalidPath(f"{last[:80]} is hidden, which the server does not show.", hint="Download it instead.")
    return last


def _seen(root: Path, path: str) -> tuple[str, str]:
    """Where a path of the root leads, and that relative to the root; refused where no file browser would show it."""
    base = os.path.realpath(root)
    real = os.path.realpath(os.path.join(base, path))
    inner = os.path.relpath(real, base)
    if inner.split(os.sep)[0] == os.pardir:
        raise InvalidPath(f"{path[-80:]} leads out of the folder that the server shows.", hint="Copy it into it.")
    if any(part.startswith(".") and part != os.curdir for name in (path, inner) for part in name.split("/")):
        raise InvalidPath(f"{path[-80:]} is hidden, which the server does not show.", hint="Rename it.")
    return real, inner

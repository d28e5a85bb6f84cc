"""Which folders are workspaces of ours: nobody but SQLite may open what lies in them.

Where a process opens and closes the database beside SQLite, POSIX takes the locks from all connections of that process
(https://www.sqlite.org/howtocorrupt.html, 2.2): others then take it for gone, and remove the log that it writes to.
"""

from __future__ import annotations

import os

from jupyter_mlws.errors import InvalidInput

__all__ = ["PARTS", "WORKSPACE", "in_workspace", "is_workspace", "refuse_database"]

# What a workspace's folder has, one of the parts at least.
WORKSPACE = "workspace.json"
PARTS = ("mlws.sqlite", "blobs")


def is_workspace(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder is a workspace."""
    parts = (os.path.join(folder, name) for name in PARTS)
    return os.path.isfile(os.path.join(folder, WORKSPACE)) and any(map(os.path.exists, parts))


def in_workspace(path: str | os.PathLike[str]) -> bool:
    """Whether a file is the database of a workspace, or lies beside it."""
    real = os.path.realpath(path)
    return os.path.basename(real).startswith(PARTS[0]) and is_workspace(os.path.dirname(real))


def refuse_database(path: str | os.PathLike[str]) -> None:
    """Raise `InvalidInput` for a file that nobody but SQLite may open."""
    if in_workspace(path):
        raise InvalidInput(
            f"{os.fspath(path)!r} is the database of a workspace, which cannot be kept as a file.",
            hint="Use Workspace.export, or leave the workspace's folder out.",
        )

"""A backup of a workspace's database, and the restoring of it below whoever has the workspace open."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["back_up", "restore"]


def back_up(workspace: Path, backup: Path) -> None:
    """Copy the database."""
    with closing(sqlite3.connect(workspace / "mlws.sqlite")) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)


def restore(backup: Path, workspace: Path) -> None:
    """Put the copy in the place of the database and its log."""
    for file in workspace.glob("mlws.sqlite*"):
        file.unlink()
    os.replace(backup, workspace / "mlws.sqlite")

"""What is in a folder, to compare it with another."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["contents"]


def contents(folder: Path) -> dict[str, object]:
    """Everything below a folder: bytes and mode of files, target of links."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found

"""Small JSON files of the user: read whole, written whole, changed under a lock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.errors import WorkspaceError
from jupyter_mlws.runfolder.files import remove_stale, write_whole
from jupyter_mlws.runfolder.places import make_own

try:
    import fcntl
except ImportError:  # Windows: whole files still replace each other at once
    fcntl = None  # type: ignore[assignment]

__all__ = ["change_json", "read_json"]

# Of the registry, the list of trusted projects and a project's configuration; a file that names none has format 1.
FORMAT_VERSION = 1


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when the file is missing.

    Raises
    ------
    WorkspaceError
        The file is there and cannot be understood, or a newer version of the program wrote it.
    """
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise WorkspaceError(f"{path} cannot be read.", hint="Mend it, or move it away to begin anew.") from error
    if not isinstance(value, dict):
        raise WorkspaceError(f"{path} holds no JSON object.", hint="Mend it, or move it away to begin anew.")
    if value.get("format_version", FORMAT_VERSION) != FORMAT_VERSION:
        raise WorkspaceError(
            f"A newer version of jupyter-mlws wrote {path} (format {value['format_version']!r:.40}).",
            hint="Upgrade jupyter-mlws here with pip install -U jupyter-mlws.",
        )
    return value


@contextmanager
def change_json(path: Path) -> Iterator[dict[str, Any]]:
    """The object in a JSON file, to be changed in place; written back if it did, while others wait."""
    try:
        make_own(path.parent)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written ({error.strerror}).",
            hint=f"Change the owner or mode of {path.parent}; the user's own data can be elsewhere: MLWS_DATA_DIR.",
        ) from error
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        value = read_json(path)
        before = json.dumps(value)
        yield value
        after = json.dumps(value, indent=2)
        if json.dumps(value) != before:
            remove_stale(path.parent, f"{path.name}.")
            faults.point("config.write")
            write_whole(path, after.encode() + b"\n", durable=True)
    finally:
        os.close(lock)

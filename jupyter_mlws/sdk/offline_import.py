"""Bringing runs that were recorded offline into a workspace."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.errors import Unavailable, WrongState
from jupyter_mlws.sdk.offline_folders import OfflineFolder, offline_folders
from jupyter_mlws.sdk.offline_packing import pack

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["import_folders"]

_WAIT_S = 600.0
_PAUSE_S = 0.1


def import_folders(workspace: Workspace, paths: Sequence[str | os.PathLike[str]] | None = None) -> list[Run]:
    """Import these folders, or all that hold something new; see `Workspace.import_offline`."""
    if paths is not None:
        # All are looked at before the first one is sent.
        folders = [OfflineFolder.read(path) for path in paths]
    else:
        # One that was imported elsewhere belongs there; one whose process sends it by itself is left to it.
        mine = [folder for folder in offline_folders() if not folder.imports or workspace.id in folder.imports]
        folders = [folder for folder in mine if folder.is_new_to(workspace.id) and not folder.sends_itself]
    return [_import_one(workspace, folder) for folder in folders]


def _import_one(workspace: Workspace, folder: OfflineFolder) -> Run:
    if folder.sends_itself:
        raise WrongState(
            f"The process that logs the run of {folder.path} lives and sends it to its workspace by itself.",
            hint="Import the folder when that process has ended, should anything be missing then.",
        )
    holds = folder.holds()
    with tempfile.TemporaryFile(dir=_room(folder)) as packed:
        for name in pack(folder.path, packed, alive=folder.is_alive):
            print(f"{name} is a link or no plain file, and was not imported.", file=sys.stderr)
        number = _send(workspace, packed)
    _wait_until_taken(workspace, folder.run_id)
    folder.note(workspace.id, number, holds)
    return workspace.run(folder.run_id)


def _room(folder: OfflineFolder) -> str | None:
    """Where a copy of the folder fits best: beside it, rather than where temporary files are."""
    return str(folder.path.parent) if os.access(folder.path.parent, os.W_OK) else None


def _send(workspace: Workspace, packed: BinaryIO) -> int:
    deadline = time.monotonic() + _WAIT_S
    while True:
        size = packed.seek(0, os.SEEK_END)
        packed.seek(0)
        try:
            return workspace.api.folders.import_offline(Upload(packed, size)).number
        except Unavailable as error:
            # Sent again the run has the same id: there is one, whether the first time has arrived or not.
            pause = error.details.get("retry_after_s")
            if not isinstance(pause, (int, float)) or time.monotonic() > deadline:
                raise
            time.sleep(pause)


def _wait_until_taken(workspace: Workspace, run_id: str) -> None:
    """Return when the dispatcher has taken all of it in; say so where that does not come to pass."""
    deadline = time.monotonic() + _WAIT_S
    while workspace.api.folders.imported(run_id).pending:
        if time.monotonic() > deadline:
            print(f"The dispatcher has not taken in {run_id} yet; it goes on by itself.", file=sys.stderr)
            return
        time.sleep(_PAUSE_S)

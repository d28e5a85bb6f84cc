"""Being the one dispatcher of a workspace: its lock, and the note in it by which the others find it."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from pathlib import Path

from jupyter_mlws import __version__, faults
from jupyter_mlws.dispatcher.leftovers import look_for_damage
from jupyter_mlws.dispatcher.main import Dispatcher
from jupyter_mlws.dispatcher.place import lock_path
from jupyter_mlws.dispatcher.records import open_records
from jupyter_mlws.dispatcher.settings import Settings, read_workspace_file
from jupyter_mlws.dispatcher.succession import is_served
from jupyter_mlws.errors import DispatcherUnavailable, WorkspaceError
from jupyter_mlws.store.lock import holders

__all__ = ["serve"]

_log = logging.getLogger(__name__)
# Longer than another one takes to leave.
_TAKE_LOCK_S = 60.0
_TELL_LOCK_S = 1.5
_PAUSE_S = 0.02


def serve(folder: Path) -> int:
    """Be the dispatcher of a workspace until there is nothing to do; 0 at once when another one is."""
    workspace = read_workspace_file(folder)
    if workspace is None:
        raise WorkspaceError(f"{folder} is no workspace.", hint="Make one with mlws init.")
    runs = folder / "runs"
    if runs.exists() and not runs.is_dir():
        raise WorkspaceError(f"{runs} is a file where the folder of the runs should be.", hint="Move it away.")
    lock = _take_lock(folder)
    if lock is None:
        return 0  # another one serves
    try:
        settings = Settings.of(workspace)
        records = open_records(folder, workspace, busy_timeout_s=settings.busy_timeout_s)
        with records.store:
            if os.fstat(lock).st_size:  # the one before us did not leave of its own accord
                look_for_damage(records.store)
            dispatcher = Dispatcher(folder, workspace, settings, records, lock)
            _note(lock, folder, dispatcher.socket)
            dispatcher.loop()
    finally:
        os.ftruncate(lock, 0)
        os.close(lock)
    return 0


def _take_lock(folder: Path) -> int | None:
    """The lock of the one dispatcher; None when another one holds it and goes on.

    Raises
    ------
    DispatcherUnavailable
        Somebody holds it who does not answer, and has not let go of it in a minute.
    """
    lock = os.open(lock_path(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    began, told = time.monotonic(), False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if is_served(folder):
                os.close(lock)
                return None
            waited = time.monotonic() - began
            if waited > _TAKE_LOCK_S:
                raise _held(folder) from None
            if waited > _TELL_LOCK_S and not told:
                told = True
                _log.error("%s", _held(folder))  # who waits for us reads it now; we go on trying for a while
            time.sleep(_PAUSE_S)
        else:
            return lock


def _held(folder: Path) -> DispatcherUnavailable:
    pids = holders(lock_path(folder)) - {os.getpid()}
    who = f"process {', '.join(map(str, sorted(pids)))}" if pids else "a process that cannot be told"
    return DispatcherUnavailable(
        f"{lock_path(folder)} is held by {who}, which does not answer.",
        hint="If it is a dispatcher that hangs, end it; its runs go on and are taken up by the next one.",
    )


def _note(lock: int, folder: Path, socket: Path) -> None:
    note = {"pid": os.getpid(), "folder": os.path.realpath(folder), "socket": str(socket), "version": __version__}
    os.ftruncate(lock, 0)
    faults.point("dispatcher.note")
    os.pwrite(lock, json.dumps(note).encode(), 0)

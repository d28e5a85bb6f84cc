"""``control.json``: the one thing that is said to a running agent; cancelling cannot be taken back."""

from __future__ import annotations

import os

from jupyter_mlws import faults
from jupyter_mlws.runfolder import clock, wire
from jupyter_mlws.runfolder.files import read_plain, write_whole
from jupyter_mlws.runfolder.names import CANCEL_READY, CONTROL

__all__ = ["cancel_requested", "prepare", "request_cancel"]

_MOST_BYTES = 65536


def prepare(folder: str | os.PathLike[str]) -> None:
    """Keep the word for a cancel ready: to give it then needs no room on the disk."""
    write_whole(os.path.join(folder, CANCEL_READY), wire.dumps({"cancel": True}))


def request_cancel(folder: str | os.PathLike[str]) -> None:
    """Ask the agent of this run folder to end its script; it looks five times a second."""
    target = os.path.join(folder, CONTROL)
    try:
        faults.point("control.write")
        write_whole(target, wire.dumps({"cancel": True, "at": clock.now()}))
    except OSError as error:
        try:
            os.replace(os.path.join(folder, CANCEL_READY), target)
        except OSError:  # there is none in the folder of an earlier version: what came first counts
            raise error from None


def cancel_requested(folder: str | os.PathLike[str]) -> bool:
    """Whether the end was asked for."""
    try:
        said = wire.loads(read_plain(os.path.join(folder, CONTROL), _MOST_BYTES))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("cancel") is True

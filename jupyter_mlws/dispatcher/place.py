"""Where a dispatcher of a workspace is found: its lock, its socket, its log."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder import places

__all__ = ["host_name", "lock_path", "log_path", "old_log_path", "user_name"]


def host_name() -> str:
    """Name of the machine, as it is recorded with runs: ``MLWS_HOST`` where the system's own does not stay.

    A machine cannot be told by its machine-id: clones and containers of one image share it.
    """
    name = os.environ.get("MLWS_HOST") or socket.gethostname()
    if ":" in name or "/" in name or not name.isprintable():
        raise InvalidInput(f"The environment variable MLWS_HOST cannot be {name!r}.", hint="Give a machine's name.")
    return name


def user_name() -> str:
    """The user of the operating system, as it is recorded with runs."""
    if hasattr(os, "getuid"):
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:  # a container may run as a number without a name
            return str(os.getuid())
    return os.environ.get("USERNAME", "user")


def lock_path(folder: Path) -> Path:
    """The lock that the one dispatcher of this workspace, host and user holds; its text says where to reach it."""
    return places.lock_path(folder, host_name())


def log_path(folder: Path) -> Path:
    """The dispatcher's log."""
    return folder / "dispatcher.log"


def old_log_path(folder: Path) -> Path:
    """What the log was before it grew too large."""
    return folder / "dispatcher.log.1"

"""Where a dispatcher of a workspace is found: its lock, its socket, its log."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from jupyter_mlws.runfolder import places

__all__ = ["host_name", "lock_path", "log_path", "old_log_path", "user_name"]


def host_name() -> str:
    """Name of the machine, as it is recorded with runs."""
    return socket.gethostname()


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

"""Named points in front of and behind every durable write, where a test can have the process die or the disk fail.

``MLWS_FAULT`` holds one or more faults, separated by commas, each ``[role/]name:nth:action``:

- ``role``: only in this kind of process (`dispatcher`, `agent`, `server`); without it, in any.
- ``name``: of the point; may be a pattern of `fnmatch`, whose points are then counted together.
- ``nth``: at which pass in this process, from 1; ``3+`` at the third and every later one.
- ``action``: ``kill`` (SIGKILL to this process), ``sleep`` or ``sleep=SECONDS``, or the name of an errno (``EIO``,
  ``ENOSPC``, ``EDQUOT``, ``EFBIG``...), which is raised as an `OSError`.

``MLWS_FAULT_ONCE`` names a folder: a fault then happens once, however many processes come by, and leaves a file
there that says so. ``MLWS_FAULT_TRACE`` names a file that gets a line ``role name`` for each pass. The idea is that of
SQLite:
a test runs the same work with n = 1, 2, 3... until nothing happens any more (https://www.sqlite.org/testing.html).

Where ``MLWS_FAULT`` and ``MLWS_FAULT_TRACE`` are not set, a point is a call that does nothing.
"""

from __future__ import annotations

import errno
import os

__all__ = ["point", "role"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class _Fault:
    """One fault that is waiting for its moment."""

    def __init__(self, text: str) -> None:
        # The name may hold colons no more than a path holds NUL: the two last parts are the count and the action.
        try:
            where, nth, self.action = text.rsplit(":", 2)
            self.role, _, self.pattern = where.rpartition("/")
            self.every_later = nth.endswith("+")
            self.nth = int(nth.rstrip("+"))
        except ValueError:
            raise ValueError(f"MLWS_FAULT has {text!r}; write [role/]name:nth:action.") from None
        self.passes = 0

    def is_due(self, name: str) -> bool:
        from fnmatch import fnmatchcase

        if (self.role and self.role != _role) or not fnmatchcase(name, self.pattern):
            return False
        self.passes += 1
        return self.passes == self.nth or (self.every_later and self.passes > self.nth)

    def happen(self, name: str) -> None:
        if not self._first_time(name):
            return
        if self.action == "kill":
            import signal

            os.kill(os.getpid(), signal.SIGKILL)
        elif self.action.partition("=")[0] == "sleep":
            import time

            time.sleep(float(self.action.partition("=")[2] or 1.0))
        else:
            number = getattr(errno, self.action)
            raise OSError(number, f"{os.strerror(number)} (at the fault point {name})")

    def _first_time(self, name: str) -> bool:
        folder = os.environ.get("MLWS_FAULT_ONCE")
        if not folder:
            return True
        note = os.path.join(folder, f"{name}.{self.nth}.{self.action}")
        try:
            os.close(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return False
        return True


def _wanted() -> Iterator[_Fault]:
    for text in os.environ.get("MLWS_FAULT", "").split(","):
        if text.strip():
            yield _Fault(text.strip())


_role = ""
_faults = list(_wanted())
_trace = os.environ.get("MLWS_FAULT_TRACE")


def role(name: str) -> None:
    """Say what kind of process this is."""
    global _role
    _role = name


def point(name: str) -> None:
    """Pass the point `name`; does nothing unless a test has asked for a fault here.

    Raises
    ------
    OSError
        The fault that was asked for.
    """
    if not (_faults or _trace):
        return
    if _trace:
        with open(_trace, "a", encoding="utf-8") as trace:
            trace.write(f"{_role or '-'} {name}\n")
    for fault in _faults:
        if fault.is_due(name):
            fault.happen(name)

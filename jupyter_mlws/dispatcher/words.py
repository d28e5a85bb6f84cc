"""The dispatcher's log as others read it: its last words, and whether they tell of a failure."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from jupyter_mlws.dispatcher.place import log_path, old_log_path

__all__ = ["FORMAT", "last_words", "open_log", "trouble"]

FORMAT = "%(asctime)s %(process)d %(levelname)s %(message)s"
_LINE = re.compile(r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} \d+ (?P<level>[A-Z]+) (?P<words>.*)")
_STARTED = "A dispatcher is started."
# Whoever looks has a dispatcher started again and again, which fails again and again.
_AGAIN_S = 10
_TAIL_BYTES = 16_384
_MAX_LINES = 8
_MAX_LOG_BYTES = 4 << 20
_BAD = ("ERROR", "CRITICAL")


def open_log(folder: Path) -> int:
    """The log, opened for whoever starts a dispatcher, with a line that says so: what stood there before is past.

    A log that has grown large becomes ``dispatcher.log.1``, in place of the one before.
    """
    path = log_path(folder)
    try:
        if path.stat().st_size > _MAX_LOG_BYTES:
            os.replace(path, old_log_path(folder))
    except FileNotFoundError:
        pass
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    stamp = f"{time.strftime('%Y-%m-%d %H:%M:%S')},{int(time.time() * 1000) % 1000:03}"
    try:
        os.write(log, f"{stamp} {os.getpid()} INFO {_STARTED}\n".encode())
    except OSError:
        return log  # a full disk: the dispatcher itself finds out, and may have a better idea of it
    return log


def last_words(folder: Path) -> str:
    """The last lines of the log, for an error message."""
    return "\n".join(_tail(folder)[-_MAX_LINES:])


def trouble(folder: Path) -> str:
    """What the log ends with, if that is a failure: an error, or words of no dispatcher (a traceback); else ''.

    While another one is being started after a failure a moment ago, that failure still stands.
    """
    lines = _tail(folder)
    at = _last_head(lines)
    head = _LINE.match(lines[at]) if at >= 0 else None
    after = [line for line in lines[at + 1 :] if line.strip()]
    if head is not None and head["words"] == _STARTED and not after:
        return _failure_before(lines[:at], _seconds(head["at"]))
    return _failure(head, after)


def _failure_before(lines: list[str], started_at: float) -> str:
    at = _last_head(lines)
    head = _LINE.match(lines[at]) if at >= 0 else None
    if head is None or not 0 <= started_at - _seconds(head["at"]) <= _AGAIN_S:
        return ""
    return _failure(head, [line for line in lines[at + 1 :] if line.strip()])


def _failure(head: re.Match[str] | None, after: list[str]) -> str:
    if head is not None and head["level"] in _BAD:
        return "\n".join([head["words"], *after[1 - _MAX_LINES :]])
    return "\n".join(after[-_MAX_LINES:])


def _last_head(lines: list[str]) -> int:
    return next((i for i in reversed(range(len(lines))) if _LINE.match(lines[i])), -1)


def _seconds(stamp: str) -> float:
    try:
        return time.mktime(time.strptime(stamp, "%Y-%m-%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return 0.0


def _tail(folder: Path) -> list[str]:
    try:
        with open(log_path(folder), "rb") as file:
            start = max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES)
            file.seek(start)
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    # A line cut in two is none.
    return lines[1:] if start else lines

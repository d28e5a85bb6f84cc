"""Files that a run left: outputs, logs, and the results that return to the notebook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

__all__ = ["FileKind", "LogPart", "RunFile"]


class FileKind(str, Enum):
    """What a stored file is."""

    OUTPUT = "output"  # outputs/, logs/ of the script, uploads, and new or changed files of the working directory
    LOG = "log"  # std.log and agent.log
    RESULT = "result"  # a cell's display data and returned names

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """A file of a run, stored by digest. `name` is relative to the script's working directory."""

    name: str
    kind: FileKind
    size_bytes: int
    digest: str
    mode: int
    modified_at: datetime


@dataclass(frozen=True, kw_only=True)
class LogPart:
    """A piece of a log, from a byte offset; bytes that are no UTF-8 read as U+FFFD.

    `ended` says that nothing will follow `next_offset`.
    """

    text: str
    next_offset: int
    size_bytes: int
    ended: bool

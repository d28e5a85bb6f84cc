"""Logs, readable while they grow: from the run folder as long as it is there, afterwards from the stored file."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, cast

from jupyter_mlws.api.interface import LogsApi
from jupyter_mlws.domain.file import FileKind, LogPart, RunFile
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder import names
from jupyter_mlws.services.beneath import open_beneath
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.store import files
from jupyter_mlws.store import runs as store_runs

__all__ = ["LOGS", "Logs"]

LOGS = {"std.log": names.STD_LOG, "agent.log": names.AGENT_LOG, "environment.log": names.ENVIRONMENT_LOG}
MAX_LIMIT = 1 << 20
# The longest character of UTF-8: a smaller piece might never get on.
_MIN_LIMIT = 4
RUNS = "runs"


@implements("logs", LogsApi)
class Logs:
    """`LogsApi` over run folders and blobs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, run: str, name: str = "std.log", offset: int = 0, limit: int = 262144) -> LogPart:
        if name not in LOGS:
            raise InvalidInput(f"There is no log {name[:80]!r}.", hint=f"Known: {', '.join(LOGS)}.")
        if limit < 1:
            raise InvalidInput(f"A piece of {limit} bytes shows nothing.", hint=f"Ask for 1 to {MAX_LIMIT}.")
        with self._context.store.read() as c:
            # Looked at before the file: what has ended by now will not be written to any more.
            found = store_runs.get_run(c, run, metrics=0)
            stored = files.find_file(c, found.id, FileKind.LOG, name)
        log = self._open(found.id, name, stored)
        if log is None:
            # Ended between the two looks, or never begun.
            with self._context.store.read() as c:
                stored = files.find_file(c, found.id, FileKind.LOG, name)
            log = self._open(found.id, name, stored)
        if log is None:
            return LogPart(text="", next_offset=0, size_bytes=0, ended=found.status.is_terminal)
        with closing(log):
            return read_part(log, offset, min(limit, MAX_LIMIT), complete=found.status.is_terminal)

    def _open(self, run_id: str, name: str, stored: RunFile | None) -> BinaryIO | None:
        live = open_beneath(Path(self._context.folder), f"{RUNS}/{run_id}/{LOGS[name]}")
        if live is not None or stored is None:
            return live
        return cast("BinaryIO", self._context.blobs.open(stored.digest))


def read_part(log: BinaryIO, offset: int, limit: int, *, complete: bool) -> LogPart:
    """A piece of a log that begins and ends between characters.

    Parameters
    ----------
    log : binary file
    offset : int
        Where to begin, in bytes; a negative one counts from the end.
    limit : int
        At most so many bytes.
    complete : bool
        Whether nothing will be written to it any more.
    """
    size = log.seek(0, os.SEEK_END)
    from_end = offset < 0
    start = max(size + offset, 0) if from_end else min(offset, size)
    log.seek(start)
    data = log.read(max(limit, _MIN_LIMIT)) or b""
    if from_end and start > 0:
        skipped = _continuation(data)
        start, data = start + skipped, data[skipped:]
    at_end = start + len(data) >= size
    if not (complete and at_end):
        data = data[: len(data) - _unfinished(data)]
    end = start + len(data)
    return LogPart(
        text=data.decode("utf-8", "replace"), next_offset=end, size_bytes=size, ended=complete and end >= size
    )


def _continuation(data: bytes) -> int:
    """How many bytes at the beginning belong to a character that begins before it."""
    for i, byte in enumerate(data[:3]):
        if byte & 0xC0 != 0x80:
            return i
    return min(len(data), 3)


def _unfinished(data: bytes) -> int:
    """How many bytes at the end are the beginning of a character that goes on behind it."""
    for length in range(1, min(len(data), 3) + 1):
        byte = data[-length]
        if byte & 0xC0 == 0x80:
            continue
        needed = 4 if byte & 0xF8 == 0xF0 else 3 if byte & 0xF0 == 0xE0 else 2 if byte & 0xE0 == 0xC0 else 1
        return length if needed > length else 0
    return 0

"""Reading values by offset while they are written. No byte of them is trusted."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, NamedTuple

from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_metric_name, check_text
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder.files import open_inside, open_plain
from jupyter_mlws.runfolder.journal_format import STEP_MAX, STEP_MIN
from jupyter_mlws.runfolder.names import VALUES
from jupyter_mlws.runfolder.values import MAX_LINE_BYTES, SUFFIX

__all__ = ["LoggedValue", "StreamValues", "ValuesReader"]

_MAX_DEPTH = 16
_STREAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TYPE = re.compile(r"[a-z][a-z0-9_.]{0,63}")


class LoggedValue(NamedTuple):
    """One value as it was written."""

    name: str
    type: str
    at: datetime
    step: int | None
    description: str
    value: Any


class StreamValues(NamedTuple):
    """What a stream holds between two byte offsets. `bad` counts lines that are no value."""

    stream: str
    start: int
    end: int
    values: list[LoggedValue]
    bad: int = 0


class ValuesReader:
    """Reads all streams of a run folder, without keeping a file open.

    Parameters
    ----------
    folder : str or path
        The run folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = os.fspath(folder)

    def poll(self, offsets: dict[str, int], *, limit_bytes: int = 2 * MAX_LINE_BYTES) -> list[StreamValues]:
        """What was logged after these byte offsets; whole lines only.

        Parameters
        ----------
        offsets : dict of str to int
            For each stream, by its own name, the `end` of the last values that were stored; others begin at 0.
        limit_bytes : int
            At most about so many bytes in all; who gets any asks again.
        """
        try:
            place = open_inside(self._folder, VALUES)
        except OSError:
            return []
        try:
            found, left = [], limit_bytes
            for stream in self._streams(place):
                if left <= 0:
                    break
                part = _read(place, stream, offsets.get(stream, 0), max(left, MAX_LINE_BYTES + 1))
                if part is not None:
                    found.append(part)
                    left -= part.end - part.start
            return found
        finally:
            os.close(place)

    def _streams(self, place: int) -> Iterator[str]:
        for entry in sorted(os.listdir(place)):
            stream = entry[: -len(SUFFIX)]
            if entry.endswith(SUFFIX) and _STREAM.fullmatch(stream):
                yield stream


def _read(place: int, stream: str, start: int, limit: int) -> StreamValues | None:
    try:
        fd = open_plain(stream + SUFFIX, dir_fd=place)
    except OSError:
        return None
    try:
        data = os.pread(fd, limit, start)
    except OSError:
        return None
    finally:
        os.close(fd)
    whole = data[: data.rfind(b"\n") + 1]
    if not whole:
        # A line without an end, and longer than any of ours: nothing of it is read, and what follows can be.
        return StreamValues(stream, start, start + len(data), [], 1) if len(data) > MAX_LINE_BYTES else None
    lines = [_value(line) for line in whole.split(b"\n")[:-1]]
    good = [line for line in lines if line is not None]
    return StreamValues(stream, start, start + len(whole), good, len(lines) - len(good))


def _value(line: bytes) -> LoggedValue | None:
    """The value of a line; None for what no writer of ours would write, for it must not stop a run."""
    if len(line) > MAX_LINE_BYTES:
        return None
    try:
        said = json.loads(line, parse_constant=str)
        step = said.get("step")
        if not (step is None or (type(step) is int and STEP_MIN <= step <= STEP_MAX)):
            return None
        if not _TYPE.fullmatch(said["type"]) or _depth(said["value"]) > _MAX_DEPTH:
            return None
        return LoggedValue(
            check_metric_name(said["name"]),
            said["type"],
            _time(said["at"]),
            step,
            check_text("description", said.get("description", ""), MAX_DESCRIPTION),
            said["value"],
        )
    # An OSError is that of a time which no calendar has.
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError, MlwsError):
        return None


def _time(seconds: Any) -> datetime:
    if type(seconds) not in (int, float) or not math.isfinite(seconds):
        raise ValueError("no time")
    return datetime.fromtimestamp(seconds, timezone.utc)


def _depth(value: Any) -> int:
    """How deeply a value is nested, counted no further than is allowed."""
    depth, level = 0, [value]
    while level and depth <= _MAX_DEPTH:
        depth += 1
        level = [
            item
            for entry in level
            if isinstance(entry, (dict, list))
            for item in (entry.values() if isinstance(entry, dict) else entry)
        ]
    return depth

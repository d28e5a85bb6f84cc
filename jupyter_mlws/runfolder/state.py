"""The agent's transitions, ``state.jsonl``: one JSON object a line, append-only; and the heartbeat beside it.

Events, in their order (each has `event` and `at`, UTC seconds since 1970 by `jupyter_mlws.runfolder.clock`):

- ``started``: the agent lives; `identity` (see `processes.Identity`), `protocol_version`, `python`.
- ``script_started``: the program was executed; `identity`.
- ``finalizing``: the script's own process has ended; `exit_code`, `signal`.
- ``ended``: nothing of the run is left; `exit_code` (negative for a signal, as Python counts), `signal` (a name, or
  None), `reason` (None, 'canceled', 'time_limit', 'stopped' when the agent itself was told to stop, or 'not_started'),
  `message` (one sentence), `out_of_memory`, `remaining` (pids that could not be killed), `lost_output_bytes`,
  `duration_s`.

Only the agent writes; a reader takes whole lines, so a line half written is read next time.
"""

from __future__ import annotations

import errno
import os

from jupyter_mlws import faults
from jupyter_mlws.runfolder import clock, wire
from jupyter_mlws.runfolder.files import read_plain
from jupyter_mlws.runfolder.names import HEARTBEAT, STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["append", "beat", "read", "read_heartbeat"]

_DIGITS = 20
_MOST_BYTES = 1 << 20
# Not through a link that the script has put there, nor waiting for the reader of a pipe.
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def append(folder: str | os.PathLike[str], event: str, **facts: Any) -> None:
    """Write one event.

    Raises
    ------
    OSError
        There was no room; then nothing of the line is left in the file.
    """
    line = wire.dumps({"event": event, "at": clock.now(), **facts}) + b"\n"
    fd = os.open(os.path.join(folder, STATE), _APPEND, 0o600)
    try:
        faults.point("state.append")
        written = os.write(fd, line)
        if written != len(line):
            os.ftruncate(fd, os.fstat(fd).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(fd)
    faults.point("state.appended")


def read(folder: str | os.PathLike[str], offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The events after a byte offset, and the offset to go on from. A line that is no event is passed over."""
    try:
        data = read_plain(os.path.join(folder, STATE), _MOST_BYTES, offset)
    except OSError:
        return [], offset
    if len(data) == _MOST_BYTES and b"\n" not in data:
        return [], offset + len(data)  # no line of ours is that long
    whole = data[: data.rfind(b"\n") + 1]
    found = [_event(line) for line in whole.split(b"\n")[:-1]]
    return [event for event in found if event is not None], offset + len(whole)


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = wire.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def beat(fd: int, count: int) -> None:
    """Write the heartbeat's counter, always of one length: once it is written, a full disk does not stop the heart."""
    faults.point("state.beat")
    os.pwrite(fd, b"%0*d\n" % (_DIGITS, count), 0)


def read_heartbeat(folder: str | os.PathLike[str]) -> int | None:
    """The agent's counter, None before its first beat. Only its change means life, by the reader's own clock."""
    try:
        return int(read_plain(os.path.join(folder, HEARTBEAT), _DIGITS))
    except (OSError, ValueError):
        return None

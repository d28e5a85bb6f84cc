"""The script's output on its way to ``logs/std.log``: raw bytes in the order of arrival."""

from __future__ import annotations

import fcntl
import os

from jupyter_mlws import faults
from jupyter_mlws.agent import system
from jupyter_mlws.runfolder.names import STD_LOG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Output"]

_CHUNK = 65536
# Room for bursts: a script should not wait for the log's disk.
_PIPE_BYTES = 1 << 20
# So much at a time, then the agent looks at its other duties.
_TURN_BYTES = 4 << 20
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ


class Output:
    """One pipe for standard output and error, and the file that it leads to.

    The script is never made to wait for a full disk: what cannot be written is counted, and a line in the log says
    how much is missing as soon as there is room.
    """

    def __init__(self, folder: str, say: Callable[[str], None]) -> None:
        self._say = say
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._log = os.open(os.path.join(folder, STD_LOG), flags, 0o600)
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        try:
            fcntl.fcntl(self.read_end, _SET_PIPE_SIZE, _PIPE_BYTES)
        except OSError:
            self._say("The output pipe keeps its usual size: this system allows no larger one.")
        self.lost_bytes = 0
        self._missing = 0
        self.open = True

    def close_write_end(self) -> None:
        """Leave the pipe to the script, so that its end can be seen."""
        os.close(self.write_end)

    def pump(self) -> int:
        """Move what has arrived and say how much; closes when everybody has closed the other end."""
        moved = 0
        while self.open and moved < _TURN_BYTES:
            try:
                data = os.read(self.read_end, _CHUNK)
            except BlockingIOError:
                break
            if data:
                moved += len(data)
                self._write(data)
            else:
                self.close()
        return moved

    def close(self) -> None:
        """Stop reading; whoever still writes gets a broken pipe."""
        if self.open:
            self.open = False
            os.close(self.read_end)

    def _write(self, data: bytes) -> None:
        if self._missing and self._tell_missing():
            self._missing = 0
        done = 0 if self._missing else self._put(data)
        self._missing += len(data) - done
        self.lost_bytes += len(data) - done

    def _tell_missing(self) -> bool:
        note = b"\n[%d bytes of output are missing here: the disk was full]\n" % self._missing
        return self._put(note) == len(note)

    def _put(self, data: bytes) -> int:
        """Append to the log; how many bytes it took."""
        done = 0
        try:
            while done < len(data):
                faults.point("agent.std_log")
                done += os.write(self._log, data[done:])
        except OSError as error:
            if not self.lost_bytes:
                self._say(f"std.log cannot be written ({system.file_system_error(error)}); the script goes on.")
        return done

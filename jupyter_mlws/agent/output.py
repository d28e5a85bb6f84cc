"""The script's output on its way to ``logs/std.log``: raw bytes in the order of arrival."""

from __future__ import annotations

import errno
import fcntl
import os

from jupyter_mlws import faults
from jupyter_mlws.agent import system
from jupyter_mlws.runfolder.names import STD_LOG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_mlws.runfolder.masking import MaskedStream, Masker

__all__ = ["Output", "Pipe", "keep_rest"]

_CHUNK = 65536
# Room for bursts: a script should not wait for the log's disk.
_PIPE_BYTES = 1 << 20
# So much at a time, then the agent looks at its other duties.
_TURN_BYTES = 4 << 20
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ
# This system, or this file system, does not move bytes by itself.
_NO_SPLICE = (errno.EINVAL, errno.ENOSYS)
_LOG = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Pipe:
    """What the script writes into. It is made before the agent has a guard, who reads the rest if the agent is killed.

    Attributes
    ----------
    enlarged : bool
        Whether the system has allowed more than the usual size.
    """

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self.enlarged = True
        try:
            fcntl.fcntl(self.read_end, _SET_PIPE_SIZE, _PIPE_BYTES)
        except OSError:
            self.enlarged = False


class Output:
    """The pipe for standard output and error, and the file that it leads to.

    The script is never made to wait for a full disk: what cannot be written is counted, and a line in the log says
    how much is missing as soon as there is room.

    Bytes go from the pipe to the file inside the kernel, where the system can do that: an agent that is killed then
    holds none that have left the one and not reached the other. With a `mask` they are read, so that no secret gets
    into the file.
    """

    def __init__(self, folder: str, pipe: Pipe, say: Callable[[str], None], mask: MaskedStream | None = None) -> None:
        self._say = say
        self._log = os.open(os.path.join(folder, STD_LOG), _LOG, 0o600)
        self._at = os.fstat(self._log).st_size
        self._pipe = pipe
        self.read_end = pipe.read_end
        if not pipe.enlarged:
            self._say("The output pipe keeps its usual size: this system allows no larger one.")
        self._mask = mask
        self._can_splice = hasattr(os, "splice") and mask is None
        self.lost_bytes = 0
        self._missing = 0
        self.open = True

    @property
    def write_end(self) -> int:
        """The script's end."""
        return self._pipe.write_end

    def close_write_end(self) -> None:
        """Leave the pipe to the script, so that its end can be seen."""
        os.close(self._pipe.write_end)

    def pump(self) -> int:
        """Move what has arrived and say how much; closes when everybody has closed the other end."""
        moved = 0
        while self.open and moved < _TURN_BYTES:
            try:
                count = self._splice() if self._can_splice and not self._missing else self._copy()
            except BlockingIOError:
                break
            moved += count
            if count == 0:
                self.close()
        return moved

    def close(self) -> None:
        """Stop reading; whoever still writes gets a broken pipe."""
        if self.open:
            self.open = False
            os.close(self.read_end)
            if self._mask is not None:
                self._keep(self._mask.finish())

    def _splice(self) -> int:
        """Move bytes inside the kernel; where it cannot, or the disk is full, copying goes on with the same bytes."""
        try:
            faults.point("agent.std_log")
            count = os.splice(self.read_end, self._log, _PIPE_BYTES, offset_dst=self._at)
        except BlockingIOError:
            raise
        except OSError as error:
            self._can_splice = error.errno not in _NO_SPLICE
            return self._copy()
        self._at += count
        return count

    def _copy(self) -> int:
        data = os.read(self.read_end, _CHUNK)
        self._keep(data if self._mask is None else self._mask.feed(data))
        return len(data)

    def _keep(self, data: bytes) -> None:
        """Append to the log what there is room for, and count the rest."""
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
                done += os.pwrite(self._log, data[done:], self._at + done)
        except OSError as error:
            if not self.lost_bytes:
                self._say(f"std.log cannot be written ({system.file_system_error(error)}); the script goes on.")
        self._at += done
        return done


def keep_rest(folder: str, read_end: int, masker: Masker | None = None) -> None:
    """Append to the log what a killed agent had not read; all writers are dead.

    With a `masker` it is read whole first: a secret may have been cut by the agent's end.
    """
    log = os.open(os.path.join(folder, STD_LOG), _LOG | os.O_APPEND, 0o600)
    kept = b""
    try:
        while data := os.read(read_end, _CHUNK):
            if masker is None:
                os.write(log, data)
            else:
                kept += data
    except OSError:
        pass  # a stranger keeps the other end open, or the disk is full: what could be kept is kept
    try:
        if masker is not None:
            os.write(log, masker.rest(kept))
    except OSError:
        return
    finally:
        os.close(log)

"""Values that are more than numbers, on their way to the workspace: ``values/<stream>.jsonl``.

Each writing process has a stream of its own, a fork too. A line is one JSON object

    {"name": "roc", "type": "table", "at": 1767225600.25, "step": 3, "description": "...", "value": {...}}

(`step` and `description` only where they were given) and goes out with one write to the end of the file: a value is
safe from any death of the process as soon as the call returns. A last line without its end is none (yet). Numbers that
JSON lacks are the texts "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import errno
import os
import threading
import weakref

from jupyter_mlws import faults
from jupyter_mlws.errors import TooLarge
from jupyter_mlws.runfolder import clock, wire
from jupyter_mlws.runfolder.journal_format import DROPPED_MARK, SURPLUS
from jupyter_mlws.runfolder.names import JOURNAL, VALUES
from jupyter_mlws.runfolder.own_secrets import masked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["MAX_LINE_BYTES", "SUFFIX", "ValuesWriter"]

# A larger value belongs into a file.
MAX_LINE_BYTES = 4 * 1024 * 1024
SUFFIX = ".jsonl"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


class ValuesWriter:
    """Appends values of this process to a run folder; to be shared by all its threads.

    Nothing is opened before the first value. When the disk is full values are dropped and counted, never the training
    stopped: one line on standard error says so.

    Parameters
    ----------
    folder : str or path
        The run folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._root = os.path.abspath(folder)
        self._forget()
        _writers.add(self)

    def _forget(self) -> None:
        self._lock = threading.RLock()
        self._fd = -1
        self._stream = ""
        self._dropped = 0
        self._dropping = False
        self._surplus = 0
        self._counted: dict[str, str] = {}

    def append(self, name: str, kind: str, value: Any, step: int | None = None, description: str = "") -> None:
        """Write one value.

        Parameters
        ----------
        name, kind : str
            Of the metric and its type, both checked.
        value : any
            What JSON can say; see the module for numbers that it cannot.
        step : int, optional
        description : str

        Raises
        ------
        TooLarge
            The value is above `MAX_LINE_BYTES`; nothing is written.
        """
        said: dict[str, Any] = {"name": name, "type": kind, "at": clock.now()}
        if step is not None:
            said["step"] = step
        if description:
            said["description"] = description
        line = wire.dumps(masked({**said, "value": value})) + b"\n"
        if len(line) > MAX_LINE_BYTES:
            raise TooLarge(
                f"The value of {name!r} takes {len(line) / 2**20:.1f} MiB as text.",
                hint=f"At most {MAX_LINE_BYTES // 2**20} MiB are kept; upload a file with run.upload_file instead.",
            )
        with self._lock:
            try:
                self._write(line)
            except OSError as error:
                self._drop(error)
            else:
                self._say_room_again()

    @property
    def dropped(self) -> int:
        """How many values found no room on the disk."""
        return self._dropped

    def _write(self, line: bytes) -> None:
        if self._fd < 0:
            self._open()
        faults.point("values.write")
        written = os.write(self._fd, line)
        if written != len(line):
            self._take_back(written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _take_back(self, written: int) -> None:
        """Remove a line that a full disk cut short; where that fails, go on in another file."""
        try:
            os.ftruncate(self._fd, os.lseek(self._fd, 0, os.SEEK_CUR) - written)
        except OSError:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        folder = os.path.join(self._root, VALUES)
        os.makedirs(folder, exist_ok=True)
        self._stream = f"{clock.now_ns():016x}-{os.getpid()}-{os.urandom(3).hex()}"
        faults.point("values.stream")
        self._fd = os.open(os.path.join(folder, self._stream + SUFFIX), _FLAGS, 0o600)

    def drop(self, sentence: str, *, surplus: bool) -> None:
        """Count a value whose file cannot be kept: its metric has too many (`surplus`), or the disk has no room."""
        with self._lock:
            if surplus:
                self._surplus += 1
                self._count(SURPLUS, self._surplus)
                if self._surplus == 1:
                    _say(f"{sentence.removesuffix('.')}; what comes beyond is counted, and the script goes on")
            else:
                self._drop(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def _drop(self, error: OSError) -> None:
        """Count a value that found no room."""
        self._dropped += 1
        if not self._dropping:
            self._dropping = True
            reason = os.strerror(error.errno) if error.errno else str(error)
            _say(f"values cannot be kept ({reason}); they are dropped until they can, and the script goes on")
        self._count("values-", self._dropped)

    def _count(self, prefix: str, count: int) -> None:
        """Leave a count where the journal's readers look for such counts: in the name of a file of this writer."""
        before = self._counted.get(prefix)
        fresh = os.path.join(self._root, JOURNAL, f"{prefix}{os.getpid()}-{os.urandom(4).hex()}")
        name = f"{fresh if before is None else before.rpartition(DROPPED_MARK)[0]}{DROPPED_MARK}{count}"
        try:
            if before is not None:
                os.rename(before, name)
            else:
                os.close(os.open(name, _FLAGS, 0o600))
        except OSError:
            return  # not even a name: the line on standard error tells
        self._counted[prefix] = name

    def _say_room_again(self) -> None:
        if self._dropping:
            self._dropping = False
            _say(f"values are kept again; {self._dropped:,} were dropped")

    def close(self) -> None:
        """Have no file open: the run has ended. A value that comes all the same goes to a file of its own."""
        with self._lock:
            self._close_file()

    def _close_file(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _after_fork(self) -> None:
        """In the child: leave the parent's file alone and begin anew with the next value."""
        self._close_file()
        self._forget()


def _say(sentence: str) -> None:
    """One line on standard error, by descriptor: `sys.stderr` may be closed, captured, or somebody's own."""
    try:
        os.write(2, f"jupyter-mlws: {sentence}.\n".encode())
    except OSError:
        return


_writers: weakref.WeakSet[ValuesWriter] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for writer in list(_writers):
        writer._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

"""A run folder of this machine, sent to the workspace of another one while a process logs into it.

The process logs to its own disk and never waits. A thread sends what is new a few times a second, by offset, so that
whatever is sent twice is there once; while the server cannot be reached it waits, and goes on where it was. What the
workspace has to say (a cancel, the answers to questions) it brings into the local folder, where it is looked for.
"""

from __future__ import annotations

import io
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from jupyter_mlws.api.interface import NOUNS, Api
from jupyter_mlws.api.routes import Download, Upload, operations
from jupyter_mlws.errors import Conflict, InvalidInput, MlwsError, TooLarge, WrongState
from jupyter_mlws.runfolder import control, names, wire
from jupyter_mlws.runfolder.files import open_plain, read_plain, write_whole
from jupyter_mlws.runfolder.journal_prefix import is_segment, written_end
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["Mirror"]

_PERIOD_S = 0.3
_PIECE_BYTES = 8 << 20
# A file that a script writes is sent when it has not changed for so long.
_SETTLE_S = 1.0
# An empty slot behind which others fill is one that nobody fills any more, after so long.
_HOLE_S = 10.0
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 5.0)
_GROWING = (names.VALUES, names.LOGS)
_REQUEST = re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}\.json")
_MOST_BYTES = 1 << 20
# Of answers that are waited for: looked for one after the other, the oldest first.
_LOOKED_FOR = 20


_NEVER, _SOME = (-1, -1), (0, 0)


@dataclass
class _Sent:
    """How much of a file has arrived."""

    end: int = 0
    version: tuple[int, int] = _NEVER
    seen: tuple[int, int] = _NEVER
    since: float = field(default_factory=time.monotonic)
    given_up: bool = False


class _Ended(Exception):
    """The workspace takes nothing more for this run."""


class Mirror(threading.Thread):
    """Sends one run folder.

    Parameters
    ----------
    api : Api
        Of the workspace.
    run_id : str
    folder : RunFolder
    say : callable
        Told what a person should know, a sentence.
    """

    def __init__(self, api: Api, run_id: str, folder: RunFolder, say: Callable[[str], None]) -> None:
        super().__init__(name="mlws-mirror", daemon=True)
        self._api = api
        self._run_id = run_id
        self._folder = folder
        self._say = say
        self._files: dict[str, _Sent] = {}
        self._asked: dict[str, str] = {}
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._passed = threading.Condition()
        self._begun = self._done = 0
        self._failures = 0
        self._told_end = False
        self.ended = False

    # -- asked by others

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was written before this call has arrived; False when that took too long."""
        deadline = time.monotonic() + timeout_s
        with self._passed:
            wanted = self._begun + 1
            while self._done < wanted and not self.ended:
                self._wake.set()
                left = deadline - time.monotonic()
                if left <= 0 or not self.is_alive():
                    return False
                self._passed.wait(min(left, 1.0))
        return not self.ended

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()
        self._wake.set()

    # -- the thread

    def run(self) -> None:
        """Send until told to stop, or until the workspace takes nothing more."""
        while not self._stopping.is_set():
            self._wake.wait(_PERIOD_S if not self._failures else _PAUSES_S[min(self._failures, len(_PAUSES_S)) - 1])
            self._wake.clear()
            if self._stopping.is_set():
                return
            with self._passed:
                self._begun += 1
            try:
                self._pass()
            except _Ended:
                self.ended = True
                with self._passed:
                    self._passed.notify_all()
                return
            except (MlwsError, OSError) as error:
                self._note_failure(error)
                continue
            if self._failures:
                self._failures = 0
                self._say("The workspace can be reached again; what was logged meanwhile is on its way.")
            with self._passed:
                self._done = self._begun
                self._passed.notify_all()

    def _note_failure(self, error: Exception) -> None:
        self._failures += 1
        if self._failures == 3:
            self._say(f"What is logged does not reach the workspace: {error} The run goes on, and all is sent later.")

    def _pass(self) -> None:
        """Send what is new. What tells the end, or asks, was seen first and goes last: all before it has arrived."""
        told = self._read_whole(names.STATE)
        requests = list(self._found((names.REQUESTS,)))
        ending = b'"event":"ended"' in told.replace(b" ", b"")
        # What is asked may be about a file that was written just before.
        hurry = ending or any(path not in self._files for path in requests)
        for path in self._found((names.UPLOADS,)):
            self._send_whole(path, settle_s=0.0)
        for path in self._found((names.OUTPUTS,)):
            self._send_whole(path, settle_s=0.0 if hurry else _SETTLE_S)
        for path in self._found(_GROWING):
            self._send_growing(path)
        self._send_journals()
        for path in self._found((names.JOB,)):
            if path != names.JOB:  # that of a child; the workspace has made the run's own
                self._send_whole(path, settle_s=0.0)
        for path in requests:
            self._send_whole(path, settle_s=0.0)
        self._send_small(names.HEARTBEAT, self._read_whole(names.HEARTBEAT))
        self._send_small(names.STATE, told)
        self._told_end = ending
        self._fetch_answers()

    # -- finding

    def _found(self, places: tuple[str, ...]) -> Iterator[str]:
        """Files in these places of the run and of its children, never through a link; those of a parent come first."""
        roots = [""]
        with suppress(OSError):
            roots += [f"{names.CHILDREN}/{name}/" for name in sorted(os.listdir(self._folder.children))]
        for root in roots:
            for place in places:
                yield from self._below(root + place)

    def _below(self, path: str) -> Iterator[str]:
        here = self._folder.path / path
        if here.is_symlink():
            return
        if here.is_file():
            yield path
            return
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            if entry.name.startswith(".mlws-") or entry.name.endswith(".tmp"):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(f"{path}/{entry.name}")
            elif entry.is_file(follow_symlinks=False):
                yield f"{path}/{entry.name}"

    def _read_whole(self, path: str) -> bytes:
        try:
            return read_plain(self._folder.path / path, _MOST_BYTES)
        except OSError:
            return b""

    # -- sending

    def _send_small(self, path: str, data: bytes) -> None:
        sent = self._files.setdefault(path, _Sent())
        version = (len(data), hash(data))
        if data and sent.version != version:
            self._append(path, 0, data)
            sent.version = version

    def _send_growing(self, path: str) -> None:
        """Send what was added to a file that only grows; one that was written anew is sent from its beginning."""
        sent = self._files.setdefault(path, _Sent())
        try:
            size = os.lstat(self._folder.path / path).st_size
        except OSError:
            return
        if sent.given_up or (size == sent.end and sent.version != _NEVER):
            return
        sent.end = self._send_range(path, sent, 0 if size < sent.end else sent.end, size)

    def _send_journals(self) -> None:
        """Send points. The table of names goes first, and was looked at last: no point arrives without its name."""
        paths = list(self._found((names.JOURNAL,)))
        segments = [(path, *self._written(path)) for path in paths if is_segment(path)]
        for path in paths:
            if not is_segment(path):
                self._send_growing(path)
        for path, end, last in segments:
            sent = self._files[path]
            if last > sent.end and not sent.given_up:
                # Behind a gap nothing is known to be whole, until the gap has proved to be one for good.
                known = last if time.monotonic() - sent.since > _HOLE_S else end
                sent.end = min(self._send_range(path, sent, sent.end, last), known)

    def _written(self, path: str) -> tuple[int, int]:
        sent = self._files.setdefault(path, _Sent())
        end, last = written_end(self._folder.path / path, sent.end)
        if sent.seen != (end, 0):
            sent.seen, sent.since = (end, 0), time.monotonic()
        return end, last

    def _send_range(self, path: str, sent: _Sent, start: int, end: int) -> int:
        """Send these bytes of a file, an empty file too; returns how far that went."""
        try:
            fd = open_plain(self._folder.path / path)
        except OSError:
            return start
        try:
            at = start
            while True:
                data = os.pread(fd, min(_PIECE_BYTES, end - at), at)
                if not self._try_append(path, sent, at, data):
                    return sent.end
                sent.version = _SOME
                at += len(data)
                if at >= end or not data:
                    return at
        finally:
            os.close(fd)

    def _send_whole(self, path: str, *, settle_s: float) -> None:
        if f"{names.REQUESTS}/" in path and not _REQUEST.fullmatch(path.rpartition("/")[2]):
            return
        sent = self._files.setdefault(path, _Sent())
        try:
            facts = os.lstat(self._folder.path / path)
        except OSError:
            return
        version = (facts.st_size, facts.st_mtime_ns)
        if sent.version == version or sent.given_up:
            return
        now = time.monotonic()
        if sent.seen != version:
            sent.seen, sent.since = version, now
        if now - sent.since < settle_s:
            return
        if self._send_pieces(path, sent, facts.st_size):
            sent.version = version
            if f"{names.REQUESTS}/" in path:
                self._note_request(path)

    def _send_pieces(self, path: str, sent: _Sent, size: int) -> bool:
        try:
            fd = open_plain(self._folder.path / path)
        except OSError:
            return False
        try:
            at = 0
            while True:
                data = os.pread(fd, min(_PIECE_BYTES, size - at), at)
                if len(data) < min(_PIECE_BYTES, size - at):
                    return False  # it was cut meanwhile: next time
                if not self._try_append(path, sent, at, data, size):
                    return False
                at += len(data)
                if at >= size:
                    return True
        finally:
            os.close(fd)

    def _try_append(self, path: str, sent: _Sent, at: int, data: bytes, total: int | None = None) -> bool:
        """Send a piece; False when the file has to be sent from elsewhere, or not at all."""
        try:
            self._append(path, at, data, total)
        except WrongState:
            raise
        except Conflict as conflict:
            size = conflict.details.get("size_bytes")
            sent.end = size if isinstance(size, int) and size < at else 0
            return False
        except (InvalidInput, TooLarge) as error:
            sent.given_up = True
            self._say(f"{path} is not sent: {error}")
            return False
        return True

    def _append(self, path: str, at: int, data: bytes, total: int | None = None) -> None:
        try:
            part = self._api.folders.append(self._run_id, path, at, Upload(io.BytesIO(data), len(data)), total)
        except WrongState as error:
            if not self._told_end:
                self._say(str(error))
            raise _Ended from error
        if part.cancel and not control.cancel_requested(self._folder):
            control.request_cancel(self._folder)

    # -- what comes back

    def _note_request(self, path: str) -> None:
        try:
            body = wire.loads(read_plain(self._folder.path / path, _MOST_BYTES))
            self._asked[path] = str(body["operation"])
        except (OSError, ValueError, TypeError, KeyError):
            return

    def _fetch_answers(self) -> None:
        for path in list(self._asked)[:_LOOKED_FOR]:
            reply = path.replace(names.REQUESTS, names.REPLIES)
            answer = self._read(reply)
            if not answer:
                continue
            if _is_download(self._asked[path]) and b'"err"' not in answer[:10]:
                content = reply.removesuffix(".json") + ".bin"
                self._keep(content, self._read(content))
            self._keep(reply, answer)
            del self._asked[path]

    def _read(self, path: str) -> bytes:
        return self._api.folders.read(self._run_id, path).read()

    def _keep(self, path: str, data: bytes) -> None:
        target = self._folder.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, data)


def _is_download(operation_id: str) -> bool:
    noun, _, name = operation_id.partition(".")
    known = operations(noun, NOUNS[noun]) if noun in NOUNS else ()
    return any(operation.name == name and operation.returns is Download for operation in known)

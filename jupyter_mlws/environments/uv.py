"""uv, which resolves and installs: found beside the interpreter, followed, and ended with all that it started."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from jupyter_mlws.environments import configuration
from jupyter_mlws.errors import MissingPart, Unavailable
from jupyter_mlws.runfolder import processes
from jupyter_mlws.runfolder.names import RUN_ID_VARIABLE

__all__ = ["Stopped", "UvFailed", "find", "run"]

Say = Callable[[str], None]
_POLL_S = 0.1
_GRACE_S = 2.0
# So many of its lines are kept for the answer: the first ones of its trouble, and the last ones.
_LAST = 200
_HEAD = 10
_TROUBLE = re.compile(r"error:|  ×")


class Stopped(Exception):
    """The work was not wanted any more, and was ended."""


class UvFailed(Exception):
    """uv said no; `lines` are its last words."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def find() -> str:
    """The program: beside our interpreter, else on the PATH; `MissingPart` says how to get it."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise MissingPart("uv is not installed, and environments are built with it.", hint="Run: pip install uv")
    return found


def run(
    arguments: Sequence[str],
    *,
    say: Say,
    wanted: Callable[[], bool],
    text: str = "",
    variables: Mapping[str, str] | None = None,
    hold: Sequence[int] = (),
    program: str = "",
) -> str:
    """Run uv to its end and return what it printed.

    Parameters
    ----------
    arguments : sequence of str
    say : callable
        Given each line of its progress.
    wanted : callable
        Asked ten times a second; when it says False everything is ended.
    text : str
        For its standard input.
    variables : mapping, optional
        Above what this machine says.
    hold : sequence of int
        Open files whose locks are to be held as long as it, or what it has started, lives.
    program : str
        Another one than uv that is followed and ended in the same way.

    Raises
    ------
    UvFailed
        It ended with an error.
    Stopped
        It was not wanted any more.
    """
    # What is done in a moment is not asked about while it goes on.
    if not wanted():
        raise Stopped
    program = program or find()
    # Compilers of a source package may leave its group; so they can be found again.
    mark = f"mlws-build-{uuid.uuid4().hex}"
    told = {**configuration.variables(), "UV_NO_PROGRESS": "1", "NO_COLOR": "1", RUN_ID_VARIABLE: mark}
    try:
        process = subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**told, **(variables or {})},
            cwd="/",  # no project's settings count
            start_new_session=True,
            pass_fds=tuple(hold),
        )
    except OSError as error:
        raise Unavailable(f"{Path(program).name} cannot be started ({error.strerror}).") from error
    following = _Following(process, mark, text, say, configuration.cleaner(told))
    try:
        return following.result(wanted)
    except BaseException:
        _end(process, mark)
        _tidy(told)
        raise
    finally:
        following.close()


class _Following:
    """What a process says, heard as it comes, until it has ended."""

    def __init__(
        self, process: subprocess.Popen[str], mark: str, text: str, say: Say, clean: Callable[[str], str]
    ) -> None:
        self._process = process
        self._clean = clean
        self._mark = mark
        self._text = text
        self._say = say
        self._printed: list[str] = []
        self._said: list[str] = []
        self._head: list[str] = []
        self._trouble: OSError | ValueError | None = None
        self._listener = Thread(target=self._listen, daemon=True)
        self._others = [Thread(target=each, daemon=True) for each in (self._collect, self._tell)]
        for thread in (self._listener, *self._others):
            thread.start()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for raw in self._process.stderr:
            line = self._clean(raw.rstrip())
            self._note(line)
            # Who cannot note it has a full disk: uv must be heard to its end nevertheless, else it waits for us.
            if self._trouble is None:
                try:
                    self._say(line)
                except (OSError, ValueError) as error:
                    self._trouble = error

    def _note(self, line: str) -> None:
        """Keep its last lines, and those that its trouble began with: a compiler says hundreds behind them."""
        if not self._head and _TROUBLE.match(line):
            self._head, self._said = [line], []
        elif 0 < len(self._head) < _HEAD:
            self._head.append(line)
        elif len(self._said) == _LAST - _HEAD:
            self._said = [*self._said[1:], line]
        else:
            self._said.append(line)

    def _collect(self) -> None:
        assert self._process.stdout is not None
        self._printed.append(self._process.stdout.read())

    def _tell(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(self._text)
            self._process.stdin.close()

    def result(self, wanted: Callable[[], bool]) -> str:
        """What it printed; `UvFailed` or `Stopped`."""
        # Its words end with it, which is known at once; where a child of it goes on speaking, its own end counts.
        while self._process.poll() is None:
            self._listener.join(_POLL_S)
            if self._listener.is_alive():
                if not wanted() or self._trouble is not None:
                    break
            else:
                self._process.wait()
        if self._trouble is not None:
            raise self._trouble
        if self._process.poll() is None:
            raise Stopped
        for thread in (self._listener, *self._others):
            thread.join(_GRACE_S)
        if self._process.returncode != 0:
            raise UvFailed([*self._head, *self._said])
        return "".join(self._printed)

    def close(self) -> None:
        """Let go of its pipes; it has ended, and what it may have left behind ends now."""
        threads = (self._listener, *self._others)
        if any(thread.is_alive() for thread in threads):
            processes.sweep(self._mark)
        for thread in threads:
            thread.join(_GRACE_S)
        if any(thread.is_alive() for thread in threads):
            return  # a process in uninterruptible sleep holds them: they end when it does
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()


def _end(process: subprocess.Popen[str], mark: str) -> None:
    """End it with all that it has started (compilers of a source package)."""
    if process.poll() is None:
        # It has not been waited for yet, so that its group is still its own.
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
                break
    processes.sweep(mark)


def _tidy(told: Mapping[str, str]) -> None:
    """Remove what an ended uv has half unpacked into its cache, unless another one works there."""
    base = told.get("UV_CACHE_DIR") or os.path.join(told.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "uv")
    try:
        # Every uv holds this lock while it works.
        handle = os.open(os.path.join(base, ".lock"), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for folder in (Path(base), Path(base, "builds-v0")):
            for left in folder.glob(".tmp*"):
                shutil.rmtree(left, ignore_errors=True)
                left.unlink(missing_ok=True)
    except OSError:
        return
    finally:
        os.close(handle)

"""uv, which resolves and installs: found beside the interpreter, told of the index that pip is configured with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from jupyter_mlws.errors import MissingPart, Unavailable

__all__ = ["Stopped", "UvFailed", "run"]

Say = Callable[[str], None]
_POLL_S = 0.1
_GRACE_S = 5.0


class Stopped(Exception):
    """The work was not wanted any more, and was ended."""


class UvFailed(Exception):
    """uv said no; `lines` are its last words."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def _find() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise MissingPart("uv is not installed, and environments are built with it.", hint="Run: pip install uv")
    return found


def _configuration() -> dict[str, str]:
    """What pip knows of the index, in the words of uv; whatever is said to uv itself comes first."""
    told = {name for name in os.environ if name.startswith("UV_")}
    try:
        listed = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=30, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        listed = ""
    pip: dict[str, str] = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        # The environment's settings are listed before those of files and stand above them.
        pip.setdefault(key.rpartition(".")[2], value.strip("'\""))
    words = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": _usable(pip.get("extra-index-url", "")),
        "UV_FIND_LINKS": _usable(pip.get("find-links", "")),
        "SSL_CERT_FILE": "" if "SSL_CERT_FILE" in os.environ else pip.get("cert", ""),
    }
    return {name: value for name, value in words.items() if value and name not in told}


def _usable(places: str) -> str:
    """Without folders that are not there: pip passes over them with a warning, uv stops."""
    kept = [
        place
        for place in places.split()
        if "://" in place.replace("file://", "") or Path(place.removeprefix("file://")).is_dir()
    ]
    return " ".join(kept)


def run(
    arguments: Sequence[str],
    *,
    say: Say,
    wanted: Callable[[], bool],
    text: str = "",
    variables: Mapping[str, str] | None = None,
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

    Raises
    ------
    UvFailed
        It ended with an error.
    Stopped
        It was not wanted any more.
    """
    environment = {**os.environ, **_configuration(), "UV_NO_PROGRESS": "1", "NO_COLOR": "1", **(variables or {})}
    # A virtual environment that we were started from is none of uv's business.
    environment.pop("VIRTUAL_ENV", None)
    try:
        process = subprocess.Popen(
            [_find(), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(f"uv cannot be started ({error.strerror}).") from error
    with process:
        try:
            return _follow(process, text, say, wanted)
        finally:
            _end(process)


def _follow(process: subprocess.Popen[str], text: str, say: Say, wanted: Callable[[], bool]) -> str:
    from threading import Thread

    printed: list[str] = []
    said: list[str] = []

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line.rstrip())
            say(line.rstrip())

    def collect() -> None:
        assert process.stdout is not None
        printed.append(process.stdout.read())

    def tell() -> None:
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(text)
            process.stdin.close()

    threads = [Thread(target=each, daemon=True) for each in (listen, collect, tell)]
    for thread in threads:
        thread.start()
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
            break
        if not wanted():
            raise Stopped
    for thread in threads:
        thread.join()
    if process.returncode != 0:
        raise UvFailed(said[-20:])
    return "".join(printed)


def _end(process: subprocess.Popen[str]) -> None:
    """End it with all that it has started (compilers of a source package)."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        if process.poll() is not None and number is signal.SIGTERM:
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
            return

"""``%mlws COMMAND``: the command line's commands below a cell, their output as it comes."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import IO, Any

from jupyter_mlws.errors import MissingPart, UsageError
from jupyter_mlws.magics.words import expand, split

__all__ = ["run_command"]

_WIDTH = "110"
_LEAVES_WITHIN_S = 5.0


def run_command(line: str, names: Mapping[str, Any]) -> None:
    """Run ``mlws`` with the words of a line.

    An interrupt ends the command; a run that it only waits for goes on, as in a terminal.

    Parameters
    ----------
    line : str
        ``$name`` and ``{expression}`` in it are expanded.
    names : mapping
        The notebook's namespace.

    Raises
    ------
    UsageError
        The command ended with another exit code than 0; what it said is printed.
    MissingPart
        Only the standard-library part of the package is here.
    """
    if find_spec("jupyter_mlws.cli") is None or find_spec("typer") is None:
        raise MissingPart(
            "This kernel has only the small part of jupyter-mlws, which has no command line.",
            hint="Use a terminal of the server, or install the package in this environment: %pip install jupyter-mlws",
        )
    words = [expand(word, names) for word in split(line)]
    code = _run([sys.executable, "-m", "jupyter_mlws.cli.notebook", *(words or ["--help"])])
    if code:
        raise UsageError(f"%mlws {' '.join(words)} ended with exit code {code}.", hint="What it says stands above.")


def _run(command: list[str]) -> int:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"COLUMNS": _WIDTH, **os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    with process.stdout as stream:
        try:
            _show(stream)
            return process.wait()
        except BaseException:
            _end(process)
            raise


def _show(stream: IO[bytes]) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := os.read(stream.fileno(), 1 << 16):
        sys.stdout.write(decoder.decode(data))
        sys.stdout.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # so that it says what a person has to know
    try:
        process.wait(_LEAVES_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""A tool that is measured, in a process of its own: told a line of JSON, it answers with one. And what it made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers

HERE = Path(__file__).parent
Make = Callable[[], Any]


class ToolProcess:
    """A tool in a process of its own.

    Parameters
    ----------
    tool : str
    inside : bool
        Whether it runs in this environment, and not in one of a peer.
    script : str
        Beside this file: prints ``ready``, then answers.
    arguments
        Of the script, after the name of the tool.
    """

    def __init__(self, tool: str, inside: bool, script: str, *arguments: object) -> None:
        self.tool = tool
        python = sys.executable if inside else str(peers.ROOT / peers.PEERS[tool][0] / "bin" / "python")
        self._process = subprocess.Popen(
            [python, str(HERE / script), tool, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": str(HERE)},
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{self.tool} ended")
        return line

    def ask(self, what: str, *given: Any) -> Any:
        """The answer to an operation of the script."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([what, *given]) + "\n")
        return json.loads(self._line())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def is_made(folder: Path) -> bool:
    """Whether `once` filled this folder."""
    return _note(folder).exists()


def _note(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def once(folder: Path, make: Make) -> Any:
    """What `make` told when it filled a folder, which it does once; and again where it was broken off.

    What takes much longer to make than to ask is left for the next time so.
    """
    note = _note(folder)
    if not is_made(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        found = make()
        note.write_text(json.dumps(found))
        print(f"{folder.name} was made in {time.monotonic() - began:.0f} s.", flush=True)
    return json.loads(note.read_text())

"""Speaking to a dispatcher: one word over its socket, one line of JSON back."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from jupyter_mlws.dispatcher.place import lock_path, log_path
from jupyter_mlws.dispatcher.words import trouble
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.processes import identity_of, is_alive

__all__ = ["ask", "noted_version", "poke", "state", "stop"]

_TIMEOUT_S = 2.0
_STOP_TIMEOUT_S = 10.0


def _sockets(folder: Path) -> list[str]:
    """Where the dispatcher may listen: the place that this process would use, then the one that the dispatcher noted.

    The two differ when they were started with different runtime folders (a login session and a cron job).
    """
    found = []
    try:
        found.append(str(places.socket_path(folder)))
    except Unavailable:  # the noted one may do
        pass
    noted = _noted(folder)
    return found if noted is None or noted in found else [*found, noted]


def _noted(folder: Path) -> str | None:
    """The socket that the dispatcher of this place noted; one that served the folder elsewhere is about to leave."""
    return _note(folder, "socket")


def noted_version(folder: Path) -> str | None:
    """The version of the program that the dispatcher of this place noted."""
    return _note(folder, "version")


def _note(folder: Path, name: str) -> str | None:
    try:
        note = json.loads(lock_path(folder).read_bytes())
        here = note["folder"] == os.path.realpath(folder)
        return str(note[name]) if here else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _connect(folder: Path, timeout_s: float) -> socket.socket | None:
    if not hasattr(socket, "AF_UNIX"):  # no dispatcher runs on such a system
        return None
    for path in _sockets(folder):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout_s)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
        else:
            return connection
    return None


def poke(folder: Path) -> bool:
    """Tell the dispatcher that there is work, without waiting for an answer; False when none listens."""
    connection = _connect(folder, _TIMEOUT_S)
    if connection is None:
        return False
    with connection:
        try:
            connection.sendall(b"wake\n")
        except OSError:
            return False
    return True


def ask(folder: Path, word: str, timeout_s: float = _TIMEOUT_S) -> dict[str, Any] | None:
    """The dispatcher's answer to a word; None when none listens or it does not answer in time."""
    connection = _connect(folder, timeout_s)
    if connection is None:
        return None
    with connection:
        try:
            connection.sendall(word.encode() + b"\n")
            with connection.makefile("rb") as file:
                answer = json.loads(file.readline())
        except (OSError, ValueError):
            return None
    return answer if isinstance(answer, dict) else None


def state(folder: Path) -> DispatcherState:
    """Whether the dispatcher of this workspace, host and user lives."""
    answer = ask(folder, "status")
    if answer is None:
        return DispatcherState(alive=False, message=trouble(folder))
    return DispatcherState(
        alive=True, pid=answer.get("pid"), version=answer.get("version"), troubles=_troubles(answer.get("troubles"))
    )


def _troubles(said: Any) -> dict[str, str]:
    """What holds which run up, as the dispatcher says; an older one says nothing."""
    return {str(run): str(sentence) for run, sentence in said.items()} if isinstance(said, dict) else {}


def stop(folder: Path, timeout_s: float = _STOP_TIMEOUT_S) -> bool:
    """Stop the dispatcher and wait until it is gone; running jobs go on. False when none lived.

    Raises
    ------
    Unavailable
        It has not stopped in time.
    """
    answer = ask(folder, "stop")
    if answer is None:
        return False
    # Still alive, for it has just answered: this is its identity.
    process = identity_of(int(answer["pid"]))
    deadline = time.monotonic() + timeout_s
    while is_alive(process):
        if time.monotonic() > deadline:
            raise Unavailable(
                f"The dispatcher (process {answer.get('pid')}) has not stopped within {timeout_s:g} s.",
                hint=f"Its log says why: {log_path(folder)}",
            )
        time.sleep(0.02)
    return True

"""A container on its way: it is told what to run, watched to its end, and removed."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from jupyter_mlws.containers import engine
from jupyter_mlws.containers.removing import remove, remove_later
from jupyter_mlws.errors import MlwsError, TargetAway, Unavailable, WrongState
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["Container", "close_input", "last_words", "stdin_of"]

_log = logging.getLogger(__name__)
# An agent that lives reads what it is told at once.
_TAKE_S = 30.0
_PAUSE_S = 0.5
_MAX_LOG = 64 * 1024


class Container:
    """A `Launch`: a thread waits for the container's end, notes what the engine says of it, and removes it."""

    def __init__(
        self, folder: RunFolder, container: str, stdin: Any, note: Callable[[str], None], *, removed: bool = False
    ) -> None:
        self._folder = folder
        self._id = container
        self._stdin = stdin
        self._note = note
        self._abandoned = False
        self._read_end, self._write_end = os.pipe2(os.O_CLOEXEC)
        self._open = True
        if removed:
            os.close(self._write_end)
        else:
            threading.Thread(target=self._wait, name=f"container {container[:12]}", daemon=True).start()

    def send(self, payload: bytes) -> None:
        if self._stdin is None:
            raise Unavailable("The agent runs already.")
        raw: socket.socket = getattr(self._stdin, "_sock", self._stdin)
        try:
            raw.settimeout(_TAKE_S)
            raw.sendall(payload)
            raw.shutdown(socket.SHUT_WR)
        except TimeoutError as error:
            raise Unavailable(f"The agent did not take its job within {_TAKE_S:g} s.") from error
        except OSError as error:
            raise self._not_told() from error

    def _not_told(self) -> MlwsError:
        """Why nobody listens: an engine that is away will be back, a container that ended would end again."""
        import docker.errors

        try:
            with engine.answers():
                facts = engine.connect().inspect_container(self._id)
        except MlwsError as error:
            gone = isinstance(error.__cause__, docker.errors.NotFound)
            return WrongState("The container ended before it was told what to run.") if gone else error
        if (facts.get("State") or {}).get("Running"):
            return TargetAway("The Docker engine let go of a container that was being started.")
        return WrongState(f"{last_words(facts)} It had not begun.")

    def abandon(self) -> None:
        self._abandoned = True
        remove_later(self._id)
        self.close()

    def end_signal(self) -> int | None:
        return self._read_end if self._open else None

    def close(self) -> None:
        if self._stdin is not None:
            # A container whose agent was not told yet sees its input end, and ends.
            close_input(self._stdin)
            self._stdin = None
        if self._open:
            self._open = False
            os.close(self._read_end)

    def _wait(self) -> None:
        """Wait for the end; an engine that is away is waited for, too: its containers may go on without it."""
        was_away = False
        try:
            while True:
                try:
                    with engine.answers():
                        self._await_end()
                        self._note(self._bury(was_away))
                    return
                except Unavailable as error:
                    if not was_away:
                        _log.warning("Container %s cannot be watched: %s", self._id[:12], error)
                    was_away = True
                    time.sleep(_PAUSE_S)
        finally:
            os.close(self._write_end)

    def _await_end(self) -> None:
        import docker.errors

        with suppress(docker.errors.NotFound):
            engine.connect().wait(self._id, timeout=None)

    def _bury(self, was_away: bool) -> str:
        """Keep what it said beside the agent's log, and remove it; returns what the engine says of its end."""
        import docker.errors

        client = engine.connect()
        try:
            facts = client.inspect_container(self._id)
        except docker.errors.NotFound:
            return "" if self._abandoned else "The container was removed from outside while the run went on."
        words = last_words(facts, was_away)
        with suppress(docker.errors.APIError, OSError):
            said = client.logs(self._id, stdout=True, stderr=True, tail=200)[-_MAX_LOG:]
            if said and self._folder.path.is_dir():
                self._folder.logs.mkdir(exist_ok=True)
                with self._folder.agent_log.open("ab") as log:
                    log.write(said)
        remove(self._id)
        return words


def stdin_of(container: str) -> Any:
    """The standard input of a container that is about to be started."""
    with engine.answers():
        return engine.connect().attach_socket(container, params={"stdin": 1, "stream": 1})


def close_input(stdin: Any) -> None:
    """Close what `stdin_of` gave."""
    # The socket is shared by the file that was made of it and by the library's connection: all have to let go.
    parts = [stdin, getattr(stdin, "_sock", None), getattr(stdin, "_response", None)]
    for part in filter(None, parts):
        with suppress(OSError, ValueError):  # closed already
            part.close()


def last_words(facts: dict[str, Any], was_away: bool = False) -> str:
    """How a container ended, one sentence."""
    state = facts.get("State") or {}
    code = state.get("ExitCode")
    if state.get("OOMKilled"):
        limit = (facts.get("HostConfig") or {}).get("Memory") or 0
        of = f" of {limit / (1 << 20):,.0f} MiB" if limit else ""
        return f"The container was ended because its memory{of} was full; use less at a time, or ask for more."
    if was_away:
        return "The Docker engine was stopped, and the container ended with it."
    if state.get("Error"):
        return f"The container failed: {str(state['Error'])[:300]}"
    if code == 137:
        return "The container was killed from outside (SIGKILL)."
    if code == 143:
        return "The container was stopped from outside (SIGTERM)."
    if code == 127:
        return "The image has no python3 that the agent could run with."
    return f"The container ended with exit code {code}; logs/agent.log may tell why."

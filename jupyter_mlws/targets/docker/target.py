"""The docker target."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from jupyter_mlws import faults
from jupyter_mlws.containers import engine
from jupyter_mlws.containers.removing import remove, remove_later, sweep
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.errors import InvalidInput, MlwsError, Unavailable
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity
from jupyter_mlws.targets import machine
from jupyter_mlws.targets.base import Ground, Launch
from jupyter_mlws.targets.docker import container
from jupyter_mlws.targets.docker.following import Container, close_input, last_words, stdin_of
from jupyter_mlws.targets.docker.settings import DockerSettings

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["DockerTarget"]

_log = logging.getLogger(__name__)
_ASK_EVERY_S = 2.0
_MAX_NOTES = 1_000


class DockerTarget:
    """Containers of the Docker engine on this machine.

    Notes
    -----
    The run folder is mounted at its own path and the agent runs inside as the submitting user, without capabilities.
    What it is to run comes by the standard input: the engine's records of a container hold no secret.
    """

    name = "docker"
    takes: Literal["interpreter", "image"] = "image"

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        # Runs whose containers could not be looked at for a while: they may have ended with their engine.
        self._unseen: set[str] = set()
        self._asked: tuple[str, float, MlwsError | None] | None = None
        self._turn = threading.Lock()

    def check(self) -> None:
        found = self._problem()
        if found is not None:
            raise found

    def _problem(self) -> MlwsError | None:
        """Why there is no engine, as it was a moment ago: it is asked again and again."""
        with self._turn:
            now, where = time.monotonic(), os.environ.get("DOCKER_HOST", "")
            if self._asked is None or self._asked[0] != where or now - self._asked[1] > _ASK_EVERY_S:
                self._asked = (where, now, engine.problem())
            return self._asked[2]

    def describe(self) -> Compute:
        problem = self._problem()
        gpus = len(machine.gpu_ids())
        slots = max(DockerSettings.read().slots, gpus)
        note = str(problem) if problem else ""
        return Compute(name=self.name, kind="docker", slots=slots, gpus=gpus, note=note, ready=problem is None)

    def obstacle(self, running: int, memory_bytes: int | None = None) -> str:
        if self._problem():
            return "waiting for the Docker engine"
        return machine.memory_obstacle(running, memory_bytes)

    def variables(self, gpus: tuple[int, ...]) -> Mapping[str, str]:
        return {}  # a container has the devices that it was given, and no others

    def launch(self, folder: RunFolder, run_id: str, ground: Ground) -> Launch:
        if not ground.image:
            raise InvalidInput("A container needs an image.", hint="Name an environment: --env sklearn")
        settings = DockerSettings.read()
        with engine.answers():
            client = engine.connect()
            container.sweep(client, folder)
            sweep()
            # Nobody's any more: the caller holds the folder, and no agent has it.
            remove(container.name_of(folder))
            rootless = engine.is_rootless(engine.address())
        made = _create(client, folder, run_id, ground, settings, rootless=rootless)
        stdin = None
        try:
            faults.point("docker.created")
            stdin = stdin_of(made)
            with engine.answers():
                client.start(made)
        except BaseException as error:
            if stdin is not None:
                close_input(stdin)
            remove_later(made)
            raise _refusal(error) from error
        self._forget(folder)
        return self._watched(folder, made, stdin)

    def _watched(self, folder: RunFolder, made: str, stdin: Any) -> Container:
        return Container(folder, made, stdin, lambda words: self._note(folder, words))

    def _note(self, folder: RunFolder, words: str) -> None:
        with self._turn:
            while len(self._words) >= _MAX_NOTES:
                self._words.pop(next(iter(self._words)))
            self._words[str(folder.path)] = words

    def _forget(self, folder: RunFolder) -> None:
        with self._turn:
            self._words.pop(str(folder.path), None)
            self._unseen.discard(str(folder.path))

    def attach(self, folder: RunFolder, agent: Identity) -> Launch:
        try:
            found = self._find(folder)
        except Unavailable:
            # The engine is away. It is found by its name once it answers.
            return self._watched(folder, container.name_of(folder), None)
        if found is None:
            self._note(folder, "The container was removed from outside while the run went on.")
            return Container(folder, "", None, lambda words: None, removed=True)
        return self._watched(folder, found["Id"], None)

    def _find(self, folder: RunFolder) -> dict[str, Any] | None:
        with engine.answers():
            return container.find(engine.connect(), folder, os.path.basename(folder.path))

    def alive(self, folder: RunFolder, agent: Identity) -> bool | None:
        try:
            found = self._find(folder)
        except MlwsError:
            with self._turn:
                self._unseen.add(str(folder.path))
            return None  # the container may go on without its engine: its heartbeat tells
        return found is not None and bool((found.get("State") or {}).get("Running"))

    def signal(self, folder: RunFolder, agent: Identity, number: int) -> None:
        try:
            found = self._find(folder)
            state = (found or {}).get("State") or {}
            if found is None or not state.get("Running"):
                return
            with engine.answers():
                client = engine.connect()
                if state.get("Paused") and number in (signal.SIGCONT, signal.SIGKILL):
                    client.unpause(found["Id"])
                # The first process of the container passes it on to the agent; SIGKILL ends all of them.
                client.kill(found["Id"], int(number))
        except MlwsError as error:
            _log.warning("Signal %d did not reach the container of %s: %s", number, folder.path.name, error)

    def explain(self, folder: RunFolder, run_id: str) -> str:
        with self._turn:
            words, unseen = self._words.get(str(folder.path), ""), str(folder.path) in self._unseen
        if words:
            return words
        try:
            found = self._find(folder)
        except MlwsError as error:
            return str(error)
        if found is None or (found.get("State") or {}).get("Running"):
            return ""
        return last_words(found, unseen)

    def stop(self, folder: RunFolder, run_id: str) -> tuple[list[int], list[int]]:
        try:
            found = self._find(folder)
            if found is None:
                return [], []
            with engine.answers():
                remove(found["Id"])
            with self._turn:
                self._unseen.discard(str(folder.path))
        except MlwsError as error:
            _log.warning("The container of %s could not be removed: %s", run_id, error)
            return [], []
        state = found.get("State") or {}
        return ([int(state.get("Pid") or 0)] if state.get("Running") else []), []


def _create(
    client: APIClient, folder: RunFolder, run_id: str, ground: Ground, settings: DockerSettings, *, rootless: bool
) -> str:
    try:
        with engine.answers():
            return container.create(client, folder, run_id, ground, settings, rootless=rootless)
    except Unavailable as error:
        raise _refusal(error) from error


def _refusal(error: BaseException) -> BaseException:
    said = str(error)
    if isinstance(error, Unavailable) and "python3" in said and "executable file not found" in said:
        return InvalidInput(
            "The image has no python3, with which the agent runs.", hint="Choose an image with Python 3.10 or later."
        )
    if isinstance(error, Unavailable) and "could not select device driver" in said:
        return Unavailable(
            "The Docker engine cannot give GPUs to containers.", hint="Install the NVIDIA container toolkit."
        )
    if isinstance(error, Unavailable) and "Range of CPUs" in said:
        return InvalidInput(
            f"The run asks for more processors than the {os.cpu_count()} of this machine.", hint="Ask for fewer: --cpus"
        )
    if isinstance(error, Unavailable) and "memory limit" in said.lower():
        return InvalidInput("The run asks for less memory than a container needs.", hint="Ask for more: --memory 512m")
    return error

"""A compute target of somebody else's: this machine's idle time. Jobs run by ``nice``, behind everything else here."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from typing import Literal

from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder import farside, processes
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity
from jupyter_mlws.targets.base import Ground, Launch

__all__ = ["NiceTarget"]


class NiceTarget:
    """Jobs at the lowest priority (``MLWS_NICE_SLOTS`` at a time)."""

    name = "nice"
    takes: Literal["interpreter", "image"] = "interpreter"

    def check(self) -> None:
        if shutil.which("nice") is None:
            raise Unavailable("There is no program 'nice' here.", hint="Install coreutils, or submit to local.")

    def describe(self) -> Compute:
        return Compute(name=self.name, kind="nice", slots=int(os.environ.get("MLWS_NICE_SLOTS", "1")))

    def obstacle(self, running: int, memory_bytes: int | None = None) -> str:
        busy = running > 0 and os.getloadavg()[0] > 20 * (os.cpu_count() or 1)
        return "waiting for a calmer machine" if busy else ""

    def variables(self, gpus: tuple[int, ...]) -> Mapping[str, str]:
        return {}

    def launch(self, folder: RunFolder, run_id: str, ground: Ground) -> Launch:
        kept = ("PATH", "HOME", "USER", "LANG", "TZ")
        variables = {name: os.environ[name] for name in kept if name in os.environ} | dict(ground.variables)
        with folder.agent_log.open("ab") as log:
            process = subprocess.Popen(
                ["nice", "-n", "19", *farside.agent_command(folder.path)],
                cwd=folder.path,
                # By MLWS_RUN_FOLDER `stop` tells the processes of a run from those of its copy in another workspace.
                env={**variables, "MLWS_RUN_FOLDER": str(folder.path)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Neither a terminal nor the end of the dispatcher reaches it.
                start_new_session=True,
            )
        return _Started(process)

    def attach(self, folder: RunFolder, agent: Identity) -> Launch:
        return _Attached()

    def alive(self, folder: RunFolder, agent: Identity) -> bool | None:
        return processes.is_alive(agent)

    def signal(self, folder: RunFolder, agent: Identity, number: int) -> None:
        processes.signal_one(agent, number, str(folder.path))

    def explain(self, folder: RunFolder, run_id: str) -> str:
        return ""

    def stop(self, folder: RunFolder, run_id: str) -> tuple[list[int], list[int]]:
        return processes.sweep(run_id, folder=str(folder.path))


class _Attached:
    """An agent that an earlier dispatcher started: nothing has to be said to it."""

    def send(self, payload: bytes) -> None:
        raise Unavailable("The agent runs already.")

    def abandon(self) -> None:
        return

    def end_signal(self) -> int | None:
        return None  # its end is seen in the run folder

    def close(self) -> None:
        return


class _Started(_Attached):
    """An agent that waits for its job."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def send(self, payload: bytes) -> None:
        assert self._process.stdin is not None
        try:
            with self._process.stdin as stdin:
                stdin.write(payload)
        except BrokenPipeError as error:
            raise Unavailable("The agent ended before it was told what to run.") from error

    def abandon(self) -> None:
        processes.kill_all((*processes.descendants(self._process.pid), self._process.pid), 9)
        self.close()

    def close(self) -> None:
        # An agent whose input ends without a job ends, too. Waited for, so that none stays as a zombie.
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        threading.Thread(target=self._process.wait, daemon=True).start()

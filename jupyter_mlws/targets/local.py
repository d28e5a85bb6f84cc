"""The local target: jobs are processes of this machine, each under an agent in a session of its own."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

from jupyter_mlws.domain.compute import Compute, ComputeLoad
from jupyter_mlws.errors import InvalidInput, TargetAway, Unavailable
from jupyter_mlws.runfolder import farside, processes
from jupyter_mlws.runfolder.names import RUN_FOLDER_VARIABLE
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity
from jupyter_mlws.targets import load, machine
from jupyter_mlws.targets.base import Ground, Launch

__all__ = ["LocalTarget"]

_DEFAULT_SLOTS = 2
# An agent that lives reads what it is told at once.
_TAKE_S = 30.0
# Of a machine that has no room for one more process, memory or open file: others end, and there is.
_CROWDED = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT)
# What an agent needs of the dispatcher's environment; the script's own comes on its standard input.
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SHELL", "XDG_RUNTIME_DIR",
         "XDG_CACHE_HOME", "MLWS_CACHE_DIR", "MLWS_RUNTIME_DIR", "MLWS_DATA_DIR", "MLWS_FAULT", "MLWS_FAULT_ONCE",
         "MLWS_FAULT_TRACE")  # fmt: skip


class LocalTarget:
    """The machine of the dispatcher.

    Notes
    -----
    Two jobs at a time (``MLWS_LOCAL_SLOTS``), or one for each GPU where there are more of them.
    """

    name = "local"
    takes: Literal["interpreter", "image"] = "interpreter"

    def check(self) -> None:
        return

    def describe(self) -> Compute:
        gpus = len(machine.gpu_ids())
        return Compute(name=self.name, kind="local", slots=max(self._slots(), gpus), gpus=gpus, note=self._note())

    def load(self) -> ComputeLoad:
        return load.of_this_machine(self.name)

    def _slots(self) -> int:
        text = os.environ.get("MLWS_LOCAL_SLOTS", "")
        if not text:
            return _DEFAULT_SLOTS
        if not text.isdigit() or int(text) < 1:
            raise InvalidInput(f"MLWS_LOCAL_SLOTS cannot be {text!r}.", hint="Give a whole number from 1.")
        return int(text)

    def _note(self) -> str:
        if os.path.exists("/.dockerenv") or "KUBERNETES_SERVICE_HOST" in os.environ:
            return "Runs here end with this container."
        return ""

    def obstacle(self, running: int, memory_bytes: int | None = None) -> str:
        return machine.memory_obstacle(running, memory_bytes)

    def variables(self, gpus: tuple[int, ...]) -> Mapping[str, str]:
        found = machine.gpu_ids()
        if not found:
            return {}
        return {"CUDA_VISIBLE_DEVICES": ",".join(found[i] for i in gpus)}

    def launch(self, folder: RunFolder, run_id: str, ground: Ground) -> Launch:
        command = farside.agent_command(folder.path)
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # By this a dispatcher knows whose agent it is, should the workspace be copied.
        environment[RUN_FOLDER_VARIABLE] = str(folder.path)
        try:
            log = os.open(folder.agent_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                process = subprocess.Popen(
                    command,
                    cwd=folder.path,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            finally:
                os.close(log)
        except OSError as error:
            kind = TargetAway if error.errno in _CROWDED else Unavailable
            raise kind(f"The agent of run {run_id} could not be started ({error.strerror}).") from error
        return _Started(process)

    def attach(self, folder: RunFolder, agent: Identity) -> Launch:
        return _Attached(agent)

    def alive(self, folder: RunFolder, agent: Identity) -> bool | None:
        return processes.is_alive(agent)

    def signal(self, folder: RunFolder, agent: Identity, number: int) -> None:
        processes.signal_one(agent, number, str(folder.path))

    def explain(self, folder: RunFolder, run_id: str) -> str:
        return ""

    def stop(self, folder: RunFolder, run_id: str) -> tuple[list[int], list[int]]:
        return processes.sweep(run_id, folder=str(folder.path))


def _open_pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):  # ended already, or a system without it: the poll will see
        return None


def _write_all(pipe: int, payload: bytes) -> None:
    """Write it all, or raise `Unavailable`: a reader that is stopped must not stop us, too."""
    os.set_blocking(pipe, False)
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    deadline = time.monotonic() + _TAKE_S
    rest = memoryview(payload)
    while rest:
        poll.poll(1000)
        with suppress(BlockingIOError):
            rest = rest[os.write(pipe, rest) :]
        if rest and time.monotonic() > deadline:
            raise Unavailable(f"The agent did not take its job within {_TAKE_S:g} s.")


class _Started:
    """An agent that is our child."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._pidfd = _open_pidfd(process.pid)

    def send(self, payload: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            _write_all(stdin.fileno(), payload)
            stdin.close()
        except BrokenPipeError as error:
            raise Unavailable("The agent ended before it was told what to run.") from error

    def abandon(self) -> None:
        # The agent stands below a guard once it has been told what to run.
        processes.kill_all((*processes.descendants(self._process.pid), self._process.pid), signal.SIGKILL)
        self.close()

    def end_signal(self) -> int | None:
        return self._pidfd

    def close(self) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        if self._process.stdin is not None and not self._process.stdin.closed:
            try:
                self._process.stdin.close()
            except BrokenPipeError:  # what was left in the buffer has no reader any more
                pass
        if self._process.poll() is None:
            # Waited for, so that one which ends later leaves no zombie behind.
            threading.Thread(target=self._process.wait, name=f"agent {self._process.pid}", daemon=True).start()


class _Attached:
    """An agent that another dispatcher started."""

    def __init__(self, agent: Identity) -> None:
        self._pidfd = _open_pidfd(agent.pid) if processes.is_alive(agent) else None

    def send(self, payload: bytes) -> None:
        raise Unavailable("The agent runs already.")

    def abandon(self) -> None:
        self.close()

    def end_signal(self) -> int | None:
        return self._pidfd

    def close(self) -> None:
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

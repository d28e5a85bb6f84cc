"""A second process above the agent, which does nothing until the agent is killed.

A script's processes may leave its session and drop the marker from their environment. While the agent lives they
come to it, their subreaper. When it is killed the kernel ends the script alone; all the others would go to init, where
nobody knows whose they are. So they come to the guard instead, the next subreaper above; it ends them, and keeps what
they had written to the output pipe. The guard killed alone leaves the agent, which needs it for nothing.
"""

from __future__ import annotations

import os
import time

from jupyter_mlws.agent import system
from jupyter_mlws.agent.output import Pipe, keep_rest
from jupyter_mlws.runfolder import processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn

    from jupyter_mlws.runfolder.masking import Masker
else:
    import _signal as signal

__all__ = ["stand_below_a_guard"]

_PAUSE_S = 0.02
# Only a process in uninterruptible sleep outlives SIGKILL for so long; nobody can wait for it.
_UNKILLABLE_S = 5.0
_PASSED_ON = (signal.SIGTERM, signal.SIGINT)


def stand_below_a_guard(folder: str, pipe: Pipe, masker: Masker | None = None) -> None:
    """Return in a new process, the agent; this one becomes its guard and ends with it.

    Where orphans would not come to the guard there is none, and the process stays what it is.
    """
    if not system.become_subreaper():
        return
    # Told to stop at this very moment, the one who is told must not die of it before it can pass it on.
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    agent = os.fork()
    if agent != 0:
        _guard(agent, folder, pipe, masker)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)


def _guard(agent: int, folder: str, pipe: Pipe, masker: Masker | None) -> NoReturn:
    code = 1
    try:
        os.close(pipe.write_end)
        for number in _PASSED_ON:
            signal.signal(number, lambda number, frame: _pass_on(agent, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        status = _wait_for(agent)
        for number in _PASSED_ON:
            signal.signal(number, signal.SIG_IGN)
        _end_orphans()
        if status < 0:
            keep_rest(folder, pipe.read_end, masker)
        code = status if status >= 0 else 128 - status
    finally:
        # Whatever happened: what stands above this in the stack belongs to the agent.
        os._exit(code)


def _pass_on(agent: int, number: int) -> None:
    try:
        os.kill(agent, number)
    except ProcessLookupError:
        return


def _wait_for(agent: int) -> int:
    """The exit code of the agent, negative for a signal."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == agent:
            return os.waitstatus_to_exitcode(status)


def _end_orphans() -> None:
    deadline = time.monotonic() + _UNKILLABLE_S
    while _have_children() and time.monotonic() < deadline:
        processes.kill_all(processes.descendants(os.getpid()), signal.SIGKILL)
        time.sleep(_PAUSE_S)


def _have_children() -> bool:
    """Whether anything has come to us; reaps what has ended."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return True
        except ChildProcessError:
            return False

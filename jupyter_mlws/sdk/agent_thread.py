"""The agent of a run that logs from this very process: a thread that says the words which any agent says.

It writes the state, beats the heart and looks for a cancel. It never ends anything: a canceled run is over, the process
goes on. A fork has no such thread, and leaves the run to its parent.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from jupyter_mlws.agent.sync import JournalSync
from jupyter_mlws.agent.tell import Teller
from jupyter_mlws.runfolder import control, processes, state
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.protocol import PROTOCOL_VERSION

__all__ = ["AgentThread"]

_PERIOD_S = 0.2
_HEARTBEAT_S = 1.0
_SYNC_S = 5.0
# At the end of a process nobody waits long for room on a disk.
_PATIENCE_S = 5.0


def _say(sentence: str) -> None:
    """What an agent would put into its log; of this one only what a person should know is said elsewhere."""


class AgentThread(threading.Thread):
    """Watches over one run of this process.

    Parameters
    ----------
    folder : RunFolder
        Where the process logs.
    on_cancel, on_gone : callable
        Called in this thread when somebody has canceled the run; when the workspace has ended it without a word.
    attend : callable
        Called in this thread again and again.
    elsewhere : bool
        The folder is sent to a workspace on another machine.
    """

    def __init__(
        self,
        folder: RunFolder,
        on_cancel: Callable[[], None],
        on_gone: Callable[[], None],
        attend: Callable[[], None],
        *,
        elsewhere: bool = False,
    ) -> None:
        super().__init__(name="mlws-agent", daemon=True)
        self._folder = folder
        self._on_cancel = on_cancel
        self._on_gone = on_gone
        self._attend = attend
        self._stopping = threading.Event()
        self._pid = os.getpid()
        self._began = time.monotonic()
        self._beats = 0
        self._beat_at = 0.0
        self._lock = _lock(folder)
        # Whoever uses or closes the heart holds this: a closed file's number may be somebody else's a moment later.
        self._hand = threading.Lock()
        self._heart = os.open(folder.heartbeat, os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._tell = Teller(os.fspath(folder), _say)
        self._sync = JournalSync(os.fspath(folder), _SYNC_S, _say)
        self._ended = threading.Lock()
        _threads.add(self)
        identity = processes.identity_of(self._pid).to_dict()
        version = ".".join(map(str, sys.version_info[:3]))
        self._tell("started", identity=identity, protocol_version=PROTOCOL_VERSION, python=version, elsewhere=elsewhere)
        self._tell("script_started", identity=identity)

    def run(self) -> None:
        """Watch until the run has ended."""
        while not self._stopping.wait(_PERIOD_S):
            self._beat()
            self._sync.when_due(time.monotonic())
            self._attend()
            if control.cancel_requested(self._folder):
                self._on_cancel()
                return
            if self._is_gone():
                self._on_gone()
                return

    def _beat(self) -> None:
        now = time.monotonic()
        if now < self._beat_at:
            return
        self._beat_at = now + _HEARTBEAT_S
        self._beats += 1
        try:
            with self._hand:
                if self._heart >= 0:
                    state.beat(self._heart, self._beats)
        except OSError:
            return  # a full disk: the run goes on, and is looked at by its process

    def _is_gone(self) -> bool:
        """Whether the workspace has put the folder away: it took this process for dead, or had no answer in time."""
        try:
            with self._hand:
                return self._heart >= 0 and os.fstat(self._heart).st_nlink == 0
        except OSError:
            return False

    def end(self, status: str, error: dict[str, Any] | None = None) -> bool:
        """Say how the run ended, once; whether this call was the one, in the process that began it."""
        if os.getpid() != self._pid or not self._ended.acquire(blocking=False):
            return False
        self._stopping.set()
        message, code = ("", None) if error is None else (str(error.get("message", "")), error.get("exit_code"))
        code = code if isinstance(code, int) else int(status != "Completed")
        facts = {"status": status, "exit_code": code, "signal": None, "reason": None}
        duration_s = round(time.monotonic() - self._began, 3)
        try:
            self._tell("ended", patience_s=_PATIENCE_S, **facts, message=message, error=error, duration_s=duration_s)
        except OSError:
            return True  # no room even now, or the folder is gone: the end of the process tells what is to be told
        finally:
            self._let_go()
        return True

    def _let_go(self) -> None:
        self._tell.close()
        self._sync.now()
        with self._hand:
            os.close(self._heart)
            self._heart = -1
        if self._lock >= 0:
            import fcntl

            # Unlocked, not closed alone: a fork may have the file open, too.
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            os.close(self._lock)
            self._lock = -1

    def _leave_to_parent(self) -> None:
        """In a fork: the lock and the heart are the parent's."""
        for fd in (self._lock, self._heart):
            if fd >= 0:
                os.close(fd)
        self._lock = self._heart = -1
        self._tell.let_go()
        self._hand = threading.Lock()
        self._ended = threading.Lock()
        self._ended.acquire()


def _lock(folder: RunFolder) -> int:
    """Hold the folder as an agent does; by that a dispatcher tells it from its copy. -1 where there are no locks."""
    try:
        import fcntl
    except ImportError:  # Windows, where runs are logged to a server
        return -1
    lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


_threads: weakref.WeakSet[AgentThread] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for thread in list(_threads):
        thread._leave_to_parent()
    _threads.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

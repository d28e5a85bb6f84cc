"""The agent's own log, ``logs/agent.log``: a few lines on what happened, never the value of a variable."""

from __future__ import annotations

import os
import time

from jupyter_mlws.runfolder.names import AGENT_LOG

__all__ = ["AgentLog"]


class AgentLog:
    """Appends lines with the time in UTC; a disk that takes none is no reason to fail."""

    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, AGENT_LOG)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def __call__(self, sentence: str) -> None:
        """Write one line."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            os.write(self._fd, f"{stamp} {sentence}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            return

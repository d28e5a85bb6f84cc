"""The noun of logs."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.file import LogPart

__all__ = ["LogsApi"]


class LogsApi(Protocol):
    """Logs, readable while they grow."""

    @route("GET", "/runs/{run}/logs", resource="runs", from_job=True)
    def read(self, run: str, name: str = "std.log", offset: int = 0, limit: int = 262144) -> LogPart:
        """At most `limit` bytes of a log from a byte offset; a negative one is from the end.

        ``std.log`` is what the script wrote, ``agent.log`` what was done with it, ``environment.log`` how its
        environment was built.
        """
        ...

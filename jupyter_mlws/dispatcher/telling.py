"""What is made for a run before it starts, told while it lasts: in a log of the run, and where people look at it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack

from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store.run_states import set_waiting

__all__ = ["Progress"]

_log = logging.getLogger(__name__)
# What stands on a screen for less cannot be read, and each time is a record to write.
_EVERY_S = 0.5
_LONGEST = 200


class Progress:
    """Lines of a builder: all of them in ``logs/environment.log``, the last one as what the run waits for."""

    def __init__(self, context: Context, run: Run, folder: RunFolder, wanted: Callable[[], bool]) -> None:
        self._context = context
        self._run = run
        self._wanted = wanted
        self._stack = ExitStack()
        self._log = self._stack.enter_context(folder.environment_log.open("a", encoding="utf-8", buffering=1))
        self._log.write(f"Environment {run.environment}\n")
        self._last = "looking whether it is built"
        self._told = ""
        self._told_at = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def say(self, line: str) -> None:
        """Note a line; any thread may."""
        self._log.write(line + "\n")
        if line.strip():
            self._last = line.strip()

    def wanted(self) -> bool:
        """Whether to go on; asked often, by the thread that builds, which is the one that tells."""
        now = time.monotonic()
        if self._last != self._told and now - self._told_at >= _EVERY_S:
            self._told, self._told_at = self._last, now
            self._tell()
        return self._wanted()

    def _tell(self) -> None:
        try:
            with self._context.write() as c:
                set_waiting(c, self._run.id, f"environment {self._run.environment}: {self._told}"[:_LONGEST])
        except MlwsError as error:  # the next line tells more
            _log.debug("What run #%d waits for cannot be told: %s", self._run.number, error)

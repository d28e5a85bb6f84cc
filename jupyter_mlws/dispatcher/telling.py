"""What is made for a run before it starts, told while it lasts: in a log of the run, and where people look at it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from contextlib import ExitStack

from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store.run_states import set_waiting

__all__ = ["Progress", "Words", "shown"]

_log = logging.getLogger(__name__)
# What stands on a screen for less cannot be read, and each time is a record to write.
_EVERY_S = 0.5
_LONGEST = 200
# Of a terminal: colours, movements of the cursor, titles of windows.
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_BAR = re.compile(r"[\u2500-\u259f\u2800-\u28ff]+")
_STEP = re.compile(r"Step (\d+)/(\d+) ?: (.*)")
_BUILT = "Successfully built "


def shown(line: str) -> str:
    """A builder's line as a person reads it: what a terminal would show of it at last, without colours and bars."""
    parts = [each for each in _ESCAPE.sub("", line).split("\r") if each.strip()]
    text = _BAR.sub(" ", parts[-1]) if parts else ""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


class Words:
    """Lines of one builder, each with the step of the Dockerfile that it belongs to."""

    def __init__(self) -> None:
        self._step = ""

    def of(self, line: str) -> str:
        """What is told of a line; '' for one that says nothing."""
        said = shown(line)
        step = _STEP.fullmatch(said)
        if step is not None:
            self._step = f"step {step[1]} of {step[2]}: "
            return f"{self._step}{step[3]}"
        if said.startswith(_BUILT):
            self._step = ""
        return f"{self._step}{said}" if said else ""


class Progress:
    """Lines of a builder: all of them in ``logs/environment.log``, the last one as what the run waits for."""

    def __init__(self, context: Context, run: Run, folder: RunFolder, wanted: Callable[[], bool]) -> None:
        self._context = context
        self._run = run
        self._wanted = wanted
        self._stack = ExitStack()
        self._log = self._stack.enter_context(folder.environment_log.open("a", encoding="utf-8", buffering=1))
        self._log.write(f"Environment {run.environment}\n")
        self._words = Words()
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
        self._last = self._words.of(line) or self._last

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

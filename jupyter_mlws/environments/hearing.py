"""What an engine says while it builds from a Dockerfile, heard line by line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jupyter_mlws.containers import engine
from jupyter_mlws.errors import InvalidInput

__all__ = ["Hearing"]

_LAYER = re.compile(r"---> ([0-9a-f]{12,64})\s*")
_STAGE = re.compile(r"Step \d+/\d+ : FROM ", re.IGNORECASE)
_LINE_END = re.compile(r"[\r\n]+")
_LONGEST_LINE = 10_000
_OF_THE_ENGINE = ("---> ", "Removing intermediate container ")


class Hearing:
    """What a build says: its steps, the layers that they make, and the words of their programs.

    Parameters
    ----------
    say : callable
        Given each line.
    layers : list of str
        Each layer is added, '' where it is somebody else's.
    """

    def __init__(self, say: Callable[[str], None], layers: list[str]) -> None:
        self._say = say
        self._layers = layers
        self._rest = ""

    def hear(self, line: dict[str, Any]) -> None:
        """One message of the engine; programs' words come in pieces of any size.

        Raises
        ------
        InvalidInput
            The build has failed.
        StorageFull
            The engine's disk is full.
        """
        error = str(line.get("error", ""))
        if error:
            self.finish()
        if engine.is_full(error):
            raise engine.full()
        if error:
            raise InvalidInput(f"The image cannot be built: {error[:1_000]}", hint="Look at logs/environment.log.")
        *whole, self._rest = _LINE_END.split(self._rest + str(line.get("stream") or ""))
        if len(self._rest) > _LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], ""
        if line.get("status") and not line.get("progressDetail"):
            whole.append(str(line["status"]))
        for text in whole:
            self._hear_line(text.strip())

    def finish(self) -> None:
        """Nothing comes any more."""
        rest, self._rest = self._rest, ""
        self._hear_line(rest.strip())

    def _hear_line(self, text: str) -> None:
        layer = _LAYER.fullmatch(text)
        if layer is not None:
            self._layers.append(layer[1])
        elif text == "---> Using cache" or _STAGE.match(text):
            self._layers.append("")  # what comes next is somebody's own
        # What remains on the screen is the step, and what it says.
        if text and not text.startswith(_OF_THE_ENGINE):
            self._say(text)

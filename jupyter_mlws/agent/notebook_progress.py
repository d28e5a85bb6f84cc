"""How far a notebook is, for those who look at its run: ``progress.json`` in the run folder."""

from __future__ import annotations

import json
import os
import sys
import time

from jupyter_mlws import faults
from jupyter_mlws.runfolder.names import PROGRESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Progress"]

# Between two looks at a bar.
_PAUSE_S = 0.5


class Progress:
    """Which cell runs, and how far the bar is that it draws.

    Parameters
    ----------
    folder : str
        The run folder.
    """

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, PROGRESS)
        self._told: dict[str, Any] = {}
        self._look_at = 0.0

    def cell(self, done: int, total: int, text: str) -> None:
        """`done` of `total` cells are over; `text` says which one runs."""
        self._write({"current": done, "total": total, "unit": "cells", "text": text})

    def bar(self, bar: tuple[float, float] | None) -> None:
        """The bar that a widget of the cell draws: where it is, and where it ends. Now and then is enough."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _PAUSE_S
            said = {key: value for key, value in self._told.items() if key != "bar"}
            self._write(said if bar is None else {**said, "bar": bar})

    def _write(self, said: dict[str, Any]) -> None:
        """Where the disk has no room, it is only not said."""
        if said == self._told:
            return
        self._told = said
        data = json.dumps(said).encode()
        temporary = f"{self._path}.tmp"
        try:
            faults.point("notebook.progress")
            with open(temporary, "wb") as file:
                file.write(data)
            faults.point("notebook.progress_rename")
            os.replace(temporary, self._path)
        except OSError as error:
            print(f"How far the run is could not be written: {error.strerror}.", file=sys.stderr, flush=True)

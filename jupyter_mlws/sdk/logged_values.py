"""One value that a run logged, with its step, its time, and its file where it has one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_mlws.errors import NotFound
from jupyter_mlws.sdk.typed_reading import one_of

if TYPE_CHECKING:
    from datetime import datetime

    from jupyter_mlws.api.routes import Download
    from jupyter_mlws.domain.metric import MetricValue

__all__ = ["LoggedValue", "table_in"]


class LoggedValue:
    """A value as `Run.values` gives it.

    Attributes
    ----------
    index : int
        Its place among the values of its name, from 0.
    type : str
        'list', 'row', 'table', 'text', 'histogram', 'image', 'figure', 'audio', 'confusion_matrix', 'accuracy_table',
        'residuals' or 'predictions'.
    at : datetime
        When it was logged.
    step : int or None
    description : str
    """

    def __init__(self, record: MetricValue, download: Callable[[str], Download]) -> None:
        self.index: int = record.index
        self.type: str = record.type
        self.at: datetime = record.at
        self.step: int | None = record.step
        self.description: str = record.description
        self._said = record.value
        self._download = download

    @property
    def value(self) -> Any:
        """What was logged, in the shape that it went in; of a picture, a figure or a sound the name of its file."""
        if self.type == "table":
            found = table_in(self._said, self._download)
            if found is not None:
                return found
        return one_of(self.type, self._said)

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of its file: media type, width and height, duration and the like."""
        said = self._said if isinstance(self._said, dict) and self.file else {}
        return {key: value for key, value in said.items() if key not in ("file", "picture")}

    @property
    def file(self) -> str:
        """The name of its file among those of the run; empty where it has none."""
        file = self._said.get("file") if isinstance(self._said, dict) and self.type not in ("row", "list") else None
        return file if isinstance(file, str) else ""

    def read(self) -> bytes:
        """The bytes of its file.

        Raises
        ------
        NotFound
            It has none.
        """
        return self._download(self._named()).read()

    def save(self, path: str | os.PathLike[str]) -> str:
        """Save its file, in whose place one that is there already goes; the path."""
        from jupyter_mlws.sdk.files import save

        return save(self._download(self._named()), os.fspath(path))

    def _named(self) -> str:
        if not self.file:
            raise NotFound(f"A value of type {self.type} has no file.", hint="Its `value` is all of it.")
        return self.file

    def __repr__(self) -> str:
        at = "" if self.step is None else f" at step {self.step}"
        return f"<{self.type} {self.index}{at}{f': {self.file}' if self.file else ''}>"


def table_in(said: Any, download: Callable[[str], Download]) -> dict[str, list[Any]] | None:
    """The columns of a table that is kept in a file; None for one that is not."""
    if not isinstance(said, dict) or not isinstance(said.get("file"), str):
        return None
    from jupyter_mlws.api.parquet import read_table

    return read_table(download(said["file"]).read())

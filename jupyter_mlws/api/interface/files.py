"""The noun of files of runs."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import Download, Upload, route
from jupyter_mlws.domain.file import RunFile
from jupyter_mlws.domain.page import Page

__all__ = ["FilesApi"]


class FilesApi(Protocol):
    """Outputs, logs and results of a run."""

    @route("GET", "/runs/{run}/files", resource="artifacts", from_job=True)
    def list(self, run: str, kind: str | None = None, limit: int = 1000, cursor: str | None = None) -> Page[RunFile]:
        """Files of a run, by name."""
        ...

    @route("GET", "/runs/{run}/file", resource="artifacts", from_job=True)
    def download(self, run: str, name: str, kind: str = "output") -> Download:
        """The bytes of one file, or `NotFound`."""
        ...

    @route("PUT", "/runs/{run}/file", resource="artifacts", permission="write")
    def upload(self, run: str, name: str, content: Upload) -> RunFile:
        """Keep a file with a run, beside its outputs; repeated with the same bytes it has no effect.

        Raises
        ------
        AlreadyExists
            The run has another file of this name.
        """
        ...

"""The files that a run left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.errors import NotFound, WrongState
from jupyter_mlws.sdk.files import save
from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.sdk.model import Model

__all__ = ["RunFiles"]


class RunFiles(RunFacts):
    """What a run left as files, and the models made of them."""

    def get_file_names(self) -> list[str]:
        """Names of the run's outputs, relative to the script's working directory, and of its logs."""
        logs = [file.name for file in self._files(FileKind.LOG)]
        return [file.name for file in self._files(FileKind.OUTPUT)] + [f"logs/{name}" for name in logs]

    def download_file(self, name: str, output_file_path: str | os.PathLike[str] | None = None) -> str:
        """Save one of `get_file_names()` and return its path.

        Parameters
        ----------
        output_file_path : path-like, optional
            File to write, or an existing folder; default: the file's last name, in the working directory.
        """
        target = os.fspath(output_file_path) if output_file_path is not None else "."
        if os.path.isdir(target):
            target = os.path.join(target, name.rsplit("/", 1)[-1])
        return save(self._download(name), target)

    def _download(self, name: str) -> Any:
        try:
            return self.workspace.api.files.download(self.id, name)
        except NotFound:
            if name in ("logs/std.log", "logs/agent.log"):
                return self.workspace.api.files.download(self.id, name[5:], kind="log")
            raise

    def get_snapshot_id(self) -> str | None:
        """Id of the snapshot that the run ran from; None without one."""
        return self._record.snapshot_id

    def restore_snapshot(self, path: str | os.PathLike[str] | None = None) -> str:
        """Save the run's snapshot as a zip and return its path (default ``run-<number>-snapshot.zip``)."""
        snapshot = self.get_snapshot_id()
        if snapshot is None:
            raise WrongState(f"Run #{self.number} was submitted without a snapshot.")
        target = os.fspath(path) if path is not None else "."
        if os.path.isdir(target):
            target = os.path.join(target, f"run-{self.number}-snapshot.zip")
        return save(self.workspace.api.snapshots.download(snapshot), target)

    def register_model(self, name: str, path: str, tags: dict[str, str] | None = None, description: str = "") -> Model:
        """Register a file, or a folder of files, that the run left as a new version of a model.

        Parameters
        ----------
        name : str
            The model's name.
        path : str
            One of `get_file_names()`, such as ``outputs/model.pkl``, or a folder of them.
        """
        from jupyter_mlws.sdk.model import Model

        wish = ModelRegistration(name=name, run_id=self.id, path=path, tags=dict(tags or {}), description=description)
        return Model._of(self.workspace, self.workspace.api.models.register(wish))

    def _files(self, kind: FileKind) -> Iterator[RunFile]:
        cursor = None
        while True:
            page = self.workspace.api.files.list(self.id, kind=kind.value, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

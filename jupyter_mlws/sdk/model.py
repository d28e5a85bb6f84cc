"""`Model`: a registered, versioned model."""

from __future__ import annotations

import builtins
import os
from typing import TYPE_CHECKING

from jupyter_mlws.domain import model as words
from jupyter_mlws.sdk.files import save
from jupyter_mlws.sdk.text import facts_html, size_text

if TYPE_CHECKING:
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Model"]


class Model:
    """A registered model.

    Parameters
    ----------
    workspace : Workspace
    name : str
        A name, or ``name:version``.
    version : int, optional
        Default: the latest.
    """

    def __init__(self, workspace: Workspace, name: str, version: int | None = None) -> None:
        plain, _, number = name.partition(":")
        self.workspace = workspace
        self.record = workspace.api.models.get(plain, version or int(number or 0))

    @classmethod
    def _of(cls, workspace: Workspace, record: words.Model) -> Model:
        self = cls.__new__(cls)
        self.workspace, self.record = workspace, record
        return self

    @staticmethod
    def list(workspace: Workspace, name: str | None = None) -> builtins.list[Model]:
        """Model versions, newest first; those of one `name` when it is given."""
        found, cursor = [], None
        while True:
            page = workspace.api.models.list(name=name, limit=1000, cursor=cursor)
            found += [Model._of(workspace, record) for record in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    @property
    def name(self) -> str:
        """Name shared by all versions."""
        return self.record.name

    @property
    def version(self) -> int:
        """Version, counted from 1."""
        return self.record.version

    @property
    def id(self) -> str:
        """``name:version``."""
        return self.record.id

    @property
    def run_id(self) -> str | None:
        """Run that made it."""
        return self.record.run_id

    @property
    def tags(self) -> dict[str, str]:
        """Tags."""
        return dict(self.record.tags)

    def download(self, target_dir: str | os.PathLike[str] = ".", exist_ok: bool = False) -> str:
        """Save the model's files below `target_dir`, digests checked; return the path of the file or folder."""
        api = self.workspace.api
        for file in self.record.files:
            save(
                api.models.download(self.name, self.version, file.path),
                os.path.join(target_dir, *file.path.split("/")),
                digest=file.digest,
                exist_ok=exist_ok,
            )
        top = self.record.files[0].path.split("/")[0]
        return os.path.join(os.fspath(target_dir), top)

    def __repr__(self) -> str:
        return f"Model({self.id!r}, run #{self.record.run_number})"

    def _repr_html_(self) -> str:
        size = sum(file.size_bytes for file in self.record.files)
        facts = {
            "Run": f"#{self.record.run_number}" if self.record.run_number else "",
            "Files": f"{len(self.record.files)} ({size_text(size)})",
            "Tags": ", ".join(f"{key}={value}" for key, value in self.record.tags.items()),
        }
        return facts_html(f"Model {self.id}", facts)

"""Models: named, versioned files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_file_name, check_model_name, check_tags, check_text

__all__ = ["Model", "ModelFile", "ModelRegistration"]


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """One file of a model version."""

    path: str
    size_bytes: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Model:
    """A registered model; versions count from 1 under each name."""

    name: str
    version: int
    created_at: datetime
    files: tuple[ModelFile, ...]
    run_id: str | None = None
    run_number: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    description: str = ""

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class ModelRegistration:
    """The wish to register files of a run as a new version.

    `path` names a file, or a folder of files, among the run's outputs (``outputs/model.pkl``, ``outputs/model``).
    `key` makes a repeated request harmless: the same key gives the same version.
    """

    name: str
    run_id: str
    path: str
    tags: dict[str, str] = field(default_factory=dict)
    description: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        check_model_name(self.name)
        check_file_name(self.path)
        check_tags(self.tags)
        check_text("description", self.description, MAX_DESCRIPTION)

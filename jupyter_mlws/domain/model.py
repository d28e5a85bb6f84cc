"""Models: named, versioned files."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from jupyter_mlws.domain.names import (
    MAX_DESCRIPTION,
    check_digest,
    check_file_name,
    check_id,
    check_model_name,
    check_tags,
    check_text,
)
from jupyter_mlws.errors import InvalidInput, InvalidName, InvalidPath, TooLarge

__all__ = [
    "LATEST",
    "MAX_MODEL_FILES",
    "Model",
    "ModelFile",
    "ModelRegistration",
    "ModelUpdate",
    "check_alias",
    "check_model_files",
]

MAX_MODEL_FILES = 1500
MAX_ALIASES = 20
MAX_FRAMEWORK = 100
# The newest version has this alias without being given it.
LATEST = "latest"
# The workspace's own facts are kept under names of this prefix.
_OWN = "mlws."
_ALIAS = re.compile(r"[a-zA-Z][\w\-.]{0,99}", re.ASCII)
# `v3` could be meant as a version.
_LIKE_A_VERSION = re.compile(r"[vV]?[0-9]+")


def check_alias(value: object) -> str:
    """An alias that may be given to a version, or `InvalidName`."""
    rule = "Use letters, digits, _, - and ., starting with a letter, at most 100 characters, such as production."
    if not isinstance(value, str) or not _ALIAS.fullmatch(value) or _LIKE_A_VERSION.fullmatch(value):
        raise InvalidName(f"{repr(value)[:60]} cannot be an alias of a model.", hint=rule)
    if value == LATEST:
        raise InvalidName(
            "The alias 'latest' is always the newest version, and can be given to none.", hint="Choose another word."
        )
    return value


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """One file of a model version."""

    path: str
    size_bytes: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Model:
    """A registered model; versions count from 1 under each name, and none is ever given twice.

    Attributes
    ----------
    run_id, run_number, snapshot_id : str or int or None
        The run that made it, and the snapshot of the code that ran.
    run_deleted : bool
        The run is in the trash or gone for good; the model keeps its files.
    aliases : tuple of str
        Words that name this version at present. 'latest', which is always the newest one, is not among them.
    deleted_at : datetime or None
        When it was put into the trash.
    """

    name: str
    version: int
    created_at: datetime
    files: tuple[ModelFile, ...]
    run_id: str | None = None
    run_number: int | None = None
    run_deleted: bool = False
    snapshot_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    description: str = ""
    framework: str = ""
    framework_version: str = ""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, kw_only=True)
class ModelRegistration:
    """The wish to register files as a new version.

    Attributes
    ----------
    run_id, path : str
        The run, and a file or a folder of files among what it left (``outputs/model.pkl``, ``outputs/model``).
    child_paths : tuple of str
        Of the folder only these files and folders, named below it.
    files : tuple of ModelFile
        Instead of `path`: files whose bytes are stored already (`blobs.upload`). `run_id` may name the run that they
        come from.
    key : str
        Makes a repeated request harmless: the same key gives the same version.
    """

    name: str
    run_id: str = ""
    path: str = ""
    child_paths: tuple[str, ...] = ()
    files: tuple[ModelFile, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    description: str = ""
    framework: str = ""
    framework_version: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        check_model_name(self.name)
        self._check_source()
        _check_facts(self.description, self.framework, self.framework_version)
        check_tags(self.tags)
        _check_properties(self.properties)

    def _check_source(self) -> None:
        if self.run_id:
            check_id(self.run_id)
        if bool(self.path) == bool(self.files):
            raise InvalidInput(
                "A model is made of a path among a run's outputs, or of files that were uploaded.",
                hint="Give one of them.",
            )
        if self.path:
            check_file_name(self.path)
            if not self.run_id:
                raise InvalidInput("The model's run is not named.", hint="Give the id of the run that left its files.")
        elif self.child_paths:
            raise InvalidInput("Child paths choose files of a run's folder, and here no folder is named.")
        for path in self.child_paths:
            check_file_name(path)
        for file in self.files:
            check_digest(file.digest)
        check_model_files([file.path for file in self.files])


def check_model_files(paths: Collection[str]) -> None:
    """Refuse names that cannot be the files of one model, or more of them than one may have."""
    if len(paths) > MAX_MODEL_FILES:
        raise TooLarge(
            f"The model has {len(paths):,} files.",
            hint=f"At most {MAX_MODEL_FILES:,} are kept in one version; name those that count, or pack them.",
        )
    seen: set[str] = set()
    for path in paths:
        check_file_name(path)
        if path in seen:
            raise InvalidPath(f"The model has two files of the name {path[:80]!r}.", hint="Name each file once.")
        seen.add(path)
    for path in seen:
        above = path.rpartition("/")[0]
        while above:
            if above in seen:
                raise InvalidPath(f"{above[:80]!r} cannot be a file of the model and the folder of another.")
            above = above.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class ModelUpdate:
    """A change of what a person may change; None leaves a field as it is.

    A tag of None is removed. Properties are only added: another value for one that is there is a `Conflict`.
    """

    description: str | None = None
    framework: str | None = None
    framework_version: str | None = None
    tags: dict[str, str | None] | None = None
    properties: dict[str, str] | None = None

    def __post_init__(self) -> None:
        _check_facts(self.description or "", self.framework or "", self.framework_version or "")
        if self.tags is not None:
            check_tags(self.tags)
        if self.properties is not None:
            _check_properties(self.properties)


def _check_facts(description: str, framework: str, framework_version: str) -> None:
    check_text("description", description, MAX_DESCRIPTION)
    check_text("framework", framework, MAX_FRAMEWORK)
    check_text("version of the framework", framework_version, MAX_FRAMEWORK)


def _check_properties(properties: dict[str, str]) -> None:
    for name in check_tags(properties, "property"):
        if name.startswith(_OWN):
            raise InvalidInput(
                f"The property {name[:80]!r} is the workspace's own.", hint=f"Use a name without the prefix {_OWN}"
            )

"""A run, or a whole workspace, as one file: what stands in it, and what came of importing it.

The records are those of format 1 (``docs/archives.md``). Whoever reads them ignores fields that it does not know, and
checks everything that it does: an archive is somebody else's word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jupyter_mlws.domain.environment import EnvironmentLock, EnvironmentSpec, check_environment_name
from jupyter_mlws.domain.locks import check_lock, check_wheel_name
from jupyter_mlws.domain.model import ModelFile
from jupyter_mlws.domain.names import (
    MAX_DESCRIPTION,
    MAX_DISPLAY_NAME,
    MAX_PARAMS,
    check_digest,
    check_experiment_name,
    check_file_name,
    check_metric_name,
    check_model_name,
    check_run_id,
    check_tags,
    check_text,
)
from jupyter_mlws.domain.run import RunError
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, TooLarge

__all__ = [
    "FORMAT",
    "ArchiveHeader",
    "ArchivedEnvironment",
    "ArchivedExperiment",
    "ArchivedModel",
    "ArchivedRun",
    "ArchivedSeries",
    "ArchivedSnapshot",
    "ArchivedTyped",
    "ArchivedValues",
    "ArchivedWheel",
    "ImportReport",
]

FORMAT = 1

_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_MAX_WORDS = 1_000
_MAX_WORD = 10_000
_MAX_PROPERTIES = 100
_MAX_NUMBER = 10**15


@dataclass(frozen=True, kw_only=True)
class ArchiveHeader:
    """What the archive is.

    Attributes
    ----------
    left_out : int
        How many runs had not ended, which no archive holds.
    packages_left_out : tuple of str
        Packages of the environments that there is no wheel of, where packages were to come along.
    """

    format: int
    version: str
    created_at: datetime
    workspace_id: str = ""
    workspace_name: str = ""
    run_count: int = 0
    left_out: int = 0
    packages_left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for package in self.packages_left_out:
            check_text("package", package, _MAX_WORD)


@dataclass(frozen=True, kw_only=True)
class ArchivedExperiment:
    """An experiment."""

    name: str
    created_at: datetime
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    archived_at: datetime | None = None

    def __post_init__(self) -> None:
        check_experiment_name(self.name)
        check_text("description", self.description, MAX_DESCRIPTION)
        check_tags(self.tags)
        _check_times(self.created_at, self.archived_at)


@dataclass(frozen=True, kw_only=True)
class ArchivedEnvironment:
    """A version of an environment that a run names, with all that it was resolved to."""

    name: str
    version: int
    created_at: datetime
    spec: EnvironmentSpec
    user: str = ""
    description: str = ""
    locks: tuple[EnvironmentLock, ...] = ()

    def __post_init__(self) -> None:
        check_environment_name(self.name)
        if not 1 <= self.version <= _MAX_NUMBER:
            raise InvalidInput(f"No environment has the version {self.version}.")
        check_text("user", self.user, _MAX_WORD)
        check_text("description", self.description, MAX_DESCRIPTION)
        _check_times(self.created_at)
        systems = [check_lock(lock).system for lock in self.locks]
        if len(set(systems)) != len(systems):
            raise InvalidInput(f"The environment {self.id} is resolved twice for one kind of machine.")

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class ArchivedWheel:
    """A package's file that a lock of the archive names by its hash."""

    name: str
    digest: str
    size_bytes: int

    def __post_init__(self) -> None:
        check_wheel_name(self.name)
        check_digest(self.digest)
        _check_count(self.size_bytes, 1)


@dataclass(frozen=True, kw_only=True)
class ArchivedSnapshot:
    """A snapshot; its list of files is the blob of this digest."""

    id: str
    created_at: datetime

    def __post_init__(self) -> None:
        check_digest(self.id)
        _check_times(self.created_at)


@dataclass(frozen=True, kw_only=True)
class ArchivedSeries:
    """A series of numbers: its points stand in ``series.bin``."""

    name: str
    points: int
    updated_at: datetime

    def __post_init__(self) -> None:
        check_metric_name(self.name)
        _check_count(self.points, 1)
        _check_times(self.updated_at)


@dataclass(frozen=True, kw_only=True)
class ArchivedTyped:
    """A metric that is more than numbers: its values follow the run."""

    name: str
    type: str
    values: int
    updated_at: datetime

    def __post_init__(self) -> None:
        check_metric_name(self.name)
        _check_word("type", self.type)
        _check_count(self.values, 1)
        _check_times(self.updated_at)


@dataclass(frozen=True, kw_only=True)
class ArchivedRun:
    """A run that has ended.

    Attributes
    ----------
    number : int
        That it had; another one is given where it is taken.
    submission : dict or None
        As it is recorded, without anything secret; None where it is that of the parent.
    series, typed : tuple
        In the order in which the names first appeared.
    """

    id: str
    number: int
    experiment: str
    kind: str
    status: RunStatus
    created_at: datetime
    status_sequence: int = 1
    started_at: datetime | None = None
    ended_at: datetime | None = None
    parent_id: str | None = None
    user: str = ""
    host: str = ""
    compute_target: str = "local"
    environment: str = "kernel"
    attempt: int = 0
    parallel: int | None = None
    child_count: int = 0
    children_ended: int = 0
    display_name: str = ""
    description: str = ""
    document: str = ""
    document_id: str = ""
    snapshot_id: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    error: RunError | None = None
    warnings: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    submission: dict[str, Any] | None = None
    series: tuple[ArchivedSeries, ...] = ()
    typed: tuple[ArchivedTyped, ...] = ()

    def __post_init__(self) -> None:
        check_run_id(self.id)
        if self.parent_id is not None:
            check_run_id(self.parent_id)
        check_experiment_name(self.experiment)
        _check_word("kind", self.kind)
        if not self.status.is_terminal:
            raise InvalidInput(f"The run {self.id} has not ended ({self.status}).")
        if not 1 <= self.number <= _MAX_NUMBER:
            raise InvalidInput(f"No run has the number {self.number}.")
        for count in (self.status_sequence, self.attempt, self.child_count, self.children_ended, self.parallel or 0):
            _check_count(count, 0)
        _check_times(self.created_at, self.started_at, self.ended_at)
        self._check_texts()
        names = [*(item.name for item in self.series), *(item.name for item in self.typed)]
        if len(set(names)) != len(names):
            raise InvalidInput(f"The run {self.id} has a metric twice.")

    def _check_texts(self) -> None:
        check_text("display name", self.display_name, MAX_DISPLAY_NAME)
        check_text("description", self.description, MAX_DESCRIPTION)
        for name in ("user", "host", "compute_target", "environment", "document", "document_id"):
            check_text(name, getattr(self, name), _MAX_WORD)
        if len(self.warnings) > _MAX_WORDS or any(len(text) > _MAX_WORD for text in self.warnings):
            raise TooLarge(f"The warnings of the run {self.id} are too long.")
        check_tags(self.tags)
        check_tags(self.params, "parameter", MAX_PARAMS)
        check_tags(self.properties, "property", _MAX_PROPERTIES)
        if self.snapshot_id is not None:
            check_digest(self.snapshot_id)


@dataclass(frozen=True, kw_only=True)
class ArchivedValues:
    """Values of a typed metric of the run before it, from place `start` on, as they are stored."""

    name: str
    start: int
    items: tuple[dict[str, Any], ...]

    def __post_init__(self) -> None:
        _check_count(self.start, 0)
        if not self.items:
            raise InvalidInput(f"The metric {self.name[:80]!r} has an empty piece.")
        for item in self.items:
            if "value" not in item or not isinstance(item.get("at"), str):
                raise InvalidInput(f"A value of the metric {self.name[:80]!r} is none.")


@dataclass(frozen=True, kw_only=True)
class ArchivedModel:
    """A version of a model."""

    name: str
    version: int
    created_at: datetime
    files: tuple[ModelFile, ...]
    updated_at: datetime | None = None
    run_id: str | None = None
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    framework: str | None = None
    framework_version: str | None = None
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_model_name(self.name)
        if not 1 <= self.version <= _MAX_NUMBER:
            raise InvalidInput(f"No model has the version {self.version}.")
        check_text("description", self.description, MAX_DESCRIPTION)
        check_tags(self.tags)
        check_tags(self.properties, "property", _MAX_PROPERTIES)
        if self.run_id is not None:
            check_run_id(self.run_id)
        for text in (self.framework or "", self.framework_version or "", *self.aliases):
            check_text("name", text, _MAX_WORD)
        _check_times(self.created_at, self.updated_at)
        paths = [check_file_name(file.path) for file in self.files]
        if not paths or len(set(paths)) != len(paths):
            raise InvalidInput(f"The model {self.name}:{self.version} has no files, or one twice.")
        for file in self.files:
            check_digest(file.digest)
            _check_count(file.size_bytes, 0)


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What came of importing an archive.

    Attributes
    ----------
    runs_added, runs_known : int
        How many runs are new here, and how many were here already.
    runs_renumbered : int
        How many of the new ones got another number, because theirs was taken.
    models_added, models_known : int
        Versions of models, likewise.
    experiments_added, environments_added, snapshots_added, blobs_added, wheels_added : int
    added_bytes : int
        Size of the blobs that were added.
    run_ids : tuple of str
        The new runs, the first 1,000.
    notes : tuple of str
        What a person should know, one sentence each.
    """

    runs_added: int = 0
    runs_known: int = 0
    runs_renumbered: int = 0
    models_added: int = 0
    models_known: int = 0
    experiments_added: int = 0
    environments_added: int = 0
    wheels_added: int = 0
    snapshots_added: int = 0
    blobs_added: int = 0
    added_bytes: int = 0
    run_ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        added = [_counted(self.runs_added, "run"), _counted(self.models_added, "model version")]
        known = [_counted(self.runs_known, "run"), _counted(self.models_known, "model version")]
        sentences = [f"Added {' and '.join(added)}; {' and '.join(known)} were here already."]
        if self.environments_added or self.wheels_added:
            packages = f" with {_counted(self.wheels_added, 'package')}" if self.wheels_added else ""
            sentences.append(f"Added {_counted(self.environments_added, 'environment')}{packages}.")
        if self.runs_renumbered:
            sentences.append(f"{_counted(self.runs_renumbered, 'run')} got another number.")
        return " ".join((*sentences, *self.notes))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _check_word(kind: str, value: str) -> None:
    if not _WORD.fullmatch(value):
        raise InvalidInput(f"{value[:60]!r} cannot be the {kind} of something in an archive.")


def _check_count(value: int, least: int) -> None:
    if not least <= value <= _MAX_NUMBER:
        raise InvalidInput(f"Nothing is there {value} times.")


def _check_times(*times: datetime | None) -> None:
    if any(time is not None and time.tzinfo is None for time in times):
        raise InvalidInput("A time has no time zone.")

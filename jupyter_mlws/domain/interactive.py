"""Runs that no dispatcher starts: they log from a process that is there already, or were recorded before."""

from __future__ import annotations

from dataclasses import dataclass, field

from jupyter_mlws.domain.names import (
    MAX_DESCRIPTION,
    MAX_DISPLAY_NAME,
    MAX_PARAMS,
    check_experiment_name,
    check_id,
    check_tags,
    check_text,
)
from jupyter_mlws.domain.run import NOT_SUBMITTED, RunSource
from jupyter_mlws.domain.snapshot import GitInfo, LinkedPath

__all__ = ["INTERACTIVE", "LOGGED_FROM", "OFFLINE", "FolderImport", "FolderPart", "RunStart"]

# Kinds of such runs: the process logs now; it did so before, and its folder was imported.
INTERACTIVE, OFFLINE = NOT_SUBMITTED
# The property that names the machine whose process logs the run.
LOGGED_FROM = "mlws.logged_from"
MAX_HOST = 255


@dataclass(frozen=True, kw_only=True)
class RunStart:
    """The wish for a run that the calling process itself is: Running as soon as it is recorded.

    Attributes
    ----------
    command : tuple of str
        The argument vector of the process, for people; words that look like secrets are masked.
    logged_from : str
        The machine of the process.
    key : str
        Makes a repeated request harmless: the same key gives the same run.
    """

    experiment: str
    display_name: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    logged_from: str = ""
    snapshot_id: str | None = None
    snapshot_scope: str = ""
    links: tuple[LinkedPath, ...] = ()
    git: GitInfo | None = None
    notes: tuple[str, ...] = ()
    source: RunSource = field(default_factory=RunSource)
    key: str = ""

    def __post_init__(self) -> None:
        check_experiment_name(self.experiment)
        check_text("display name", self.display_name, MAX_DISPLAY_NAME)
        check_text("description", self.description, MAX_DESCRIPTION)
        check_text("machine's name", self.logged_from, MAX_HOST)
        check_tags(self.tags)
        check_tags(self.params, "parameter", MAX_PARAMS)


@dataclass(frozen=True, kw_only=True)
class FolderPart:
    """How many bytes a file of a run folder has now, and whether the run's end was asked for."""

    size_bytes: int
    cancel: bool = False


@dataclass(frozen=True, kw_only=True)
class FolderImport:
    """How far the import of an offline run is.

    Attributes
    ----------
    run_id : str
    number : int
        In the workspace.
    pending : bool
        The dispatcher still takes it in.
    """

    run_id: str
    number: int
    pending: bool = False

    def __post_init__(self) -> None:
        check_id(self.run_id)

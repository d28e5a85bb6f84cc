"""Experiments: the named groups of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_experiment_name, check_tags, check_text

__all__ = ["Experiment", "ExperimentUpdate"]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A group of runs, created at the first submit that names it.

    Attributes
    ----------
    run_count : int
        Runs that are not in the trash, children included.
    archived_at : datetime or None
        When it was archived: it is left out of lists and takes no new runs, and all in it stays as it is.
    """

    id: int
    name: str
    created_at: datetime
    run_count: int = 0
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    archived_at: datetime | None = None

    def __post_init__(self) -> None:
        check_experiment_name(self.name)


@dataclass(frozen=True, kw_only=True)
class ExperimentUpdate:
    """A change of what a person may change; None leaves a field as it is, a tag of None removes it.

    `archived` puts the experiment into the archive, or takes it out again.
    """

    description: str | None = None
    tags: dict[str, str | None] | None = None
    archived: bool | None = None

    def __post_init__(self) -> None:
        if self.description is not None:
            check_text("description", self.description, MAX_DESCRIPTION)
        if self.tags is not None:
            check_tags(self.tags)

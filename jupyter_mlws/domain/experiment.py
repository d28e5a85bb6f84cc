"""Experiments: the named groups of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jupyter_mlws.domain.names import check_experiment_name

__all__ = ["Experiment"]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A group of runs, created at the first submit that names it."""

    id: int
    name: str
    created_at: datetime
    run_count: int = 0

    def __post_init__(self) -> None:
        check_experiment_name(self.name)

"""The noun of experiments."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.deletion import Deletion
from jupyter_mlws.domain.experiment import Experiment, ExperimentUpdate
from jupyter_mlws.domain.page import Page

__all__ = ["ExperimentsApi"]


class ExperimentsApi(Protocol):
    """Named groups of runs."""

    @route("GET", "/experiments", resource="experiments")
    def list(self, limit: int = 50, cursor: str | None = None, include_archived: bool = False) -> Page[Experiment]:
        """Experiments, newest first; archived ones only when `include_archived` is set."""
        ...

    @route("GET", "/experiments/{name}", resource="experiments", from_job=True)
    def get(self, name: str) -> Experiment:
        """One experiment, or `NotFound`."""
        ...

    @route("PUT", "/experiments/{name}", resource="experiments", permission="write")
    def create(self, name: str) -> Experiment:
        """The experiment of this name, made if it is missing."""
        ...

    @route("PATCH", "/experiments/{name}", resource="experiments", permission="write")
    def update(self, name: str, update: ExperimentUpdate) -> Experiment:
        """Change description or tags, archive or reactivate."""
        ...

    @route("DELETE", "/experiments/{name}", resource="experiments", permission="write")
    def delete(self, name: str) -> Deletion:
        """Put the experiment and all its runs into the trash; its name is free at once. Asked again, the same answer.

        Raises
        ------
        WrongState
            A run of it has not ended; the message names it.
        """
        ...

    @route("POST", "/experiments/{name}/restore", resource="experiments", permission="write")
    def restore(self, name: str, new_name: str | None = None) -> Experiment:
        """Take the experiment that was deleted last under this name, and the runs that went with it, out of the trash.

        Raises
        ------
        AlreadyExists
            The name is taken by now: give a `new_name`.
        """
        ...

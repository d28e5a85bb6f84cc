"""Experiments."""

from __future__ import annotations

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.interface import ExperimentsApi
from jupyter_mlws.domain.deletion import Deletion
from jupyter_mlws.domain.experiment import Experiment, ExperimentUpdate
from jupyter_mlws.domain.names import check_experiment_name
from jupyter_mlws.domain.page import Page
from jupyter_mlws.services import deleting
from jupyter_mlws.services.checking import check_storable, implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.store import experiment_trash, experiments
from jupyter_mlws.store.paging import clamp_limit

__all__ = ["Experiments"]


@implements("experiments", ExperimentsApi)
class Experiments:
    """`ExperimentsApi` over the store."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    def list(self, limit: int = 50, cursor: str | None = None, include_archived: bool = False) -> Page[Experiment]:
        with self._store.read() as c:
            return experiments.page_experiments(c, clamp_limit(limit), cursor, include_archived=include_archived)

    def get(self, name: str) -> Experiment:
        check_experiment_name(name)
        with self._store.read() as c:
            return experiments.get_experiment(c, name)

    def create(self, name: str) -> Experiment:
        check_experiment_name(name)
        with self._store.write() as c:
            return experiments.ensure(c, name)

    def update(self, name: str, update: ExperimentUpdate) -> Experiment:
        check_experiment_name(name)
        check_storable(to_builtins(update), "update")
        with self._store.write() as c:
            return experiments.update_experiment(c, name, update)

    def delete(self, name: str) -> Deletion:
        check_experiment_name(name)
        return deleting.delete_experiment(self._context, name)

    def restore(self, name: str, new_name: str | None = None) -> Experiment:
        check_experiment_name(name)
        if new_name is not None:
            check_experiment_name(new_name)
        with self._store.write() as c:
            return experiment_trash.restore_experiment(c, name, new_name)

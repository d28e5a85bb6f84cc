"""Experiments."""

from __future__ import annotations

from jupyter_mlws.api.interface import ExperimentsApi
from jupyter_mlws.domain.experiment import Experiment
from jupyter_mlws.domain.names import check_experiment_name
from jupyter_mlws.domain.page import Page
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.store import experiments
from jupyter_mlws.store.paging import clamp_limit

__all__ = ["Experiments"]


@implements("experiments", ExperimentsApi)
class Experiments:
    """`ExperimentsApi` over the store."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def list(self, limit: int = 50, cursor: str | None = None) -> Page[Experiment]:
        with self._store.read() as c:
            return experiments.page_experiments(c, clamp_limit(limit), cursor)

    def get(self, name: str) -> Experiment:
        check_experiment_name(name)
        with self._store.read() as c:
            return experiments.get_experiment(c, name)

    def create(self, name: str) -> Experiment:
        check_experiment_name(name)
        with self._store.write() as c:
            return experiments.ensure(c, name)

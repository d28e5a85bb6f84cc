"""Compute targets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection

from jupyter_mlws.api.interface import ComputeApi
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.status import ON_TARGET, RunStatus
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.store.run_states import count_by_target
from jupyter_mlws.targets import registry

__all__ = ["ComputeTargets"]


@implements("compute", ComputeApi)
class ComputeTargets:
    """`ComputeApi` over the registry of targets and the store."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def list(self) -> Page[Compute]:
        with self._store.read() as c:
            running, queued = _counts(c, ON_TARGET), _counts(c, {RunStatus.QUEUED})
        return Page(
            items=tuple(
                replace(_describe(name), running=running.get(name, 0), queued=queued.get(name, 0))
                for name in registry.known()
            )
        )


def _counts(c: Connection, statuses: Collection[RunStatus]) -> dict[str, int]:
    return count_by_target(c, statuses)


def _describe(name: str) -> Compute:
    try:
        target = registry.get(name)
        return replace(target.describe(), takes=target.takes)
    except MlwsError as error:  # a plugin that cannot be loaded is listed with the reason
        return Compute(name=name, kind="unavailable", slots=0, note=str(error), ready=False)

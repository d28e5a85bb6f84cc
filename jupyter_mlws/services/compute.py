"""Compute targets."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from jupyter_mlws.api.interface import ComputeApi
from jupyter_mlws.domain.compute import Compute, ComputeLoad, ComputeQueue
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.status import ON_TARGET, RunStatus
from jupyter_mlws.errors import InvalidInput, MlwsError
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.store import pauses, run_queues
from jupyter_mlws.store.paging import clamp_limit
from jupyter_mlws.store.run_states import count_by_target
from jupyter_mlws.targets import registry

__all__ = ["ComputeTargets"]


@implements("compute", ComputeApi)
class ComputeTargets:
    """`ComputeApi` over the registry of targets and the store."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self) -> Page[Compute]:
        return Page(items=self._described(*registry.known()))

    def queue(self, name: str, limit: int = 50) -> ComputeQueue:
        registry.check_name(name)
        with self._context.store.read() as c:
            return run_queues.queue_of(c, name, clamp_limit(limit), host=self._host(name))

    def load(self, name: str) -> ComputeLoad:
        look = getattr(registry.get(name), "load", None)
        if look is None:
            raise InvalidInput(
                f"The compute target {name} does not tell how busy it is.",
                hint="Those do whose `has_load` is true in the list of targets.",
            )
        load: ComputeLoad = look()
        return load

    def pause(self, name: str) -> Compute:
        return self._switch(name, paused=True)

    def resume(self, name: str) -> Compute:
        return self._switch(name, paused=False)

    def _switch(self, name: str, *, paused: bool) -> Compute:
        context = self._context
        registry.check_name(name)
        with context.store.write() as c:
            changed = pauses.set_paused(c, name, paused, user=context.user, host=self._host(name))
        # Also where it is paused: the dispatcher tells those that wait why they do.
        if changed:
            context.wake()
        return self._described(name)[0]

    def _described(self, *names: str) -> tuple[Compute, ...]:
        context = self._context
        with context.store.read() as c:
            running, queued = count_by_target(c, ON_TARGET), count_by_target(c, {RunStatus.QUEUED})
            paused = self._paused(c, names)
        return tuple(
            replace(_describe(name), running=running.get(name, 0), queued=queued.get(name, 0), paused=name in paused)
            for name in names
        )

    def _paused(self, c: Connection, names: tuple[str, ...]) -> set[str]:
        return pauses.paused(c, [(name, self._host(name)) for name in names], user=self._context.user)

    def _host(self, name: str) -> str | None:
        return self._context.host if name == "local" else None


def _describe(name: str) -> Compute:
    try:
        target = registry.get(name)
        return replace(target.describe(), takes=target.takes, has_load=hasattr(target, "load"))
    except MlwsError as error:  # a plugin that cannot be loaded is listed with the reason
        return Compute(name=name, kind="unavailable", slots=0, note=str(error), ready=False)

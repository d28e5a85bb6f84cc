"""The noun of compute targets."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.compute import Compute, ComputeLoad, ComputeQueue
from jupyter_mlws.domain.page import Page

__all__ = ["ComputeApi"]


class ComputeApi(Protocol):
    """Compute targets."""

    @route("GET", "/compute", resource="compute")
    def list(self) -> Page[Compute]:
        """All targets with their slots and queue."""
        ...

    @route("GET", "/compute/{name}/queue", resource="compute")
    def queue(self, name: str, limit: int = 50) -> ComputeQueue:
        """The runs on a target, and the first `limit` of those that wait for it, each with the one before it.

        Raises
        ------
        InvalidInput
            There is no such target.
        """
        ...

    @route("GET", "/compute/{name}/load", resource="compute")
    def load(self, name: str) -> ComputeLoad:
        """How busy the target's machine is at the moment.

        Raises
        ------
        InvalidInput
            There is no such target, or it does not tell (`Compute.has_load` says so beforehand).
        """
        ...

    @route("POST", "/compute/{name}/pause", resource="compute", permission="execute")
    def pause(self, name: str) -> Compute:
        """Begin nothing more on a target of what this user has queued; what runs goes on. Twice is once.

        Raises
        ------
        InvalidInput
            There is no such target.
        """
        ...

    @route("POST", "/compute/{name}/resume", resource="compute", permission="execute")
    def resume(self, name: str) -> Compute:
        """Let a paused target take up what is queued; one that is not paused stays as it is.

        Raises
        ------
        InvalidInput
            There is no such target.
        """
        ...

"""The noun of compute targets."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.domain.page import Page

__all__ = ["ComputeApi"]


class ComputeApi(Protocol):
    """Compute targets."""

    @route("GET", "/compute", resource="compute")
    def list(self) -> Page[Compute]:
        """All targets with their slots and queue."""
        ...

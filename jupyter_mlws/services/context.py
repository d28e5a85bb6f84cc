"""What every service is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.store import Store

__all__ = ["Context", "Keeping", "Waker"]


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How long what nobody wants any more is kept.

    Attributes
    ----------
    trash_days : float
        What was deleted can be restored for so many days.
    grace_s : float
        Stored bytes that no record names stay for so long after they were stored or used: somebody may be about to
        record them.
    """

    trash_days: float = 7.0
    grace_s: float = 3600.0


class Waker(Protocol):
    """The way to the workspace's dispatcher."""

    def __call__(self) -> None:
        """Tell it that there is work; start it if none lives. Returns at once."""
        ...

    def state(self) -> DispatcherState:
        """Whether it lives."""
        ...

    def ensure(self) -> DispatcherState:
        """Start it if needed and wait until it answers, or raise `DispatcherUnavailable`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Context:
    """A workspace on this machine."""

    folder: Path
    store: Store
    blobs: BlobStore
    wake: Waker
    user: str
    host: str
    workspace_id: str
    name: str
    named: Callable[[], str] | None = None
    warnings: tuple[str, ...] = ()
    keeping: Callable[[], Keeping] = Keeping

"""Compute targets: where scripts run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jupyter_mlws.domain.status import RunStatus

__all__ = ["Compute", "ComputeLoad", "ComputeQueue", "GpuLoad", "WaitingRun", "paused_words"]


def paused_words(target: str) -> str:
    """What a run waits for whose target is paused."""
    return f"{target} is paused; mlws compute resume {target} lets it go on"


@dataclass(frozen=True, kw_only=True)
class Compute:
    """A compute target as a person sees it.

    Attributes
    ----------
    ready : bool
        Whether runs can start there at the moment; `note` says why not.
    takes : str
        'interpreter': an environment, or the interpreter that submits; 'image': an environment only, in a container.
    paused : bool
        Whether what is queued for it waits until somebody resumes it; what runs goes on.
    has_load : bool
        Whether it tells how busy its machine is.
    """

    name: str
    kind: str
    slots: int
    gpus: int = 0
    running: int = 0
    queued: int = 0
    note: str = ""
    ready: bool = True
    takes: str = "interpreter"
    paused: bool = False
    has_load: bool = False


@dataclass(frozen=True, kw_only=True)
class GpuLoad:
    """How busy a GPU is, whoever uses it."""

    index: int
    name: str
    percent: float
    memory_used_bytes: int
    memory_total_bytes: int


@dataclass(frozen=True, kw_only=True)
class ComputeLoad:
    """How busy the machine of a target is at the moment, whoever uses it.

    Attributes
    ----------
    cpus : int
        Processors.
    cpu_percent : float
        Of all of them, over the last seconds: 100 when none has time left.
    memory_used_bytes, memory_total_bytes : int
        Those of the container where the machine is one with a limit.
    """

    name: str
    cpus: int
    cpu_percent: float
    memory_used_bytes: int
    memory_total_bytes: int
    gpus: tuple[GpuLoad, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WaitingRun:
    """A run that is on a target, or waits for it.

    Attributes
    ----------
    behind : int or None
        Number of the run whose turn is right before its own; None for one that has begun, and for the first that waits.
    waiting_for : str
        What the first one waits for, in words.
    """

    id: str
    number: int
    experiment: str
    display_name: str
    status: RunStatus
    user: str
    created_at: datetime
    started_at: datetime | None = None
    behind: int | None = None
    waiting_for: str = ""


@dataclass(frozen=True, kw_only=True)
class ComputeQueue:
    """The runs on a target, and those that wait for it in the order of their turn.

    `more` is how many further ones wait that are not listed.
    """

    name: str
    running: tuple[WaitingRun, ...]
    waiting: tuple[WaitingRun, ...]
    more: int = 0

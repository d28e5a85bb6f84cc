"""Compute targets: where scripts run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Compute", "paused_words"]


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

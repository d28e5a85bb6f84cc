"""What the suite has to be told of a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_mlws.sdk.environment import Environment

__all__ = ["Binding"]


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A target as the suite meets it.

    Attributes
    ----------
    name : str
        What a person writes as ``--compute``: the name of the entry point.
    environment : str or Environment
        Where the scripts run. They need the standard library of Python 3.10 or newer and nothing else.
    variables : mapping
        Set for the tests and for the dispatcher that they start: the target's own settings. With them it should take
        four runs at a time. No other variable ``MLWS_*`` of whoever runs the tests reaches it.
    sees_processes : bool
        Whether the processes of a run are in the /proc of this machine, so that what is left of one can be found.
    limits_memory : bool
        Whether it holds a run to the memory that it asked for.
    cannot : mapping
        Cases that cannot hold here, by the name of the test, and why; they are reported as skipped.
    patience_s : float
        How long to wait for a run before something is said to hang.
    """

    name: str
    environment: str | Environment = "kernel"
    variables: Mapping[str, str] = field(default_factory=dict)
    sees_processes: bool = True
    limits_memory: bool = False
    cannot: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = 60.0

"""Where jobs run: targets, found by name."""

from __future__ import annotations

from jupyter_mlws.targets.base import Ground, Launch, Target
from jupyter_mlws.targets.registry import get, known

__all__ = ["Ground", "Launch", "Target", "get", "known"]

"""How reasons are said."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlws.domain.reproducibility import Reason
from jupyter_mlws.errors import MlwsError

__all__ = ["blocked", "listed"]

_MOST = 5


def blocked(code: str, error: MlwsError) -> Reason:
    """An error that doing the run again would raise."""
    return Reason(code=code, sentence=error.message, hint=error.hint, blocks=True)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown, more = ", ".join(name[:80] for name in names[:_MOST]), len(names) - _MOST
    return f"{shown} and {more:,} more" if more > 0 else shown

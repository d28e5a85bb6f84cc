"""What somebody may have meant who typed a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["MOST_NAMES", "meant"]

# Among so many names of a workspace one is looked for.
MOST_NAMES = 500


def meant(name: str, known: Iterable[str]) -> str:
    """``Did you mean ...?`` with the nearest of the known names; '' where none is near.

    Parameters
    ----------
    name : str
        As it was typed; capitals make no difference.
    known : iterable of str
        What there is.
    """
    others = [other for other in known if other != name]
    near = difflib.get_close_matches(name, others, 1)
    if not near:
        lower = {other.lower(): other for other in others}
        near = [lower[found] for found in difflib.get_close_matches(name.lower(), lower, 1)]
    return f"Did you mean {near[0]}?" if near else ""

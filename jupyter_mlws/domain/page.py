"""Pages of lists: keyset cursors, never offsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "MAX_OWN_LIMIT", "Page", "clamp_limit"]

from jupyter_mlws.errors import InvalidInput

T = TypeVar("T")
DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
# Of records that stay in the process which asks: nothing is encoded, sent and decoded.
MAX_OWN_LIMIT = 10_000


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list, and the cursor that gives the next one (None at the end)."""

    items: tuple[T, ...]
    next_cursor: str | None = None


def clamp_limit(limit: int, most: int = MAX_LIMIT) -> int:
    """A page size between 1 and `most`; a negative one is refused, a larger one cut."""
    if limit < 1:
        raise InvalidInput(f"A page of {limit} items makes no sense.", hint=f"Ask for 1 to {MAX_LIMIT}.")
    return min(limit, most)

"""The present, in one place."""

from __future__ import annotations

from datetime import datetime, timezone

__all__ = ["now"]


def now() -> datetime:
    """The present in UTC."""
    return datetime.now(timezone.utc)

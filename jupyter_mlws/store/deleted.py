"""What is in the trash is in no list, and found by nobody who does not ask for the trash."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import ColumnElement, exists

from jupyter_mlws.store.tables import deleted_runs, runs

__all__ = ["PURGED", "not_deleted"]

# When it is decided that something leaves the trash for good, this becomes its time: from then on it cannot be
# restored, although its rows go piece by piece, and whoever finds it so goes on with that.
PURGED = datetime(1970, 1, 1, tzinfo=timezone.utc)


def not_deleted(of: Any = runs) -> ColumnElement[bool]:
    """The condition on a row of `runs`, or of another name `of` that table, that it is not in the trash."""
    return ~exists().where(deleted_runs.c.run_number == of.c.number).correlate(of)

"""Child runs that a script makes of itself: the wish for them, and the end of a run that its own process tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from jupyter_mlws.domain.names import (
    MAX_DISPLAY_NAME,
    MAX_ERROR_MESSAGE,
    MAX_PARAMS,
    check_run_id,
    check_tags,
    check_text,
)
from jupyter_mlws.domain.run import RunError
from jupyter_mlws.domain.status import TERMINAL, RunStatus
from jupyter_mlws.errors import InvalidInput, TooLarge

__all__ = ["MAX_CHILDREN", "MAX_CHILD_ID", "NewChild", "NewChildren", "RunEnd"]

MAX_CHILDREN = 1_000
# A child's id names a folder beside others, and its own children's ids begin with it.
MAX_CHILD_ID = 240


@dataclass(frozen=True, kw_only=True)
class NewChild:
    """One child run, Running from its creation.

    Attributes
    ----------
    id : str
        Minted where the child is made; a request that comes twice means the same run.
    created_at : datetime or None
        When the script made it, by its own clock; the workspace keeps it within the parent's time.
    """

    id: str
    display_name: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    created_at: datetime | None = None

    def __post_init__(self) -> None:
        check_run_id(self.id)
        if len(self.id) > MAX_CHILD_ID:
            raise TooLarge(f"A child's id has {len(self.id)} characters.", hint=f"At most {MAX_CHILD_ID} are kept.")
        check_text("display name", self.display_name, MAX_DISPLAY_NAME)
        check_tags(self.tags)
        check_tags(self.params, "parameter", MAX_PARAMS)


@dataclass(frozen=True, kw_only=True)
class NewChildren:
    """Child runs of one parent, in their order; all are made, or none."""

    items: tuple[NewChild, ...]

    def __post_init__(self) -> None:
        if not self.items:
            raise InvalidInput("No child run was asked for.", hint="Give a count of at least 1, or tag values.")
        if len(self.items) > MAX_CHILDREN:
            raise TooLarge(
                f"{len(self.items):,} child runs were asked for at once.", hint=f"At most {MAX_CHILDREN:,} in one call."
            )
        if len({child.id for child in self.items}) < len(self.items):
            raise InvalidInput("Two child runs were given the same id.")


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How a run ended, as its own process tells: 'Completed', 'Failed' (with an `error`) or 'Canceled'.

    Of a job's own run, whose end its agent tells, only 'Failed' can be said: the run is Failed with this error once the
    script has ended. `ended_at` is by the script's clock; the workspace keeps it within what it has seen itself.
    """

    status: RunStatus
    error: RunError | None = None
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.status not in TERMINAL:
            raise InvalidInput(f"A run cannot end as {self.status}.", hint="Use Completed, Failed or Canceled.")
        if (self.error is not None) != (self.status is RunStatus.FAILED):
            raise InvalidInput("A run that failed has an error, and no other has.")
        if self.error is not None:
            check_text("error message", self.error.message, MAX_ERROR_MESSAGE, empty=False)

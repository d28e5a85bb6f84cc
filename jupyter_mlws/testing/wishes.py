"""The runs that cases look at: each says what it wishes for, and all of a class are submitted at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["Wish", "of", "wishes_of"]

_Test = TypeVar("_Test", bound=Callable[..., Any])
_ATTRIBUTE = "conformance_wish"


@dataclass(frozen=True, kw_only=True, eq=False)
class Wish:
    """A run: several cases may look at one.

    Attributes
    ----------
    name : str
        A few words: tag and file name of the script.
    script : str
        Python.
    arguments : tuple of str
    command : tuple of str
        Instead of the script, which is in the snapshot all the same.
    variables : mapping
        Environment variables.
    secrets : mapping
    changes : mapping
        Further fields of the submission (see `jupyter_mlws.domain.run.RunSubmission`).
    """

    name: str
    script: str = ""
    arguments: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Name of the script's file."""
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()) + ".py"


def of(*wishes: Wish) -> Callable[[_Test], _Test]:
    """Have a case look at these runs, which are submitted early; of a single one its argument `run` is what became."""

    def mark(test: _Test) -> _Test:
        setattr(test, _ATTRIBUTE, wishes)
        return test

    return mark


def wishes_of(test: object) -> tuple[Wish, ...]:
    """The runs that a case looks at, but for those that it submits itself."""
    found: tuple[Wish, ...] = getattr(test, _ATTRIBUTE, ())
    return found

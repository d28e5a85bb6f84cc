"""How much of a file may still be taken from it."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_mlws.errors import MlwsError

__all__ = ["Allowance"]


class Allowance:
    """A number of values or bytes, which becomes less with what is taken.

    Parameters
    ----------
    most : int or None
        None for as much as there is.
    refusal : callable
        Makes the error that who takes more gets to see.
    """

    def __init__(self, most: int | None, refusal: Callable[[], MlwsError]) -> None:
        self._left = most
        self._refusal = refusal

    def take(self, count: int) -> None:
        """Take so many, or raise the refusal."""
        if self._left is None:
            return
        self._left -= count
        if self._left < 0:
            raise self._refusal()

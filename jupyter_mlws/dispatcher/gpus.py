"""Which GPUs are free: each belongs to one run at a time."""

from __future__ import annotations

import threading
from collections.abc import Collection

from jupyter_mlws.errors import Unavailable

__all__ = ["GpuPool"]


class GpuPool:
    """The GPUs of a target, by index. Safe for threads."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = set(range(count))
        self._turn = threading.Lock()

    def take(self, wanted: int) -> tuple[int, ...] | None:
        """So many free GPUs; None when they are busy.

        Raises
        ------
        Unavailable
            The target never has so many.
        """
        if wanted > self._count:
            raise Unavailable(
                f"The run asks for {wanted} GPUs and its target has {self._count}.",
                hint="Ask for fewer, or choose another compute target.",
            )
        with self._turn:
            if wanted > len(self._free):
                return None
            taken = tuple(sorted(self._free)[:wanted])
            self._free.difference_update(taken)
            return taken

    def hold(self, taken: Collection[int]) -> tuple[int, ...]:
        """Mark GPUs as taken that a run has already; those of them that were free, and are the caller's now."""
        with self._turn:
            held = tuple(sorted(self._free.intersection(taken)))
            self._free.difference_update(held)
            return held

    def give_back(self, taken: tuple[int, ...]) -> None:
        """Free them again."""
        with self._turn:
            self._free.update(taken)

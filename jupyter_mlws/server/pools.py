"""Threads that the services run in, so that the event loop never waits for a disk or a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from jupyter_mlws.errors import Unavailable

__all__ = ["Pool"]

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """A bounded number of threads and of calls that wait for one.

    Parameters
    ----------
    name : str
    threads : int
    waiting : int
        So many calls may wait; the next one is answered with `Unavailable`.
    """

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"mlws-{name}")
        self._limit = threads + waiting
        self._active = 0

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in a thread and wait for what it returns or raises."""
        if self._active >= self._limit:
            raise Unavailable("The server is busy with earlier requests.", hint="Try again in a second.")
        return await self.go_on(function, *args, **kwargs)

    async def go_on(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for the next step of a request that was let in: never refused."""
        self._active += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, partial(function, *args, **kwargs))
        finally:
            self._active -= 1

    def close(self) -> None:
        """Let the calls that run go on by themselves; drop those that wait."""
        self._executor.shutdown(wait=False, cancel_futures=True)

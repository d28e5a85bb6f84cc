"""Measuring what a run uses, once a second, in a thread of its own: no slow look may hold up the script's output."""

from __future__ import annotations

import _thread
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_mlws.agent.usage import Usage
    from jupyter_mlws.runfolder.journal_writer import JournalWriter

__all__ = ["Meter"]

# Looks that are written together: each writing wakes the dispatcher, and whoever watches the run.
_TOGETHER = 5
# A look takes at most this share of a processor: at very many processes there are fewer looks.
_SHARE = 0.005
_PATIENCE_S = 2.0


class Meter:
    """Writes the system metrics of the run into its journal, from the end of the first period on.

    A run that is over by then costs nothing, not even an import.

    Parameters
    ----------
    folder : str
    period_s : float
        0 measures nothing.
    say : callable
        Writes a line to the agent's log.

    Attributes
    ----------
    hangs : bool
        It was stopped in the middle of a look that does not end, as one at a GPU whose driver hangs.
    """

    def __init__(self, folder: str, period_s: float, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._period_s = period_s
        self._say = say
        self._began = time.monotonic()
        self._writer: JournalWriter | None = None
        self._seen: list[tuple[float, int, dict[str, float]]] = []
        self._stopping = _thread.allocate_lock()
        self._living = _thread.allocate_lock()
        self.hangs = False
        self._is_on = period_s > 0 and os.path.isdir("/proc/self/task")
        if self._is_on:
            self._stopping.acquire()
            self._living.acquire()
            _thread.start_new_thread(self._run, ())

    def stop(self) -> None:
        """Write what was measured and is not written. The run is about to be over: nothing is written afterwards.

        An agent that does not call this never ends: the interpreter waits for the thread that first asked for
        `threading`.
        """
        if self._is_on:
            self._is_on = False
            self._stopping.release()
            self.hangs = not self._living.acquire(timeout=_PATIENCE_S)
            if self.hangs:
                self._say("System metrics end here: a look at what the run uses does not end.")

    def _run(self) -> None:
        try:
            self._measure()
        except Exception as error:  # noqa: BLE001 - whatever it is, the script goes on, and its log tells
            self._say(f"System metrics end here: {type(error).__name__}: {error}")
        finally:
            self._living.release()

    def _measure(self) -> None:
        usage: Usage | None = None
        due = self._began + self._period_s
        while not self._stopping.acquire(timeout=max(0.0, due - time.monotonic())):
            if usage is None:
                usage = self._usage()
            began = time.thread_time()
            self._seen.append((time.time(), round(time.monotonic() - self._began), usage.look()))
            took = time.thread_time() - began
            if len(self._seen) >= _TOGETHER or self._writer is None:
                self._write()
            # From the time that is now: what a suspended machine has missed is not made up for.
            due = max(due, time.monotonic() - self._period_s) + max(self._period_s, took / _SHARE)
        self._write()

    def _usage(self) -> Usage:
        from jupyter_mlws.agent.usage import Usage

        return Usage(os.getpid(), self._began)

    def _write(self) -> None:
        from jupyter_mlws.runfolder.journal_writer import JournalWriter

        if self._writer is None and self._seen:
            self._writer = JournalWriter(self._folder)
        for when, step, values in self._seen:
            for name, value in values.items():
                assert self._writer is not None
                self._writer.log_at(name, value, step, when)
        self._seen.clear()

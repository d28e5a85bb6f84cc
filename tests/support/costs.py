"""What a process costs: resident memory, and the share of a core that it takes."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

__all__ = ["Cost", "Meter", "idle"]

MIB = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """Of a process over a while: most resident memory in MiB, and processor time as a share of one core."""

    rss_mib: float
    cpu: float


class Meter:
    """Looks at a process once a second, in a thread, while the ``with`` block runs."""

    def __init__(self, pid: int, period_s: float = 1.0) -> None:
        self._process = psutil.Process(pid)
        self._period_s = period_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"meter {pid}", daemon=True)
        self._rss: list[int] = []

    def __enter__(self) -> Meter:
        self._began, self._cpu_began = time.monotonic(), self._cpu()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
        self._took, self._used = time.monotonic() - self._began, self._cpu() - self._cpu_began

    def _cpu(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    def _look(self) -> None:
        while True:
            self._rss.append(self._process.memory_info().rss)
            if self._over.wait(self._period_s):
                return

    @property
    def cost(self) -> Cost:
        """What it came to."""
        return Cost(max(self._rss) / MIB, self._used / self._took)


def idle(pids: Sequence[int], seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> Cost:
    """The median cost of processes that do nothing, over so many seconds."""
    meters = [Meter(pid, seconds) for pid in pids]
    for meter in meters:
        meter.__enter__()
    sleep(seconds)
    for meter in meters:
        meter.__exit__()
    costs = [meter.cost for meter in meters]
    return Cost(statistics.median(cost.rss_mib for cost in costs), statistics.median(cost.cpu for cost in costs))

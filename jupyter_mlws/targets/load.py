"""How busy this machine is, for the meters of who looks at it."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

from jupyter_mlws.domain.compute import ComputeLoad, GpuLoad
from jupyter_mlws.targets import machine

__all__ = ["of_this_machine"]

# Looks that follow each other sooner share one answer: it would say nothing of the time between them.
_FRESH_S = 0.5
# A look that far back says nothing of this moment any more.
_OLD_S = 10.0
_FIRST_S = 0.1
_GPU_TIMEOUT_S = 3.0
_MIB = 2**20
_GPU_QUERY = "index,name,utilization.gpu,memory.used,memory.total"
# The limit of a container, and what of it is used: of version 2 of control groups, and of version 1.
_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
    ),
)


def of_this_machine(name: str) -> ComputeLoad:
    """The load of the machine that this process is on, as that of the target `name`."""
    used, total = _memory()
    return ComputeLoad(
        name=name,
        cpus=os.cpu_count() or 1,
        cpu_percent=_processors.look(),
        memory_used_bytes=used,
        memory_total_bytes=total,
        gpus=_gpus.look(),
    )


class _Processors:
    """The share of the processors' time that was spent between two looks. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at = 0.0
        self._spent = (0.0, 0.0)
        self._percent = 0.0

    def look(self) -> float:
        with self._lock:
            age = time.monotonic() - self._at
            if self._at and age < _FRESH_S:
                return self._percent
            if not self._at or age > _OLD_S:
                self._spent = _times()
                time.sleep(_FIRST_S)
            busy, total = _times()
            took = total - self._spent[1]
            if took > 0:
                self._percent = min(100.0, max(0.0, (busy - self._spent[0]) / took * 100))
            self._at, self._spent = time.monotonic(), (busy, total)
            return self._percent


def _times() -> tuple[float, float]:
    """Seconds that the processors have been busy since the boot, and all that there were."""
    import psutil

    times = psutil.cpu_times()
    # Guests are counted in the time of users, too.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total - times.idle - getattr(times, "iowait", 0.0), total


class _Gpus:
    """The GPUs that jobs may use, asked for by starting a program, so not often. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at = 0.0
        self._found: tuple[GpuLoad, ...] = ()

    def look(self) -> tuple[GpuLoad, ...]:
        wanted = machine.gpu_ids()
        if not wanted:
            return ()
        with self._lock:
            if not self._at or time.monotonic() - self._at > _FRESH_S:
                self._found = parse_gpus(_ask_driver(wanted))
                self._at = time.monotonic()
            return self._found


def _ask_driver(wanted: tuple[str, ...]) -> str:
    command = ["nvidia-smi", f"--query-gpu={_GPU_QUERY}", "--format=csv,noheader,nounits", f"--id={','.join(wanted)}"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_GPU_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""  # a driver that does not answer has no meters; runs are told by their own failure
    return answer.stdout


def parse_gpus(text: str) -> tuple[GpuLoad, ...]:
    """What the driver's program says of each GPU; those that do not tell are left out."""
    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split(",")]
        # A name may hold commas; the numbers stand around it.
        index, name, (percent, used, total) = parts[0], parts[1:-3], parts[-3:] if len(parts) > 4 else ("", "", "")
        if all(number.isdigit() for number in (index, percent, used, total)):
            load = GpuLoad(
                index=int(index),
                name=", ".join(name),
                percent=float(percent),
                memory_used_bytes=int(used) * _MIB,
                memory_total_bytes=int(total) * _MIB,
            )
            found.append(load)
    return tuple(found)


def _memory() -> tuple[int, int]:
    """Bytes in use that nobody could get, and all there are."""
    total = machine.total_memory_bytes()
    for limit_path, used_path, stat_path in _CGROUPS:
        limit, used = _number(limit_path), _number(used_path)
        if limit is not None and used is not None and limit < total:
            # Pages of files can be dropped when somebody needs the room.
            return max(0, used - _droppable(stat_path)), limit
    return max(0, total - machine.available_memory_bytes()), total


def _number(path: str) -> int | None:
    try:
        text = Path(path).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _droppable(path: str) -> int:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return 0
    pairs = (line.split() for line in lines)
    return next((int(words[1]) for words in pairs if words[0] in ("inactive_file", "total_inactive_file")), 0)


_processors = _Processors()
_gpus = _Gpus()

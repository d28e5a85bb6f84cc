"""Asking this machine: processors, memory, GPUs. The one file of this room with calls to the operating system."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

__all__ = ["available_memory_bytes", "gpu_ids", "machine_text", "memory_obstacle", "total_memory_bytes"]

_MEMINFO = Path("/proc/meminfo")
_TIMEOUT_S = 5.0
# Below this share of the machine's memory no second job is started.
_MEMORY_SHARE = 0.08


def _meminfo(key: str) -> int | None:
    try:
        lines = _MEMINFO.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    return None


def available_memory_bytes() -> int:
    """Memory that a new job could take without pushing others out."""
    found = _meminfo("MemAvailable")
    if found is not None:
        return found
    import psutil

    return int(psutil.virtual_memory().available)


def total_memory_bytes() -> int:
    """All memory of this machine."""
    found = _meminfo("MemTotal")
    if found is not None:
        return found
    import psutil

    return int(psutil.virtual_memory().total)


def memory_obstacle(running: int, memory_bytes: int | None = None) -> str:
    """Why a further job has to wait for memory; '' when there is enough, or no other job that could free it."""
    if running == 0:
        return ""
    needed = max(memory_bytes or 0, int(total_memory_bytes() * _MEMORY_SHARE))
    return "" if available_memory_bytes() >= needed else "waiting for memory"


@cache
def machine_text() -> str:
    """What may make numbers differ: system, processor, GPUs. Quick: nothing is started for it."""
    gpus = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
    words = [
        f"{sys.platform}-{platform.machine()}",
        _processor(),
        f"{gpus} GPU{'s' if gpus > 1 else ''}" if gpus else "",
    ]
    return ", ".join(word for word in words if word)


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open() as file:
            found = next((line for line in file if line.startswith("model name")), "")
    except OSError:
        return ""
    return " ".join(found.partition(":")[2].split())[:100]


@cache
def gpu_ids() -> tuple[str, ...]:
    """The NVIDIA GPUs that jobs may use, as ``CUDA_VISIBLE_DEVICES`` names them; none without a driver."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return tuple(part.strip() for part in allowed.split(",") if part.strip() not in ("", "-1", "NoDevFiles"))
    # Without the driver's device there is nothing to ask, and asking costs a process.
    if not Path("/dev/nvidiactl").exists() and not Path("/dev/dxg").exists():
        return ()
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in answer.stdout.splitlines() if line.strip().isdigit())

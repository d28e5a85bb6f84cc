"""What the processes of a run use, as /proc tells it: a few small files for each process; and the GPUs' driver."""

from __future__ import annotations

import os
import time

from jupyter_mlws.agent import gpus
from jupyter_mlws.domain.names import SYSTEM_METRICS
from jupyter_mlws.runfolder import processes
from jupyter_mlws.runfolder.processes import read_small

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    # pid and start time
    _Process = tuple[int, int]

__all__ = ["Usage"]

# Of the fields behind a process's name in its stat.
_STATE, _UTIME, _CUTIME, _THREADS, _STARTED, _RSS = 0, 11, 13, 17, 19, 21
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class Usage:
    """What a tree of processes uses, from one look to the next.

    Parameters
    ----------
    root : int
        The process above the tree, whose own use is none of it.
    began : float
        When the tree was born, by the monotonic clock: the first rates are those since then.
    """

    def __init__(self, root: int, began: float) -> None:
        self._root = root
        self._at = began
        self._ticks_at = 0
        self._busy: dict[_Process, tuple[int, int]] = {}
        self._moved = (0, 0)
        self._network: tuple[int, int] | None = None
        self._memory = _memory_limit()
        self._gpus = gpus.find()

    def look(self) -> dict[str, float]:
        """The metrics of the moment, by name; those that this system does not tell are left out."""
        now, ticks_at = time.monotonic(), _since_boot()
        took = max(now - self._at, 1e-3)
        stats = self._stats()
        living = {who: fields for who, fields in stats.items() if who[0] != self._root and fields[_STATE] not in b"ZX"}
        memory = sum(int(fields[_RSS]) for fields in living.values()) * _PAGE_BYTES
        found: dict[str, float] = {
            "cpu_percent": self._spent(stats) / _TICKS / took * 100,
            "memory_bytes": memory,
            "processes": len(living),
            "threads": sum(int(fields[_THREADS]) for fields in living.values()),
        }
        if self._memory:
            found["memory_percent"] = memory / self._memory * 100
        pids = {pid for pid, _ in living}
        found |= self._disk(pids, took)
        found |= self._traffic(took)
        if self._gpus is not None:
            found |= self._gpus.look(pids)
        self._at, self._ticks_at = now, ticks_at
        return {SYSTEM_METRICS + name: float(value) for name, value in found.items()}

    def _stats(self) -> dict[_Process, list[bytes]]:
        """The fields of `stat` of every process of the tree, its root and those that have just ended included."""
        found = {}
        for pid in _tree(self._root):
            data = read_small(f"/proc/{pid}/stat")
            # The name in brackets may hold anything, brackets and spaces included.
            fields = data[data.rfind(b")") + 2 :].split()
            if len(fields) > _RSS:
                found[pid, int(fields[_STARTED])] = fields
        return found

    def _spent(self, stats: dict[_Process, list[bytes]]) -> int:
        """Ticks of processors that the tree has spent since the last look, those of ended processes included.

        What an ended process has spent is in its parent's count of its children. A parent that does not wait for them
        has none: then what the living ones have spent is the answer.
        """
        before, self._busy = self._busy, {}
        all_of_them = own = 0
        for who, fields in stats.items():
            mine = 0 if who[0] == self._root else int(fields[_UTIME]) + int(fields[_UTIME + 1])
            spent = mine, int(fields[_CUTIME]) + int(fields[_CUTIME + 1])
            self._busy[who] = spent
            last = before.get(who, (0, 0))
            # A look may miss one that is just being moved in the tree; all that it ever spent is not of this moment.
            if who in before or who[0] == self._root or who[1] >= self._ticks_at - 1:
                own += spent[0] - last[0]
                all_of_them += sum(spent) - sum(last)
        ended = sum(sum(spent) for who, spent in before.items() if who not in self._busy)
        return max(all_of_them - ended, own)

    def _disk(self, pids: Iterable[int], took: float) -> dict[str, float]:
        """What reached the disks or came from them; what an ended process moved is in its parent's count."""
        moved = [io for io in map(_moved, pids) if io is not None]
        if not moved:
            return {}
        before, self._moved = self._moved, (sum(io[0] for io in moved), sum(io[1] for io in moved))
        names = ("disk_read_bytes_per_s", "disk_write_bytes_per_s")
        return {name: max(0, now - then) / took for name, now, then in zip(names, self._moved, before, strict=True)}

    def _traffic(self, took: float) -> dict[str, float]:
        before, self._network = self._network, _network()
        if before is None or self._network is None:
            return {}
        names = ("network_received_bytes_per_s", "network_sent_bytes_per_s")
        return {name: max(0, now - then) / took for name, now, then in zip(names, self._network, before, strict=True)}


def _since_boot() -> int:
    """Clock ticks since the boot, as start times of processes are counted."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * _TICKS)


def _tree(root: int) -> list[int]:
    """The process and all below it."""
    if not os.path.exists(f"/proc/{root}/task/{root}/children"):
        return [root, *processes.descendants(root)]  # a kernel without these lists; there every process is looked at
    found, ahead = [], [root]
    while ahead:
        pid = ahead.pop()
        found.append(pid)
        try:
            tasks = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue  # it has just ended
        for task in tasks:
            ahead += map(int, read_small(f"/proc/{pid}/task/{task}/children").split())
    return found


def _moved(pid: int) -> tuple[int, int] | None:
    """Bytes that a process has read from disks and written to them; None where we may not know."""
    counts = dict(line.split(b": ") for line in read_small(f"/proc/{pid}/io").splitlines())
    try:
        return int(counts[b"read_bytes"]), int(counts[b"write_bytes"])
    except KeyError:
        return None


def _network() -> tuple[int, int] | None:
    """Bytes received and sent by all that shares this network, but within the machine; None where nobody tells."""
    received = sent = 0
    lines = read_small("/proc/self/net/dev").splitlines()[2:]
    for line in lines:
        name, _, rest = line.partition(b":")
        counts = rest.split()
        if name.strip() != b"lo" and len(counts) > 8:
            received += int(counts[0])
            sent += int(counts[8])
    return (received, sent) if lines else None


def _memory_limit() -> int:
    """Bytes of memory that the run may use: the machine's, or its container's where that has less; 0 if unknown."""
    total = 0
    for line in read_small("/proc/meminfo").splitlines():
        if line.startswith(b"MemTotal:"):
            total = int(line.split()[1]) * 1024
    limits = [read_small(path).strip() for path in _CGROUP_LIMITS]
    return min([total, *(int(limit) for limit in limits if limit.isdigit())]) if total else 0

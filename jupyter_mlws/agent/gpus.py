"""What processes use of NVIDIA's GPUs, as the driver's own library (NVML) tells it: no program is started for it."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes
    from collections.abc import Collection
    from typing import Any

__all__ = ["Gpus", "find"]

_LIBRARY = "libnvidia-ml.so.1"
# The newest of these fill in the same structure; drivers before 2021 have neither, and tell nothing.
_PROCESSES = ("nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2")
_SUCCESS, _NOT_FOUND, _TOO_SMALL = 0, 6, 7
# The driver's word for a number that it does not know.
_UNKNOWN = 2**64 - 1
# Room for so many processes of a GPU at first; the driver says how many there are.
_FEW, _MOST = 64, 65_536
_BACK_S = 1.0


def find() -> Gpus | None:
    """The GPUs of this machine; None where there is no driver, none that answers, or no GPU."""
    try:
        # Asked without `ctypes`, whose import costs more than all of this where there is no driver.
        import _ctypes

        _ctypes.dlopen(_LIBRARY, 0)
        found = Gpus()
    except (ImportError, AttributeError, OSError):
        return None
    return found if found.count else None


class Gpus:
    """The GPUs that the driver shows to this process.

    Raises
    ------
    OSError
        The driver does not answer.
    AttributeError
        It is too old.
    """

    def __init__(self) -> None:
        import ctypes

        class Process(ctypes.Structure):
            _fields_ = (
                ("pid", ctypes.c_uint),
                ("memory", ctypes.c_ulonglong),
                ("instance", ctypes.c_uint),
                ("compute_instance", ctypes.c_uint),
            )

        class Sample(ctypes.Structure):
            _fields_ = (
                ("pid", ctypes.c_uint),
                ("at", ctypes.c_ulonglong),
                ("busy", ctypes.c_uint),
                ("memory", ctypes.c_uint),
                ("encoder", ctypes.c_uint),
                ("decoder", ctypes.c_uint),
            )

        self._c, self._process, self._sample = ctypes, Process, Sample
        self._library = ctypes.CDLL(_LIBRARY)
        self._processes_name = next((name for name in _PROCESSES if hasattr(self._library, name)), "")
        if not self._processes_name:
            raise AttributeError(_PROCESSES[0])
        self._devices = self._open()
        self._sampled_at = [int((time.time() - _BACK_S) * 1e6)] * len(self._devices)
        self._ever = False

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._devices)

    def look(self, pids: Collection[int]) -> dict[str, float]:
        """What these processes use at the moment; nothing as long as they have not used any.

        Parameters
        ----------
        pids : collection of int

        Returns
        -------
        dict
            ``gpus``, how many they are on; ``gpu_memory_bytes``; ``gpu_percent``, of which 100 is one GPU wholly busy.
            What the driver does not tell is left out.
        """
        memory, percent = [], []
        for i, device in enumerate(self._devices):
            running = self._running(device)
            own = [used for pid, used in running if pid in pids]
            if own:
                memory += own
                percent.append(self._busy(i, device, pids, alone=len(own) == len(running)))
        on = len(percent)
        self._ever = self._ever or on > 0
        if not self._ever:
            return {}
        found = {"gpus": float(on)}
        if _UNKNOWN not in memory:
            found["gpu_memory_bytes"] = float(sum(memory))
        known = [each for each in percent if each is not None]
        if len(known) == on:
            found["gpu_percent"] = float(sum(known))
        return found

    # -- calls of the library

    def _call(self, name: str, *arguments: Any) -> int:
        """What a function of the library answers; -1 where it has no such function."""
        function = getattr(self._library, name, None)
        return -1 if function is None else int(function(*arguments))

    def _open(self) -> list[ctypes.c_void_p]:
        c = self._c
        count = c.c_uint()
        if self._call("nvmlInit_v2") or self._call("nvmlDeviceGetCount_v2", c.byref(count)):
            raise OSError("The driver of the GPUs does not answer.")
        found = []
        for i in range(count.value):
            device = c.c_void_p()
            if self._call("nvmlDeviceGetHandleByIndex_v2", c.c_uint(i), c.byref(device)) == _SUCCESS:
                found.append(device)
        return found

    def _running(self, device: ctypes.c_void_p) -> list[tuple[int, int]]:
        """The processes on a GPU, each with its bytes of the GPU's memory."""
        room = _FEW
        while room <= _MOST:
            count, found = self._c.c_uint(room), (self._process * room)()
            answer = self._call(self._processes_name, device, self._c.byref(count), found)
            if answer == _SUCCESS:
                return [(each.pid, each.memory) for each in found[: min(count.value, room)]]
            if answer != _TOO_SMALL:
                break
            room = max(2 * room, count.value)  # more may begin before it is asked again
        return []

    def _busy(self, i: int, device: ctypes.c_void_p, pids: Collection[int], *, alone: bool) -> float | None:
        """How busy these processes have kept a GPU since the last look; None if the driver does not tell."""
        c = self._c
        count = c.c_uint()
        answer = self._call("nvmlDeviceGetProcessUtilization", device, None, c.byref(count), c.c_ulonglong(0))
        if answer in (_TOO_SMALL, _SUCCESS) and count.value <= _MOST:
            samples = (self._sample * max(count.value, 1))()
            since = c.c_ulonglong(self._sampled_at[i])
            answer = self._call("nvmlDeviceGetProcessUtilization", device, samples, c.byref(count), since)
            if answer == _SUCCESS:
                return self._mean(i, samples[: min(count.value, len(samples))], pids)
        if answer == _NOT_FOUND:  # nobody has done anything
            return 0.0
        # A driver that knows it for the whole GPU only: that is the answer where nobody else is on it.
        rates = (c.c_uint * 2)()
        if alone and self._call("nvmlDeviceGetUtilizationRates", device, rates) == _SUCCESS:
            return float(rates[0])
        return None

    def _mean(self, i: int, samples: list[Any], pids: Collection[int]) -> float:
        """Of each process the mean of its samples, and the sum of these."""
        own: dict[int, list[int]] = {}
        for each in samples:
            self._sampled_at[i] = max(self._sampled_at[i], each.at)
            if each.pid in pids:
                own.setdefault(each.pid, []).append(each.busy)
        return min(100.0, sum(sum(busy) / len(busy) for busy in own.values()))

"""What the agent asks of the operating system, without `ctypes` and `signal`: importing them costs 8 ms."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal

__all__ = ["become_subreaper", "die_with_parent", "file_system_error", "oom_kills", "restore_signals", "signal_name"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# What an interpreter or a caller may have set to "ignore", which a program would inherit.
_RESTORED = ("SIGPIPE", "SIGXFSZ", "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGCHLD")


def _prctl(option: int, value: int) -> bool:
    """Call prctl(2); False where there is none."""
    try:
        import _ctypes

        address = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]
        return bool(_ctypes.call_function(address, (option, value, 0, 0, 0)) == 0)
    except (ImportError, AttributeError, OSError):
        return False


def become_subreaper() -> bool:
    """Have orphans among the script's descendants come to this process instead of leaving the tree."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> bool:
    """Have the kernel kill this process when `parent` dies; to be called between fork and exec.

    The check afterwards closes the gap in which the parent has died already.
    """
    done = _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(127)
    return done


def restore_signals() -> None:
    """Give a program the signals as a shell would: nothing ignored, nothing blocked."""
    for name in _RESTORED:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9; ``signal 42`` for one without a name."""
    for name in dir(signal):
        if name.startswith("SIG") and not name.startswith("SIG_") and getattr(signal, name) == number:
            return name
    return f"signal {number}"


def _counter(path: str, key: bytes) -> int:
    try:
        with open(path, "rb") as file:
            for line in file:
                if line.startswith(key):
                    return int(line.split()[-1])
    except (OSError, ValueError):
        return 0
    return 0


def oom_kills() -> int:
    """How often this machine, or the control group of this process, has killed for lack of memory so far."""
    total = _counter("/proc/vmstat", b"oom_kill ")
    try:
        with open("/proc/self/cgroup", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return total
    for line in lines:
        controllers, path = line.split(b":", 2)[1:]
        if not controllers:  # version 2
            total += _counter("/sys/fs/cgroup" + os.fsdecode(path).rstrip("/") + "/memory.events", b"oom_kill ")
    return total


def file_system_error(error: OSError) -> str:
    """An error of the file system in the system's own words, without the path."""
    return os.strerror(error.errno) if error.errno else str(error)

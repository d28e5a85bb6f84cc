"""Small disks: memory file systems in a mount namespace, in which a whole test (store, dispatcher, agent) lives."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from needs import lacking

__all__ = ["Disk", "apart", "run_with_own_mounts"]

_NEW_MOUNTS = 0x00020000
_NEW_USER = 0x10000000
_PRIVATE = (1 << 18) | 0x4000  # MS_PRIVATE | MS_REC
_REMOUNT_READ_ONLY = 32 | 1
_DEADLINE_S = 110.0
_NO_NAMESPACE = 77
_BLOCK = 4096
_NEEDS = "Needs a mount namespace: run as root, or allow unprivileged user namespaces."


def apart(body: Callable[[], None], deadline_s: float = _DEADLINE_S) -> None:
    """Run `body` in a fork with a mount namespace of its own; its failure is this test's failure."""
    read_end, write_end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        os._exit(_child(body, write_end))
    os.close(write_end)
    status, said = _wait(child, read_end, deadline_s)
    if status == _NO_NAMESPACE:
        lacking(_NEEDS)
    if status != 0:
        pytest.fail(f"In the namespace (status {status}):\n{said}", pytrace=False)


def run_with_own_mounts(commands: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a shell that may mount what nobody else sees; its arguments are $1 and so on."""
    unshare = ["unshare", "-m" if os.geteuid() == 0 else "-Urm"]
    may = (
        shutil.which("unshare") and subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0
    )
    if not may:
        lacking(_NEEDS)
    command = [*unshare, "sh", "-c", commands, "sh", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_DEADLINE_S)


def _child(body: Callable[[], None], write_end: int) -> int:
    try:
        _leave_namespace()
    except OSError as error:
        os.write(write_end, str(error).encode())
        return _NO_NAMESPACE
    try:
        body()
    except BaseException:
        with os.fdopen(write_end, "w") as pipe:
            pipe.write(traceback.format_exc())
        return 1
    return 0


def _wait(child: int, read_end: int, deadline_s: float) -> tuple[int, str]:
    os.set_blocking(read_end, False)
    parts, until = [], time.monotonic() + deadline_s
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        parts.append(_read(read_end))
        if ended:
            os.close(read_end)
            return os.waitstatus_to_exitcode(status), "".join(parts)
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            until += 10
        time.sleep(0.01)


def _read(fd: int) -> str:
    try:
        return os.read(fd, 1 << 20).decode(errors="replace")
    except BlockingIOError:
        return ""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _leave_namespace() -> None:
    uid, gid = os.getuid(), os.getgid()
    flags = _NEW_MOUNTS if uid == 0 else _NEW_MOUNTS | _NEW_USER
    if _libc().unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
    if flags & _NEW_USER:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
    if _libc().mount(b"none", b"/", None, _PRIVATE, None):
        raise OSError(ctypes.get_errno(), "mount")


class Disk:
    """A memory file system of `size` bytes mounted on `path`; only inside `apart`."""

    def __init__(self, path: Path, size: int) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if _libc().mount(b"none", os.fsencode(path), b"tmpfs", 0, f"size={size},mode=700".encode()):
            raise OSError(ctypes.get_errno(), "mount")
        self.path = path
        self._ballast = path / ".ballast"

    def fill(self) -> None:
        """Leave no block free."""
        with open(self._ballast, "ab", buffering=0) as file:
            for size in (1 << 20, _BLOCK):
                while _takes(file.fileno(), size):
                    pass

    def read_only(self) -> None:
        """Take no writes any more."""
        if _libc().mount(b"none", os.fsencode(self.path), None, _REMOUNT_READ_ONLY, None):
            raise OSError(ctypes.get_errno(), "mount")

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


def _takes(fd: int, size: int) -> bool:
    try:
        os.posix_fallocate(fd, os.fstat(fd).st_size, size)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True

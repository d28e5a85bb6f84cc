"""Whether two processes share a machine, its files and an account: then what one of them names, the other finds."""

from __future__ import annotations

import hashlib
import os
import socket
import uuid

__all__ = ["machine_mark"]


def machine_mark() -> str:
    """Opaque text that is equal for processes of one account that see the same files of one machine.

    Host, boot and mount namespace are in it: containers of one machine differ, and so do machines of one name. Where
    it is wrongly different, what could have been found is sent.
    """
    account = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    boot = _read("/proc/sys/kernel/random/boot_id")
    # Where there is no /proc, two machines of one name are told apart by their network cards.
    facts = (socket.gethostname(), account, boot or str(uuid.getnode()), _link("/proc/self/ns/mnt"))
    return hashlib.sha256("\n".join(map(str, facts)).encode()).hexdigest()[:32]


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""

"""The folder of a workspace: whose it is, whether it can be written, what disk it lies on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlws.cli.doctor.finding import Finding
from jupyter_mlws.cli.doctor.user import nearest
from jupyter_mlws.dispatcher.settings import WORKSPACE_FILE, Settings, read_workspace_file
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.sdk.text import size_text
from jupyter_mlws.store import sqlite
from jupyter_mlws.store.lock import LOCK, holders

__all__ = ["examine"]

_LITTLE_BYTES = 1 << 30
_NOTHING_BYTES = 32 << 20
_LITTLE_INODES = 10_000
_NOTHING_INODES = 100
# Places that may lie on disks of their own.
_PARTS = ("", "blobs", "runs")


def examine(folder: Path) -> Iterator[Finding]:
    """Findings on the folder and its disks, from what can be seen without opening anything."""
    if not folder.exists():
        yield from _not_made(folder)
        return
    if not folder.is_dir():
        yield Finding(
            "error", "Folder", f"{folder} is a file, not a folder.", "Name another place with MLWS_WORKSPACE."
        )
        return
    for check in (_access, _file, _disk, _network, _lock):
        try:
            yield from check(folder)
        except (MlwsError, OSError) as error:
            yield Finding.of(error, "Folder")


def _not_made(folder: Path) -> Iterator[Finding]:
    above = nearest(folder)
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        yield Finding("ok", "Workspace", f"{folder} is made when it is first used.")
    else:
        hint = f"Change the owner or mode of {above}, or name another place with MLWS_WORKSPACE."
        yield Finding("error", "Folder", f"{folder} cannot be made, for {above} cannot be written.", hint)


def _access(folder: Path) -> Iterator[Finding]:
    facts = folder.stat()
    if hasattr(os, "getuid") and facts.st_uid != os.getuid():
        hint = "Open it as that user, or through the URL of that user's Jupyter server."
        yield Finding("error", "Folder", f"{folder} belongs to another user.", hint)
    elif hasattr(os, "ST_RDONLY") and os.statvfs(folder).f_flag & os.ST_RDONLY:
        hint = "Mount it for writing, or move the workspace to another disk."
        yield Finding("error", "Folder", f"{folder} lies on a disk that is mounted read-only.", hint)
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("error", "Folder", f"{folder} cannot be written.", f"Try chmod u+rwx {folder}")
    elif facts.st_mode & 0o077:
        yield Finding("warning", "Folder", f"{folder} is open to others; it is closed when it is next opened.")


def _file(folder: Path) -> Iterator[Finding]:
    facts = read_workspace_file(folder)
    if facts is None:
        if os.listdir(folder):
            yield Finding(
                "error",
                "Folder",
                f"{folder} has other things in it and no {WORKSPACE_FILE}, so it is no workspace.",
                f"Restore that file from a backup if it was one; else make one in the project: mlws init {folder}",
            )
        else:
            yield Finding("ok", "Workspace", f"{folder} is empty, and becomes a workspace when it is first used.")
        return
    yield Finding("ok", "Workspace", f"{facts.name} in {folder}.")
    for name in facts.settings:
        if name in vars(Settings()):
            try:
                Settings.of(facts, only=name)
            except MlwsError as error:
                yield Finding.of(error, "Settings")


def _disk(folder: Path) -> Iterator[Finding]:
    seen = set()
    for part in _PARTS:
        place = folder / part
        if not place.is_dir():
            continue
        facts = os.statvfs(place)
        device = place.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield _room(place, facts.f_bavail * facts.f_frsize, facts.f_favail if facts.f_files else None)


def _room(place: Path, free: int, inodes: int | None) -> Finding:
    hint = f"Free some space beside {place}, or move the workspace to a larger disk."
    left = f"{size_text(free)} are free in {place}"
    if inodes is not None and inodes < _LITTLE_INODES:
        level = "error" if inodes < _NOTHING_INODES else "warning"
        return Finding(level, "Disk", f"only {inodes:,} more files fit in {place}, though {left}.", hint)
    if free < _LITTLE_BYTES:
        level = "error" if free < _NOTHING_BYTES else "warning"
        return Finding(level, "Disk", f"only {left}.", hint)
    return Finding("ok", "Disk", f"{left}.")


def _network(folder: Path) -> Iterator[Finding]:
    kind = sqlite.on_network(folder)
    if kind:
        yield Finding(
            "warning",
            "Disk",
            f"The workspace lies on a network file system ({kind}): slower, and for one machine at a time.",
            "Keep it on a local disk, or its records in PostgreSQL.",
        )


def _lock(folder: Path) -> Iterator[Finding]:
    path = folder / LOCK
    if not path.exists() or _can_share(path):
        return
    by = ", ".join(map(str, sorted(holders(path))))
    yield Finding(
        "error",
        "Lock",
        f"The workspace is held by process {by or 'that cannot be told'} alone, so nobody else can open it.",
        "If it is an upgrade, wait for its end; if the process hangs, end it.",
    )


def _can_share(path: Path) -> bool:
    import fcntl

    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True

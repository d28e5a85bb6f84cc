"""What is built on this machine and nobody uses: found, and removed; it is built again when it is wanted."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from pathlib import Path

from jupyter_mlws.environments import building, conda, images
from jupyter_mlws.environments.building import Built
from jupyter_mlws.environments.images import BuiltImage

__all__ = ["prune", "prune_caches", "prune_images"]

_DIGEST = re.compile(r"[0-9a-f]{64}")


def prune(unused_for_s: float = 0.0, dry_run: bool = False) -> list[Built]:
    """Remove environments that no run uses, and has not for a while; returns what was removed.

    One that is being built stays, as does one that a living run of any workspace uses. What builders left that died is
    removed as well.
    """
    now = time.time()
    old = [each for each in building.built() if now - each.used_at >= unused_for_s]
    removed = [each for each in old if building.remove(each.digest, dry_run=dry_run)]
    if not dry_run:
        _sweep()
    return removed


def prune_images(unused_for_s: float = 0.0, dry_run: bool = False) -> list[BuiltImage]:
    """The same of images that were made of environments; what else the engine has is left alone.

    Raises
    ------
    Unavailable
        The engine went away meanwhile.
    """
    now = time.time()
    old = [each for each in images.built() if now - each.used_at >= unused_for_s]
    return [each for each in old if images.remove(each, dry_run=dry_run)]


def prune_caches(unused_for_s: float = 0.0, dry_run: bool = False) -> int:
    """Remove packages that are kept for the next build, unless one goes on; returns the bytes that are free for it.

    Files that a built environment shares with them stay there, and do not count.
    """
    folder = conda.cache()
    try:
        handle = os.open(folder / conda.LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        if time.time() - os.fstat(handle).st_mtime < unused_for_s:
            return 0
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        freed = _alone_bytes(folder)
        if not dry_run:
            for part in (each for each in os.scandir(folder) if each.is_dir(follow_symlinks=False)):
                shutil.rmtree(part, ignore_errors=True)
        return freed
    except BlockingIOError:
        return 0
    finally:
        os.close(handle)


def _alone_bytes(folder: Path) -> int:
    """Bytes of files that lie there and nowhere else."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            facts = os.lstat(os.path.join(base, name))
            total += facts.st_blocks * 512 if facts.st_nlink == 1 else 0
    return total


def _sweep() -> None:
    """What a dead builder has left has no mark, and nobody has its lock."""
    root = building.root()
    for entry in list(os.scandir(root)) if root.is_dir() else ():
        if _DIGEST.fullmatch(entry.name) and building.find(entry.name) is None:
            building.remove(entry.name)

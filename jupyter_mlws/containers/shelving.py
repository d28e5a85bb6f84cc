"""What a workspace's own registry keeps and nobody has used for a while: found, and removed while it does not run."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlws.containers.own import CONFIGURATION, DATA, LOCK, PROGRAM

__all__ = ["Removed", "prune"]

_REPOSITORIES = Path("docker", "registry", "v2", "repositories")
_TAG = re.compile(r"[0-9a-f]{32}")
_LONGEST_S = 600.0


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What went, or would go.

    Attributes
    ----------
    images : int
    size_bytes : int
        Freed on the disk; 0 where nothing was removed, for layers may belong to several images.
    """

    images: int = 0
    size_bytes: int = 0


def prune(folder: Path, used_at: Callable[[str], float], unused_for_s: float = 0.0, dry_run: bool = False) -> Removed:
    """Remove images of environments from a registry's folder; one that runs is left alone.

    Parameters
    ----------
    folder : Path
        As `OwnRegistry` has it.
    used_at : callable
        When an image was used here, by its tag; 0 where it was not.
    unused_for_s : float
        Spare what was used or kept in so many seconds.
    dry_run : bool
        Only count.
    """
    with _alone(folder) as is_alone:
        tags = list(_tags(folder)) if is_alone else []
        now = time.time()
        old = [tag for tag in tags if now - max(_kept_at(tag), used_at(tag.name)) >= unused_for_s]
        if dry_run or not old:
            return Removed(images=len(old))
        before = _bytes(folder)
        for tag in old:
            shutil.rmtree(tag, ignore_errors=True)
        _collect(folder)
        return Removed(images=len(old), size_bytes=max(0, before - _bytes(folder)))


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no registry runs there, and none begins meanwhile."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


def _tags(folder: Path) -> Iterator[Path]:
    for path in (folder / DATA / _REPOSITORIES).glob("*/_manifests/tags/*"):
        if _TAG.fullmatch(path.name):
            yield path


def _kept_at(tag: Path) -> float:
    try:
        return (tag / "current" / "link").stat().st_mtime
    except OSError:
        return 0.0  # half of a tag


def _collect(folder: Path) -> None:
    """Have the registry's program remove the layers that no image has any more; else the next time does."""
    program = shutil.which(PROGRAM)
    if program is None:
        return
    try:
        subprocess.run(
            [program, "garbage-collect", "--delete-untagged", str(folder / CONFIGURATION)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=_LONGEST_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return


def _bytes(folder: Path) -> int:
    return sum(
        os.lstat(os.path.join(base, name)).st_blocks * 512
        for base, _, names in os.walk(folder / DATA)
        for name in names
    )

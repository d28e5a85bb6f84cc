"""Who uses a built environment: each run leaves the path of its folder's lock, which is held as long as the run lives.

So nobody has to take the note away, whatever dies when: one whose lock nobody holds is of a run that has ended.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from pathlib import Path

from jupyter_mlws.runfolder.files import write_whole

__all__ = ["forget", "note", "users"]

# Between the note and the lock of its agent a run is prepared; the dispatcher has the lock for most of that time.
_ON_ITS_WAY_S = 60.0


def note(place: Path, lock: Path) -> None:
    """Say in `place`, a folder, that the run with this lock uses what lies beside it."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    said = os.fsencode(lock)
    write_whole(place / hashlib.sha256(said).hexdigest()[:32], said)


def users(place: Path) -> list[Path]:
    """Locks of the runs that live; the notes of others are removed."""
    try:
        notes = [Path(entry.path) for entry in os.scandir(place)]
        noted = place.stat().st_mtime_ns
    except FileNotFoundError:
        return []
    found = [lock for each in notes if (lock := _living(each)) is not None]
    os.utime(place, ns=(noted, noted))  # it says when somebody came last, not when we looked
    return found


def _living(found: Path) -> Path | None:
    try:
        lock = Path(os.fsdecode(found.read_bytes()))
        young = time.time() - found.stat().st_mtime < _ON_ITS_WAY_S
    except OSError:
        return None
    if young or _is_held(lock):
        return lock
    found.unlink(missing_ok=True)
    return None


def _is_held(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True  # nobody can tell: what is in use must stay
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def forget(place: Path) -> None:
    """Remove the notes of ended runs with their folder."""
    for each in os.scandir(place) if place.is_dir() else ():
        Path(each.path).unlink(missing_ok=True)
    if place.is_dir():
        place.rmdir()

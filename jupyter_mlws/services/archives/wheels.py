"""The packages of environments in an archive: fetched for it, and looked at when they come out of one."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

from jupyter_mlws.blobs.local import full_disk_named
from jupyter_mlws.domain.archive import ArchivedEnvironment, ArchivedWheel
from jupyter_mlws.environments import wheels
from jupyter_mlws.environments.fetching import fetch
from jupyter_mlws.environments.locking import Lock, system
from jupyter_mlws.errors import CorruptData, MlwsError
from jupyter_mlws.services.archives.reading import Archive, broken
from jupyter_mlws.snapshots.unpack import checked_zip

__all__ = ["Carried", "carry", "take"]

_log = logging.getLogger(__name__)
_MOST_FILES = 100_000
# Text shrinks to a tenth, and sparse tables more; what is left over is for small ones.
_MOST_RATIO = 100
_ROOM_BYTES = 1 << 24
_METADATA = re.compile(r"[^/]+\.dist-info/(METADATA|WHEEL|RECORD)")


class Carried(dict[str, Path]):
    """The wheels that go into an archive, by digest; `left` names packages that there is no wheel of."""

    def __init__(self, found: Mapping[str, Path], left: tuple[str, ...]) -> None:
        super().__init__(found)
        self.left = left


def carry(environments: list[ArchivedEnvironment]) -> Carried:
    """The wheels of all that these environments are resolved to; those for this kind of machine are fetched.

    Raises
    ------
    IndexUnavailable
        A package is not here, and cannot be fetched.
    """
    found: dict[str, Path] = {}
    left: list[str] = []
    for environment in environments:
        for lock in environment.locks:
            if lock.system == system():
                left += fetch(Lock.kept(lock), _log.info)
            found |= wheels.of_lock(lock.text)
    return Carried(found, tuple(dict.fromkeys(left)))


def take(archive: Archive, wanted: Mapping[str, ArchivedWheel]) -> int:
    """Keep the wheels of an archive on this machine, all or none; how many are new.

    Raises
    ------
    ArchiveError
        One of them is not what was written, or no wheel.
    """
    new = [wheel for wheel in wanted.values() if wheels.find(wheel.digest) is None]
    if not new:
        return 0
    with full_disk_named(wheels.root()), wheels.Drafts() as drafts:
        for wheel in new:
            with archive.blob(wheel.digest) as source:
                try:
                    path = drafts.add(source, wheel.name, wheel.digest)
                except CorruptData as error:
                    raise broken(f"the package {wheel.name[:80]} is not what was written") from error
            _check(path, wheel)
        return drafts.publish()


def _check(path: Path, wheel: ArchivedWheel) -> None:
    """Whether a file is a wheel of its name: nothing of it is run, and an installer may unpack it."""
    most = wheel.size_bytes * _MOST_RATIO + _ROOM_BYTES
    try:
        with path.open("rb") as file, checked_zip(file, max_files=_MOST_FILES, max_bytes=most) as opened:
            names = opened.namelist()
    except MlwsError as error:
        raise broken(f"the package {wheel.name[:80]} is no wheel ({error.message.rstrip('.')})") from error
    folders = {name.split("/")[0] for name in names if _METADATA.fullmatch(name)}
    facts = {name for name in names if _METADATA.fullmatch(name)}
    if len(folders) != 1 or len(facts) != 3 or _said(folders.pop().removesuffix(".dist-info")) != _said(wheel.name):
        raise broken(f"the package {wheel.name[:80]} is no wheel of that name")


def _said(name: str) -> tuple[str, ...]:
    """Package and version of the name of a wheel, or of its folder of facts."""
    package, version = name.split("-")[:2] if "-" in name else (name, "")
    return re.sub(r"[-_.]+", "-", package).lower(), re.sub(r"[-_+]", ".", version).lower()

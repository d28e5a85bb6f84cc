"""From a lock to a folder with an interpreter: built once, used by many, and never half-made.

Every environment lies in a folder named by its lock's digest. Whoever builds holds a lock on a file beside it; others
wait and find it done. The last thing written is the mark that says so: a folder without it is rubble of a builder that
died, and is built anew.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.domain.locks import of_conda, of_pip
from jupyter_mlws.environments import conda, configuration, using, uv, wheels
from jupyter_mlws.environments.locking import Lock
from jupyter_mlws.environments.refusals import full, refusal
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.files import write_whole

__all__ = ["MARK", "Built", "alone", "build", "built", "find", "remove", "root"]

MARK = "mlws-environment.json"
_WAIT_S = 0.1
# uv says them of what it finds, again and again, where its cache lies on another disk; and of our own folder.
_NOT_SAID = (
    "warning: Failed to hardlink files",
    "         If the cache and target",
    "         If this is intended",
    "Using Python ",
)


@dataclass(frozen=True, kw_only=True)
class Built:
    """An environment that is there to be used."""

    digest: str
    folder: Path
    python: str
    size_bytes: int
    built_at: float
    used_at: float

    @property
    def interpreter(self) -> Path:
        """The program to start."""
        return self.folder / "bin" / "python"


def root() -> Path:
    """Where this user's environments lie."""
    return places.cache_dir() / "environments"


def find(digest: str) -> Built | None:
    """The environment of this lock if it is built and whole."""
    folder = root() / digest
    try:
        said = json.loads((folder / MARK).read_bytes())
        used_at = (folder / MARK).stat().st_mtime
    except (OSError, ValueError):
        return None
    found = Built(
        digest=digest,
        folder=folder,
        python=said["python"],
        size_bytes=said["size_bytes"],
        built_at=said["built_at"],
        used_at=used_at,
    )
    # The Python that it was made of may have been removed meanwhile.
    return found if os.access(found.interpreter, os.X_OK) else None


def built() -> list[Built]:
    """All environments of this user, the latest used first."""
    try:
        names = sorted(os.listdir(root()))
    except FileNotFoundError:
        return []
    found = [each for name in names if (each := find(name)) is not None]
    return sorted(found, key=lambda each: -each.used_at)


def build(lock: Lock, say: Callable[[str], None], wanted: Callable[[], bool], user: Path | None = None) -> Built:
    """The environment of a lock: the one that is there, else a new one.

    Parameters
    ----------
    lock : Lock
    say : callable
        Given each line of progress.
    wanted : callable
        Asked while it lasts; once it says False nothing of it is left.
    user : path, optional
        A file that is locked as long as the environment is used; `prune` spares it so long.

    Raises
    ------
    InvalidInput
        The packages cannot be installed; the message holds the installer's words.
    IndexUnavailable
        The index of packages cannot be reached.
    StorageFull
        The disk has no room for it.
    Stopped
        It is not wanted any more.
    """
    digest = lock.digest
    with _telling_of_the_disk():
        with _locked(digest, fcntl.LOCK_SH, say, wanted):
            if user is not None:
                using.note(_uses(digest), user)
            there = find(digest)
            if there is not None:
                os.utime(there.folder / MARK)  # used now: what nobody uses is pruned first
                return there
        with alone(digest, say, wanted) as handle:
            return find(digest) or _build(lock, say, wanted, handle)


@contextmanager
def _telling_of_the_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise full() from error
        raise Unavailable(
            f"The folder of environments {root()} cannot be used ({error.strerror}).",
            hint="Look at the folder, or set MLWS_CACHE_DIR to another one.",
        ) from error


def _uses(digest: str) -> Path:
    return root() / f".{digest}.uses"


@contextmanager
def _locked(digest: str, kind: int, say: Callable[[str], None], wanted: Callable[[], bool]) -> Iterator[int]:
    """Hold the lock of an environment: shared to look at it, alone to build or to remove it."""
    places.make_trusted(root())
    handle = os.open(root() / f".{digest}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        told = False
        while not _try(handle, kind):
            if not told:
                say("Waiting for another run that builds the same environment.")
                told = True
            if not wanted():
                raise uv.Stopped
            time.sleep(_WAIT_S)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def alone(name: str, say: Callable[[str], None], wanted: Callable[[], bool]) -> Iterator[int]:
    """Be the only one of this user that makes what has this name, or wait for whoever does; `Stopped` meanwhile.

    Given is the open file that is locked: a program that works for us holds it, too, so that nobody takes our place
    while it goes on after our death.
    """
    with _telling_of_the_disk(), _locked(name, fcntl.LOCK_EX, say, wanted) as handle:
        yield handle


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _build(lock: Lock, say: Callable[[str], None], wanted: Callable[[], bool], handle: int) -> Built:
    folder = root() / lock.digest
    shutil.rmtree(folder, ignore_errors=True)  # what a builder left that died
    began = time.time()
    try:
        faults.point("environments.build")
        _make(lock, folder, say, wanted, handle)
        size = _size_of(folder)
        faults.point("environments.mark")
        write_whole(folder / MARK, _note(lock, size, began))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    say(f"Built in {time.time() - began:.1f} s, {size / 1e6:,.0f} MB.")
    found = find(lock.digest)
    if found is None:
        raise Unavailable("The environment was removed while it was built.", hint="Submit again.")
    return found


def _make(lock: Lock, folder: Path, say: Callable[[str], None], wanted: Callable[[], bool], handle: int) -> None:
    def uv_says(line: str) -> None:
        if not line.startswith(_NOT_SAID):
            say(line)

    def install(*arguments: str, text: str = "", links: str = "") -> None:
        variables = configuration.beside_links(links) if links else {}
        uv.run(arguments, text=text, say=uv_says, wanted=wanted, variables=variables, hold=(handle,))

    try:
        packages = of_conda(lock.text)
        if packages:
            conda.install(packages, folder, say, wanted, handle)
        else:
            install("venv", "--quiet", "--python", _python(lock.python), str(folder))
        text = of_pip(lock.text)
        if text.strip():
            words = ("pip", "install", "--require-hashes", "--no-deps", "--python", str(folder / "bin" / "python"))
            with wheels.offered(text) as kept:
                _install(install, (*words, "--requirements", "-"), text, kept, say)
    except uv.UvFailed as error:
        raise refusal(error, "The environment cannot be built", "Change its packages.") from error


def _install(
    install: Callable[..., None], words: tuple[str, ...], text: str, kept: wheels.Kept, say: Callable[[str], None]
) -> None:
    """Install a lock: from wheels that were brought along where these suffice, else from the index, too."""
    if kept.is_complete:
        try:
            install(*words, "--offline", "--no-index", "--find-links", kept.folder, text=text)
        except uv.UvFailed:
            say("The packages that came with an archive do not fit this machine: the index is asked.")
        else:
            return
    install(*words, text=text, links=kept.folder)


def _python(version: str) -> str:
    """The interpreter that it is made of: our own where it is of that version, else one that uv finds."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    base: str = getattr(sys, "_base_executable", "") or sys.executable
    return base if version in (own, ".".join(map(str, sys.version_info[:3]))) else version


def _note(lock: Lock, size: int, began: float) -> bytes:
    said = {"format_version": 1, "python": lock.python, "system": lock.system, "size_bytes": size, "built_at": began}
    return json.dumps({**said, "lock": lock.text}).encode()


def _size_of(folder: Path) -> int:
    """Bytes on the disk; a file that uv shares with its cache counts, since it stays when the cache is emptied."""
    seen: set[int] = set()
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            facts = os.lstat(os.path.join(base, name))
            if facts.st_ino not in seen:
                seen.add(facts.st_ino)
                total += facts.st_blocks * 512
    return total


def remove(digest: str, *, dry_run: bool = False) -> bool:
    """Remove what is built of a lock, unless somebody builds it or a living run uses it; whether it went."""
    handle = os.open(root() / f".{digest}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _try(handle, fcntl.LOCK_EX) or using.users(_uses(digest)):
            return False
        if not dry_run:
            folder = root() / digest
            (folder / MARK).unlink(missing_ok=True)  # from here on it is rubble to everybody
            faults.point("environments.prune")
            shutil.rmtree(folder, ignore_errors=True)
            using.forget(_uses(digest))
        return True
    finally:
        os.close(handle)

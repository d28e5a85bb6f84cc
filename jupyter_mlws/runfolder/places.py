"""Where this package keeps things on a machine: data, cache, and what lives only as long as the login session."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import tempfile
from pathlib import Path

from jupyter_mlws.errors import Unavailable

__all__ = [
    "cache_dir",
    "data_dir",
    "is_private",
    "lock_path",
    "make_own",
    "make_trusted",
    "runtime_dir",
    "runtime_folders",
    "runtime_place",
    "socket_name",
    "socket_path",
]

_NAME = "jupyter-mlws"
# sun_path of the strictest system we meet (macOS: 104 bytes), with its closing NUL.
MAX_SOCKET_PATH = 103


def _home() -> Path:
    """The home folder, or a folder of this user's own where there is none."""
    try:
        home = Path.home()
    except RuntimeError:
        home = Path("/nonexistent")
    if home.is_dir() and os.access(home, os.W_OK):
        return home
    return _private(Path(tempfile.gettempdir()) / f"{_NAME}-home-{_user()}")


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def _chosen(variable: str, xdg: str, fallback: str) -> Path:
    own = os.environ.get(variable)
    if own:
        return Path(own).absolute()
    base = os.environ.get(xdg, "")
    # The specification asks to ignore a relative path.
    return (Path(base) if base.startswith("/") else _home() / fallback) / _NAME


def data_dir() -> Path:
    """The user's data folder (default workspace, registry); ``MLWS_DATA_DIR``, else by XDG. Not created here."""
    if sys.platform == "darwin":
        return _chosen("MLWS_DATA_DIR", "XDG_DATA_HOME", "Library/Application Support")
    return _chosen("MLWS_DATA_DIR", "XDG_DATA_HOME", ".local/share")


def cache_dir() -> Path:
    """What can be made again at any time; ``MLWS_CACHE_DIR``, else by XDG. Not created here."""
    if sys.platform == "darwin":
        return _chosen("MLWS_CACHE_DIR", "XDG_CACHE_HOME", "Library/Caches")
    return _chosen("MLWS_CACHE_DIR", "XDG_CACHE_HOME", ".cache")


def runtime_dir() -> Path:
    """A folder of the user alone (0700), memory-backed where the system has one: sockets and handed-over variables.

    ``MLWS_RUNTIME_DIR``, else ``$XDG_RUNTIME_DIR/jupyter-mlws``, else below ``/dev/shm`` or the temporary folder.

    Raises
    ------
    Unavailable
        The folder exists and belongs to somebody else, or others may enter it and that cannot be changed.
    """
    return _private(runtime_place())


def runtime_place() -> Path:
    """Where that folder is, or would be; nothing is made."""
    own = os.environ.get("MLWS_RUNTIME_DIR")
    if own:
        return Path(own).absolute()
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if session.startswith("/") and os.access(session, os.W_OK | os.X_OK):
        return Path(session) / _NAME
    shared = Path("/dev/shm")  # noqa: S108 - only a folder of our own in it, and `_private` checks whose it is
    if not os.access(shared, os.W_OK | os.X_OK):
        shared = Path(tempfile.gettempdir())
    return shared / f"{_NAME}-{_user()}"


def runtime_folders() -> list[Path]:
    """Our runtime folder, then those that another process of this user may have: none of these is made.

    A login session has a folder of its own, which a cron job or a service knows nothing of. What is not for this user
    alone is left out.
    """
    own = runtime_dir()
    if not hasattr(os, "getuid"):
        return [own]
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    bases = [session] if session.startswith("/") else []
    shared = dict.fromkeys(("/dev/shm", tempfile.gettempdir(), "/tmp"))  # noqa: S108 - whose they are is checked
    others = [
        *(Path(base) / _NAME for base in (*bases, f"/run/user/{_user()}")),
        *(Path(base) / f"{_NAME}-{_user()}" for base in shared),
    ]
    return list(dict.fromkeys([own, *filter(is_private, others)]))


def is_private(folder: Path) -> bool:
    """Whether this is a folder of this user's that nobody else may enter."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077


def _private(folder: Path) -> Path:
    """`folder`, made 0700; refused when another user made it first (its place may be writable by all)."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be made ({os.strerror(error.errno or 0)}), and nothing private can be kept elsewhere.",
            hint="Set MLWS_RUNTIME_DIR to a folder of your own.",
        ) from error
    if not hasattr(os, "getuid"):
        return folder
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        raise Unavailable(
            f"{folder} belongs to another user, so nothing private can be kept there.",
            hint="Set MLWS_RUNTIME_DIR to a folder of your own.",
        )
    if facts.st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def make_own(folder: Path) -> None:
    """Make a folder, it and our folder above it for this user alone: a mask may leave all others to everybody.

    What lies there is run and believed later on.
    """
    ours = next((place for place in folder.parents if place.name == _NAME), folder)
    ours.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_trusted(folder: Path) -> None:
    """`make_own` for a folder of programs, which are run without a further look: a cache may lie where all can write.

    Raises
    ------
    Unavailable
        It was made by another user, who could have put anything into it.
    """
    make_own(folder)
    if not hasattr(os, "getuid"):
        return
    facts = folder.stat()  # through a link: a cache may be led to another disk
    if facts.st_uid == os.getuid():
        if facts.st_mode & 0o022:
            folder.chmod(stat.S_IMODE(facts.st_mode) & ~0o022)
    elif facts.st_uid != 0 or facts.st_mode & 0o022:
        raise Unavailable(
            f"{folder} is another user's, who could put programs there that you would run.",
            hint="Set MLWS_CACHE_DIR and MLWS_DATA_DIR to folders of your own.",
        )


def lock_path(workspace: Path, host: str) -> Path:
    """The lock that the one dispatcher of this workspace and host holds; its text says where to reach it."""
    # An embedded workspace belongs to one user, but its folder may be on a disk that several hosts share.
    return workspace / f"dispatcher-{re.sub(r'[^A-Za-z0-9.-]', '_', host)}.lock"


def socket_name(workspace: str | os.PathLike[str]) -> str:
    """What the socket of a workspace's dispatcher is called."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(workspace))).hexdigest()
    return f"{digest[:20]}.sock"


def socket_path(workspace: str | os.PathLike[str]) -> Path:
    """The socket of the dispatcher of a workspace folder; named by hash, for socket paths end at 108 bytes.

    Raises
    ------
    Unavailable
        The user's runtime folder lies so deep that no socket can be made there.
    """
    path = runtime_dir() / socket_name(workspace)
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        raise Unavailable(
            f"The path of a socket would be too long: {path}.",
            hint="Set MLWS_RUNTIME_DIR to a folder with a short path.",
        )
    return path

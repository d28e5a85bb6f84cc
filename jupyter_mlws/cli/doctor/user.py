"""What the user and the machine bring: folders, limits, the clock."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlws.cli.doctor.finding import Finding
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import places
from jupyter_mlws.workspace import registry

__all__ = ["examine", "nearest"]

_FEW_FILES = 128
_SOME_FILES = 512
_PROC = Path("/proc/self/stat")
# No clock that is right says less: this was written later.
_EARLIEST = 1_750_000_000.0
_LATEST = 4_000_000_000.0


def examine() -> Iterator[Finding]:
    """Findings on the user's folders and the machine's limits."""
    for check in (_home, _data, _vaults, _runtime, _files, _proc, _clock, _container):
        try:
            yield from check()
        except (MlwsError, OSError) as error:
            yield Finding.of(error, check.__name__.strip("_").capitalize())


def nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    for here in (path, *path.parents):
        if os.path.lexists(here):
            return here
    return Path("/")


def _home() -> Iterator[Finding]:
    said = os.environ.get("HOME")
    home = Path(said) if said else None
    if home is None:
        problem = "The variable HOME is not set."
    elif not home.is_dir():
        problem = f"HOME is {home}, and there is no such folder."
    elif not os.access(home, os.W_OK | os.X_OK):
        problem = f"The home folder {home} cannot be written."
    else:
        return
    instead = places.data_dir()
    if instead.is_relative_to(tempfile.gettempdir()):
        problem += f" So your data are kept in {instead}, which a restart may empty."
        yield Finding("warning", "Home", problem, "Set HOME, or MLWS_DATA_DIR, to a folder of your own that stays.")


def _data() -> Iterator[Finding]:
    folder = places.data_dir()
    here = nearest(folder)
    if not here.is_dir():
        yield Finding("error", "Data folder", f"{here} is a file where a folder should be.", "Move it away.")
    elif not os.access(here, os.W_OK | os.X_OK):
        hint = "Change its owner or mode, or set MLWS_DATA_DIR to a folder of your own."
        yield Finding("error", "Data folder", f"{folder} cannot be written.", hint)
    else:
        known = registry.all_locations()  # raises where the file is damaged
        gone = [place for place in known.values() if "://" not in place and not Path(place).is_dir()]
        text = f"{folder} knows {len(known)} workspace{'' if len(known) == 1 else 's'}"
        yield Finding("ok", "Data folder", f"{text}, of which {len(gone)} moved or gone." if gone else f"{text}.")


def _vaults() -> Iterator[Finding]:
    if not (places.data_dir() / "vaults").is_dir():
        return
    from jupyter_mlws.services import vault

    count = vault.check()  # raises where one does not open
    if count:
        text = f"{count} encrypted vault{'s open' if count > 1 else ' opens'} with the key."
        yield Finding("ok", "Vaults", text)


def _runtime() -> Iterator[Finding]:
    folder = places.runtime_place()
    hint = "Set MLWS_RUNTIME_DIR to a folder of your own with a short path, such as /tmp/mlws-me."
    if len(os.fsencode(folder / places.socket_name("/"))) > places.MAX_SOCKET_PATH:
        yield Finding("error", "Runtime folder", f"The path {folder} is too long for a socket.", hint)
        return
    here = nearest(folder)
    if here != folder:
        if not here.is_dir() or not os.access(here, os.W_OK | os.X_OK):
            yield Finding("error", "Runtime folder", f"{folder} cannot be made, for {here} cannot be written.", hint)
        return
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode):
        yield Finding("error", "Runtime folder", f"{folder} is no folder.", f"Remove it. {hint}")
    elif hasattr(os, "getuid") and facts.st_uid != os.getuid():
        yield Finding("error", "Runtime folder", f"{folder} belongs to another user.", hint)
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("error", "Runtime folder", f"{folder} cannot be written.", f"Try chmod 700 {folder}. {hint}")
    elif facts.st_mode & 0o077:
        text = f"{folder} is open to others; it is closed at the next use."
        yield Finding("warning", "Runtime folder", text, f"Try chmod 700 {folder}.")


def _files() -> Iterator[Finding]:
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _SOME_FILES:
        return
    level = "error" if soft < _FEW_FILES else "warning"
    most = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
    yield Finding(
        level,
        "Open files",
        f"A process may open {soft} files only, and each run takes a few.",
        f"Raise the limit before starting Jupyter: ulimit -n {most if soft < hard else 4096}",
    )


def _proc() -> Iterator[Finding]:
    if sys.platform.startswith("linux") and not os.access(_PROC, os.R_OK):
        yield Finding(
            "error",
            "Processes",
            "/proc is not mounted or closed, so the processes of a run cannot be found when it is to be ended.",
            "Mount it: mount -t proc proc /proc. In a container ask whoever runs it.",
        )


def _clock() -> Iterator[Finding]:
    now = time.time()
    if not _EARLIEST < now < _LATEST:
        said = time.strftime("%d %B %Y", time.gmtime(now))
        yield Finding("warning", "Clock", f"This machine believes that it is {said}.", "Set its clock: timedatectl")


def _container() -> Iterator[Finding]:
    if Path("/.dockerenv").exists() or "KUBERNETES_SERVICE_HOST" in os.environ:
        yield Finding("warning", "Container", "Runs here end with this container.", "Keep the workspace on a volume.")

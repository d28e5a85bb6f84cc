"""The far side: the part of this package that works anywhere on the standard library, packed to travel.

One content, two forms, both named by its digest:

- a *folder* in the user's cache, for jobs and kernels on this machine. Its modules are compiled once; those of a zip
  at every start (measured for the agent: 23 ms to the script's first line from the folder, 50 ms from the zip).
- a *zip*, the one wire to every other machine. ``python -I -S <zip> <run folder>`` runs the agent.

In both, ``jupyter_mlws/`` is the package, ``script/`` what goes on a script's PYTHONPATH (see
`jupyter_mlws.runfolder.standin`), and ``__main__.py`` runs the agent.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import threading
import zipfile
from functools import lru_cache
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder.files import remove_stale
from jupyter_mlws.runfolder.places import cache_dir, make_trusted, runtime_dir

__all__ = ["agent_command", "build_folder", "build_zip", "script_path"]

_ROOMS = ("domain", "runfolder", "api", "agent", "sdk", "magics")
_MODULES = ("__init__.py", "errors.py", "faults.py", "py.typed")
_MAIN = """\
import sys

from jupyter_mlws.agent.main import main

sys.exit(main(sys.argv))
"""
# The oldest time that a zip can hold: equal contents are equal bytes.
_TIME = (1980, 1, 1, 0, 0, 0)


@lru_cache(maxsize=1)
def _contents() -> tuple[tuple[str, bytes], ...]:
    """The files of the far side, by name."""
    package = Path(__file__).parent.parent
    found = {f"jupyter_mlws/{name}": package / name for name in _MODULES if (package / name).exists()}
    for room in _ROOMS:
        for path in (package / room).rglob("*.py"):
            found[f"jupyter_mlws/{path.relative_to(package).as_posix()}"] = path
    files = {name: path.read_bytes() for name, path in found.items()}
    files["__main__.py"] = _MAIN.encode()
    files["script/jupyter_mlws/__init__.py"] = files["jupyter_mlws/runfolder/standin.py"]
    return tuple(sorted(files.items()))


@lru_cache(maxsize=1)
def _name() -> str:
    digest = hashlib.sha256()
    for name, data in _contents():
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return f"jupyter_mlws-{digest.hexdigest()[:20]}"


def build_zip(directory: str | os.PathLike[str] | None = None) -> Path:
    """The zip of the far side, made if it is not there yet.

    Parameters
    ----------
    directory : path, optional
        Where it shall lie; by default in the user's cache.
    """
    target = _place(directory) / f"{_name()}.zip"
    if not target.exists():
        remove_stale(target.parent, ".", "")
        # Two threads of a dispatcher may need it at the same time.
        temporary = target.with_name(f".{target.name}.{threading.get_ident()}.{os.getpid()}.tmp")
        faults.point("farside.zip")
        _write_zip(temporary)
        faults.point("farside.zip_rename")
        temporary.replace(target)
    return target


def _write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _contents():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)


def build_folder(directory: str | os.PathLike[str] | None = None) -> Path:
    """The far side as a folder with compiled modules, made if it is not there yet; `directory` as for the zip."""
    target = _place(directory) / _name()
    if not target.exists():
        remove_stale(target.parent, ".", "")
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.{os.getpid()}.", dir=target.parent))
        try:
            faults.point("farside.folder")
            _write_folder(temporary)
            faults.point("farside.folder_rename")
            temporary.rename(target)
        except OSError:
            if not target.exists():  # else somebody was faster, with the same contents
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return target


def _write_folder(folder: Path) -> None:
    import compileall

    for name, data in _contents():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    # What every job needs; the rest is compiled by the first script that imports it.
    for room in ("agent", "runfolder"):
        compileall.compile_dir(folder / "jupyter_mlws" / room, quiet=2)
    compileall.compile_file(folder / "jupyter_mlws" / "__init__.py", quiet=2)


def _place(directory: str | os.PathLike[str] | None) -> Path:
    if directory is not None:
        place = Path(directory)
        place.mkdir(parents=True, exist_ok=True)
        return place
    place = cache_dir() / "farside"
    try:
        make_trusted(place)
        if os.access(place, os.W_OK):
            return place
    except (OSError, Unavailable):  # a home folder that may only be read, a cache of somebody else's
        pass
    place = runtime_dir() / "farside"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def script_path(far_side: Path) -> str:
    """What goes at the end of a script's PYTHONPATH: for a folder or a zip of the far side."""
    return str(far_side / "script")


def agent_command(run_folder: str | os.PathLike[str], python: str = sys.executable) -> list[str]:
    """The command that starts the agent of a run folder on this machine.

    Its standard input takes one JSON object, ``{"environment": {...} or null, "secrets": {...}}``, to its end.
    """
    agent = build_folder() / "jupyter_mlws" / "agent" / "__main__.py"
    return [python, "-I", "-S", str(agent), os.fspath(run_folder)]

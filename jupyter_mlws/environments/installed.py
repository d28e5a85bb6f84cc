"""What is installed for an interpreter, told by the names of folders: quick enough to be asked at every submit.

Nothing is started and no metadata read; what was seen once is not looked at again until a folder of packages changes.
"""

from __future__ import annotations

import glob
import os
import re
import sys
from dataclasses import dataclass

from jupyter_mlws.domain.environment import MAX_PACKAGES, EnvironmentSpec

__all__ = ["Installed", "installed"]

_FACTS = re.compile(r"([A-Za-z0-9][\w.]*)-([\w.!+]+)\.dist-info", re.ASCII)
_VERSION = re.compile(r"python(3\.\d{1,2})$")
_INTERPRETER = re.compile(r"python[0-9.]*$")
# A job has it without any installation.
_OURS = "jupyter_mlws"
_FOLDERS = ("site-packages", "dist-packages")
_seen: dict[str, tuple[tuple[tuple[str, int], ...], Installed | None]] = {}


@dataclass(frozen=True)
class Installed:
    """The packages of an interpreter, each with its version.

    Attributes
    ----------
    spec : EnvironmentSpec
    left_out : tuple of str
        Packages that come from a folder or an address, which no index has.
    """

    spec: EnvironmentSpec
    left_out: tuple[str, ...]


def installed(interpreter: str) -> Installed | None:
    """What is installed for an interpreter of this machine; None where that cannot be seen."""
    if not os.path.isabs(interpreter) or not _INTERPRETER.search(os.path.basename(interpreter)):
        return None
    folders = _folders(interpreter)
    try:
        os.stat(interpreter)
        mark = tuple((folder, os.stat(folder).st_mtime_ns) for folder in folders)
        known = _seen.get(interpreter)
        if known is None or known[0] != mark:
            known = _seen[interpreter] = mark, _look(interpreter, folders)
    except OSError:  # not ours to read, or gone at this moment
        return None
    return known[1]


def _folders(interpreter: str) -> tuple[str, ...]:
    """Where its packages lie, what is imported first in front."""
    if interpreter == sys.executable:
        found = [path for path in sys.path if os.path.basename(path) in _FOLDERS and os.path.isdir(path)]
        return tuple(dict.fromkeys(found))
    prefix = os.path.dirname(os.path.dirname(interpreter))
    return tuple(sorted(glob.glob(os.path.join(glob.escape(prefix), "lib", "python3*", "site-packages"))))


def _look(interpreter: str, folders: tuple[str, ...]) -> Installed | None:
    if interpreter == sys.executable:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
    else:
        versions = {found[1] for path in folders if (found := _VERSION.search(os.path.dirname(path)))}
        if len(versions) != 1:
            return None
        [python] = versions
    here: dict[str, str] = {}
    left: set[str] = set()
    for folder in folders:
        for entry in os.listdir(folder):
            found = _FACTS.fullmatch(entry)
            if found is None or found[1] in here or found[1] == _OURS:
                continue
            here[found[1]] = found[2]
            if os.path.exists(os.path.join(folder, entry, "direct_url.json")):
                left.add(found[1])
    packages = tuple(f"{name}=={version}" for name, version in sorted(here.items()) if name not in left)
    if not here or len(packages) > MAX_PACKAGES:
        return None
    return Installed(EnvironmentSpec(python=python, packages=packages), tuple(sorted(left)))

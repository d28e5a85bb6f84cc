"""What a package of conda may bring: files and links within the environment, and nothing of ours.

A package is looked at after it was unpacked and before any file of it is put into the environment. A link may lead one
package's files through it to another place, so all packages of an environment are looked at together.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import Lock

import rattler

__all__ = ["Content", "Outside"]

# In whatever letters: on some disks they are the same file.
_OURS = re.compile(r"mlws-environment\.json|conda-meta/[^/]*\.json", re.IGNORECASE)
_PYTHON = re.compile(r"3\.\d{1,2}")
_MOST_LINKS = 40


class Outside(Exception):
    """A package would put a file where it does not belong; the message says which."""


class Content:
    """The files of an environment's packages, as one after the other is added.

    Parameters
    ----------
    records : list of RepoDataRecord
        All packages of the environment.
    unpacked : Path
        The folder in which each lies, unpacked.

    Raises
    ------
    Outside
        A record itself leads out of the environment.
    """

    def __init__(self, records: list[rattler.RepoDataRecord], unpacked: Path) -> None:
        self._unpacked = unpacked
        self._records = {record.name.normalized: record for record in records}
        self._site = ""
        for record in records:
            if not _is_within(record.python_site_packages_path or "lib"):
                raise Outside(f"{record.file_name} would have packages of Python lie outside of the environment.")
            if record.name.normalized == "python":
                self._site = record.python_site_packages_path or _site_of(str(record.version))
        self._links: dict[str, str] = {}
        self._folders: set[str] = set()
        self._one = Lock()

    def look_at(self, name: str) -> None:
        """Add the package of that name.

        Raises
        ------
        Outside
            It brings what it must not.
        """
        record = self._records[name]
        folder = self._unpacked / re.sub(r"(\.tar\.bz2|\.conda)$", "", record.file_name)
        told = rattler.PathsJson.from_package_directory_with_deprecated_fallback(folder)
        paths = [each.relative_path.as_posix() for each in told.paths]
        with self._one:
            try:
                self._add(folder, paths, record.noarch.python)
            except Outside as error:
                raise Outside(f"{record.file_name} {error}") from None

    def _add(self, folder: Path, paths: list[str], of_python: bool) -> None:
        links = []
        for path in paths:
            if not _is_within(path) or _OURS.fullmatch(path):
                raise Outside(f"brings {path[:120]!r}, which is no file of an environment.")
            base, _, name = (self._mapped(path) if of_python else path).rpartition("/")
            place = f"{self._resolve(f'{base}/.', path)}/{name}".lstrip("/")
            if _OURS.fullmatch(place):
                raise Outside(f"brings {path[:120]!r}, which would lie in the place of {place}.")
            if (folder / path).is_symlink():
                links.append(place)
                self._link(place, os.readlink(folder / path))
        for place in links:
            self._resolve(place, place)

    def _mapped(self, path: str) -> str:
        """Where a file of a package for any Python comes to lie."""
        if path.startswith("site-packages/"):
            return f"{self._site}/{path.removeprefix('site-packages/')}"
        return f"bin/{path.removeprefix('python-scripts/')}" if path.startswith("python-scripts/") else path

    def _link(self, place: str, target: str) -> None:
        if target.startswith("/") or self._links.get(place, target) != target or place in self._folders:
            raise Outside(f"brings the link {place[:120]!r}, which leads outside or stands where there is a folder.")
        self._links[place] = target

    def _resolve(self, place: str, told: str) -> str:
        """Where a place is, link by link; what is passed on the way stays a folder from then on."""
        here: list[str] = []
        left = place.split("/")[::-1]
        followed = 0
        while left:
            part = left.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not here:
                    raise Outside(f"brings {told[:120]!r}, which leads outside.")
                here.pop()
                continue
            here.append(part)
            target = self._links.get("/".join(here))
            if target is None:
                if left:
                    self._folders.add("/".join(here))
                continue
            followed += 1
            if followed > _MOST_LINKS:
                raise Outside(f"brings {told[:120]!r}, a link that leads in a circle.")
            here.pop()
            left += target.split("/")[::-1]
        return "/".join(here)


def _is_within(path: str) -> bool:
    return bool(path) and not path.startswith("/") and ".." not in path.split("/") and "\\" not in path


def _site_of(version: str) -> str:
    found = _PYTHON.match(version)
    return f"lib/python{found[0]}/site-packages" if found else "site-packages"

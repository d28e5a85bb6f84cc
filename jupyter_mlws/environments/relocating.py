"""Packages of conda hold the path of the folder that they were installed into: files that are led to another one."""

from __future__ import annotations

import json
import re
from pathlib import Path

__all__ = ["Relocation"]


class Relocation:
    """What was installed from conda into a folder, as it is in another folder of a shorter name.

    Parameters
    ----------
    folder : Path
        Where it is installed; without packages of conda nothing is to be done.
    place : str
        Where it will lie, not longer than the path of `folder`.
    """

    def __init__(self, folder: Path, place: str) -> None:
        self._from, self._to = str(folder).encode(), place.encode()
        self._is_binary: dict[str, bool] = {}
        self.any = False
        for record in sorted((folder / "conda-meta").glob("*.json")):
            self.any = True
            said = json.loads(record.read_bytes())
            for each in said.get("paths_data", {}).get("paths", ()):
                if each.get("prefix_placeholder"):
                    self._is_binary[each["_path"]] = each.get("file_mode") == "binary"

    def concerns(self, name: str) -> bool:
        """Whether a file of the environment holds the path."""
        return name in self._is_binary

    def moved(self, name: str, data: bytes) -> bytes:
        """The file as it is there; one of machine code keeps its length, and zeros fill what the path is shorter."""
        if name not in self._is_binary:
            return data
        if not self._is_binary[name]:
            return data.replace(self._from, self._to)
        return re.sub(re.escape(self._from) + rb"[^\0]*", self._filled, data)

    def _filled(self, found: re.Match[bytes]) -> bytes:
        told = found[0].replace(self._from, self._to)
        return told + bytes(len(found[0]) - len(told))

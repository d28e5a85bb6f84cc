"""The folder of outputs of a process that was not started by us: what appears in it while a run goes on is kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from jupyter_mlws.errors import InvalidInput

__all__ = ["WatchedOutputs"]

_DEFAULT = "outputs"
_SKIPPED = frozenset({"__pycache__", ".ipynb_checkpoints"})


class WatchedOutputs:
    """A folder as it is now, and what of it is new later.

    Parameters
    ----------
    path : path-like or bool, optional
        Default, and True: ``./outputs``, which need not be there yet. False: none.
    """

    def __init__(self, path: str | os.PathLike[str] | bool | None = None) -> None:
        if path is False:
            self.path: Path | None = None
        elif path is None or path is True:
            self.path = Path(_DEFAULT).absolute()
        else:
            self.path = Path(path).absolute()
            if self.path.exists() and not self.path.is_dir():
                raise InvalidInput(f"{os.fspath(path)!r} is no folder.", hint="Give the folder of the outputs.")
        self._before = dict(self._files())

    def _files(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        if self.path is None:
            return found
        for here, folders, files in os.walk(self.path):
            folders[:] = [name for name in folders if name not in _SKIPPED]
            for name in files:
                path = os.path.join(here, name)
                if not os.path.islink(path) and os.path.isfile(path):
                    facts = os.stat(path)
                    found[os.path.relpath(path, self.path)] = (facts.st_size, facts.st_mtime_ns)
        return found

    def keep(self, target: Path) -> None:
        """Copy what is new or has changed below `target`; links are not followed."""
        for name, version in self._files().items():
            if self.path is not None and self._before.get(name) != version:
                place = target / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.path / name, place)
                self._before[name] = version

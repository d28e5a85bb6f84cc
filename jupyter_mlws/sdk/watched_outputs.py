"""The folder of outputs of a process that was not started by us: what appears in it while a run goes on is kept."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder.own_secrets import masked_text
from jupyter_mlws.runfolder.workspaces import in_workspace, is_workspace

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
            folders[:] = [
                name for name in folders if name not in _SKIPPED and not is_workspace(os.path.join(here, name))
            ]
            for name in files:
                path = os.path.join(here, name)
                if in_workspace(path):
                    continue
                try:
                    facts = os.lstat(path)
                except OSError:
                    continue  # removed meanwhile
                if stat.S_ISREG(facts.st_mode):
                    found[os.path.relpath(path, self.path)] = (facts.st_size, facts.st_mtime_ns)
        return found

    def keep(self, target: Path) -> None:
        """Copy what is new or has changed below `target`; links are not followed, and secrets in names are masked.

        Raises
        ------
        OSError
            A file could not be copied: the first of them. All that could be copied is there, and nothing in part.
        """
        failure: OSError | None = None
        for name, version in self._files().items():
            if self.path is None or self._before.get(name) == version:
                continue
            file = os.path.join(self.path, name)
            try:
                _copy(file, target / masked_text(name))
            except OSError as error:
                if not (isinstance(error, FileNotFoundError) and error.filename == file):  # removed meanwhile
                    failure = failure or error
            else:
                self._before[name] = version
        if failure is not None:
            raise failure


def _copy(file: str, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(file, place)
    except OSError:
        place.unlink(missing_ok=True)
        raise

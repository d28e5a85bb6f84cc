"""Folders below an open one, reached without ever following a link."""

from __future__ import annotations

import os

from jupyter_mlws.errors import SnapshotError

__all__ = ["Folders"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Folders:
    """Makes and opens folders below the open folder `root`, part by part."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._made: set[str] = {""}

    def make(self, path: str) -> None:
        """Make a folder and those above it, unless they are there."""
        if path in self._made:
            return
        parent, _, name = path.rpartition("/")
        self.make(parent)
        folder = self.open(parent)
        try:
            os.mkdir(name, 0o777, dir_fd=folder)
        except FileExistsError:
            pass  # opening it says whether it is a folder
        finally:
            os.close(folder)
        os.close(self.open(path))
        self._made.add(path)

    def open(self, path: str) -> int:
        """A descriptor of the folder, for the caller to close; `SnapshotError` where a link or file is in the way."""
        descriptor = os.dup(self._root)
        for name in path.split("/") if path else ():
            try:
                inner = os.open(name, _FOLDER, dir_fd=descriptor)
            except OSError as error:
                raise SnapshotError(
                    f"{path} cannot be written into: {name} is no folder.", hint="Restore into an empty folder."
                ) from error
            finally:
                os.close(descriptor)
            descriptor = inner
        return descriptor

"""Copies of what runs have, put into folders below the server's root."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.api.interface import Api
from jupyter_mlws.domain.copies import Copied, FileCopy, SnapshotCopy
from jupyter_mlws.errors import MlwsError, NotFound
from jupyter_mlws.runfolder.files import put_new, remove_stale
from jupyter_mlws.sdk.files import save
from jupyter_mlws.server.paths import folder_of, shown_name

__all__ = ["Copies"]

_MOST_NAMES = 1_000
# Of a folder that is to get the name of another thing.
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


class Copies:
    """Implements `jupyter_mlws.api.interface.CopiesApi`.

    Parameters
    ----------
    api : callable
        The workspace of an id, or `NotFound`.
    root : path
        The folder that the server shows as its root.
    """

    def __init__(self, api: Callable[[str], Api], root: Path) -> None:
        self._api = api
        self._root = root

    def put_file(self, workspace: str, copy: FileCopy) -> Copied:
        wanted = folder_of(self._root, copy.beside) / shown_name(copy.name)
        download = self._api(workspace).files.download(copy.run, copy.name, copy.kind.value)
        with _drafts(wanted.parent) as drafts:
            draft = save(download, str(drafts / "file"))
            return Copied(path=self._shown(_take_name(wanted, lambda path: _put(draft, path))))

    def put_snapshot(self, workspace: str, copy: SnapshotCopy) -> Copied:
        # Loaded with the first request that needs it: looking at runs does not.
        from jupyter_mlws.snapshots.unpack import unpack_zip

        api = self._api(workspace)
        run = api.runs.get(copy.run)
        if run.snapshot_id is None:
            raise NotFound(f"Run #{run.number} was submitted without a snapshot.")
        wanted = folder_of(self._root, copy.beside) / f"run-{run.number}"
        with _drafts(wanted.parent) as drafts:
            names = unpack_zip(save(api.snapshots.download(run.snapshot_id), str(drafts / "zip")), drafts / "files")
            folder = _take_name(wanted, lambda path: _put_folder(drafts / "files", path))
        return Copied(path=self._shown(folder), file_count=len(names))

    def _shown(self, path: Path) -> str:
        """As the file browser names it."""
        return path.relative_to(os.path.realpath(self._root)).as_posix()


@contextmanager
def _drafts(folder: Path) -> Iterator[Path]:
    """A hidden folder in `folder`, so on its file system, that is gone afterwards."""
    try:
        # Those of servers that were killed; the number of its process says whose a draft is.
        remove_stale(folder, prefix=".mlws-", suffix=".part")
        drafts = tempfile.mkdtemp(dir=folder, prefix=f".mlws-{os.getpid()}-", suffix=".part")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise MlwsError(
            f"Nothing can be written into {folder.name} ({reason}).", hint="Download it instead."
        ) from error
    try:
        yield Path(drafts)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _take_name(wanted: Path, put: Callable[[Path], None]) -> Path:
    """Put something in a place that nobody has: `wanted`, or with a number in its name."""
    for i in range(1, _MOST_NAMES):
        place = wanted if i == 1 else wanted.with_name(f"{wanted.stem} ({i}){wanted.suffix}")
        try:
            put(place)
        except FileExistsError:
            continue
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise MlwsError(
                f"The copy {place.name[:80]} cannot be written ({reason}).", hint="Download it instead."
            ) from error
        return place
    raise MlwsError(f"There are {_MOST_NAMES:,} copies of {wanted.name} already.", hint="Remove some of them.")


def _put(draft: str, place: Path) -> None:
    """Give a whole file its name, unless something has it."""
    faults.point("copies.rename")
    put_new(draft, place)


def _put_folder(draft: Path, place: Path) -> None:
    """Give a whole folder its name, unless something has it.

    Whoever makes an empty folder of that name in this moment has it filled: the system puts a folder in the place of no
    other thing.
    """
    if os.path.lexists(place):
        raise FileExistsError(place)
    faults.point("copies.rename")
    try:
        os.rename(draft, place)
    except OSError as error:
        if error.errno in _TAKEN:
            raise FileExistsError(place) from error
        raise

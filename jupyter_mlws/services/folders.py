"""Run folders that are written elsewhere: by the process of an interactive run over HTTP, or offline beforehand."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from jupyter_mlws import faults
from jupyter_mlws.api.interface import FoldersApi
from jupyter_mlws.api.routes import Download, Upload
from jupyter_mlws.domain.interactive import INTERACTIVE, LOGGED_FROM, FolderImport, FolderPart
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import Conflict, InvalidInput, InvalidPath, StorageFull, TooLarge, WrongState
from jupyter_mlws.runfolder import control, names
from jupyter_mlws.runfolder.mailbox import MAX_REQUEST_BYTES
from jupyter_mlws.services.attending import Attendant
from jupyter_mlws.services.beneath import open_beneath
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.offline import Imports
from jupyter_mlws.services.places import beneath, check_readable, check_writable, needs_whole, open_plain_file
from jupyter_mlws.store import runs as store_runs

__all__ = ["Folders"]

RUNS = "runs"
_STEP = 1 << 20
# Of the agent's own few words; a longer file would not be read to its end.
_MAX_STATE_BYTES = 1 << 20
_MAX_HEARTBEAT_BYTES = 32


@implements("folders", FoldersApi)
class Folders:
    """`FoldersApi` over the workspace's disk: what is written is written below the run's own folder, or nowhere."""

    def __init__(self, context: Context, attendant: Attendant) -> None:
        self._context = context
        self._attendant = attendant
        self._imports = Imports(context)

    def append(self, run: str, path: str, offset: int, content: Upload, total: int | None = None) -> FolderPart:
        check_writable(path)
        if offset < 0 or (total is not None and not 0 <= offset <= total):
            raise InvalidInput(f"The offset {offset} lies outside of the file.")
        if needs_whole(path) and total is None:
            raise InvalidInput(f"{path[:80]} appears whole or not at all.", hint="Say how large it is: total.")
        found = self._living(run)
        self._attendant.look()
        folder = Path(self._context.folder, RUNS, found.id)
        _check_size(path, offset + _size_of(content), total)
        with beneath(folder, path) as (above, name):
            if needs_whole(path):
                size = _put_piece(above, name, path, offset, content.file, total or 0)
            else:
                size = _put_on(above, name, path, offset, content.file)
        return FolderPart(size_bytes=size, cancel=control.cancel_requested(folder))

    def _logged_elsewhere(self, run: str) -> Run:
        """The run, if its folder is anything to somebody who has no hold of this disk."""
        with self._context.store.read() as c:
            found = store_runs.get_run(c, run, metrics=0)
        if found.kind != INTERACTIVE or LOGGED_FROM not in found.properties:
            raise WrongState(
                f"Run #{found.number} does not log from a process elsewhere.",
                hint="Start a run that does with Experiment.start_logging().",
            )
        return found

    def _living(self, run: str) -> Run:
        found = self._logged_elsewhere(run)
        if found.status.is_terminal:
            raise WrongState(
                f"Run #{found.number} has ended as {found.status}.",
                hint="What it logged since then can be imported with mlws import.",
            )
        return found

    def read(self, run: str, path: str, offset: int = 0) -> Download:
        check_readable(path)
        found = self._logged_elsewhere(run)
        file = open_beneath(Path(self._context.folder), f"{RUNS}/{found.id}/{path}")
        if offset < 0:
            raise InvalidInput(f"The offset {offset} lies outside of the file.")
        if file is None:
            return Download((), name=path.rsplit("/", 1)[-1], size_bytes=0)
        size = os.fstat(file.fileno()).st_size
        file.seek(min(offset, size))
        return Download(_pieces(file), name=path.rsplit("/", 1)[-1], size_bytes=max(size - offset, 0))

    def import_offline(self, content: Upload) -> FolderImport:
        return self._imports.take(content)

    def imported(self, run: str) -> FolderImport:
        self._attendant.look()
        return self._imports.state(run)


def _size_of(content: Upload) -> int:
    if content.size_bytes is not None:
        return content.size_bytes
    here = content.file.tell()
    size = content.file.seek(0, os.SEEK_END) - here
    content.file.seek(here)
    return size


def _check_size(path: str, end: int, total: int | None) -> None:
    if total is not None and end > total:
        raise InvalidInput(f"{path[:80]} would have {end:,} bytes, and {total:,} were announced.")
    name = path.rpartition("/")[2]
    most = {names.STATE: _MAX_STATE_BYTES, names.HEARTBEAT: _MAX_HEARTBEAT_BYTES}.get(path)
    if f"{names.REQUESTS}/" in path or name == names.JOB:
        most = MAX_REQUEST_BYTES
    if most is not None and max(end, total or 0) > most:
        raise TooLarge(f"{path[:80]} would have {end:,} bytes.", hint=f"At most {most:,} are read of it.")


def _put_on(above: int, name: str, path: str, offset: int, source: BinaryIO) -> int:
    """Write at a place that is inside the file, or its end."""
    fd = open_plain_file(above, name, path)
    try:
        size = os.fstat(fd).st_size
        if offset > size:
            raise Conflict(
                f"{path[:80]} has {size:,} bytes, so nothing can begin at {offset:,}.",
                hint="Go on at its end.",
                details={"size_bytes": size},
            )
        return max(size, _copy(source, fd, offset))
    finally:
        os.close(fd)


def _put_piece(above: int, name: str, path: str, offset: int, source: BinaryIO, total: int) -> int:
    """Write a piece of a file that appears with its last one; pieces gather under a name that is passed over."""
    # Of one length whatever the name's: a file system counts bytes, and two names may begin alike.
    draft = f".mlws-{hashlib.sha256(name.encode()).hexdigest()[:32]}.part"
    fd = open_plain_file(above, draft, path, fresh=offset == 0)
    try:
        size = os.fstat(fd).st_size
        if offset > size:
            raise Conflict(
                f"{path[:80]} has {size:,} bytes so far, so nothing can begin at {offset:,}.",
                hint="Go on at its end.",
                details={"size_bytes": size},
            )
        end = _copy(source, fd, offset)
        os.ftruncate(fd, end)
    finally:
        os.close(fd)
    if end == total:
        faults.point("folders.rename")
        try:
            os.replace(draft, name, src_dir_fd=above, dst_dir_fd=above)
        except (IsADirectoryError, NotADirectoryError) as error:
            raise InvalidPath(f"{path[:80]!r} is a folder already.", hint="Use another name.") from error
    return end


def _copy(source: BinaryIO, fd: int, offset: int) -> int:
    """Write all of `source` from a place on; returns where that ends. A full disk leaves what was there before."""
    end = offset
    while piece := source.read(_STEP):
        faults.point("folders.write")
        rest = memoryview(piece)
        while rest:
            written = os.pwrite(fd, rest, end)
            if written == 0:
                raise StorageFull("The disk took nothing.", hint="Free some space, then try again.")
            end += written
            rest = rest[written:]
    return end


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_STEP):
            yield piece

"""Bytes for a script: the file of an answer, the files of a model. Into its run folder, never through a link."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.api.routes import Download
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.model import Model, ModelFile
from jupyter_mlws.domain.names import check_file_name, check_model_name
from jupyter_mlws.errors import CorruptData, NotFound, StorageFull, WrongState
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.files import open_inside
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["hand_download", "hand_model"]

_STEP = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MODELS = f"{names.INPUTS}/models"

Breathe = Callable[[], None]


def hand_download(folder: RunFolder, request_id: str, download: Download, breathe: Breathe) -> dict[str, Any]:
    """Put the bytes of an answer beside where the answer will be; what that says of them.

    `breathe` is called between the pieces of what may be large.

    Raises
    ------
    StorageFull
        The disk of the run folder has no room.
    """
    size = _place(folder, names.REPLIES, f"{request_id}.bin", download.chunks, breathe)
    return {
        "name": download.name,
        "media_type": download.media_type,
        "size_bytes": size,
        "digest": download.digest,
    }


def hand_model(folder: RunFolder, blobs: BlobStore, model: Model, breathe: Breathe) -> None:
    """Have the files of a model version below ``inputs/models/<name>/<version>``; what is there already stays.

    Raises
    ------
    StorageFull
        The disk of the run folder has no room.
    CorruptData
        The bytes of a file are gone.
    """
    place = f"{MODELS}/{check_model_name(model.name)}/{model.version}"
    for file in model.files:
        above, _, name = check_file_name(file.path).rpartition("/")
        inside = f"{place}/{above}" if above else place
        if not _is_there(folder, inside, name, file):
            try:
                _place(folder, inside, name, _pieces(blobs, file.digest), breathe)
            except (CorruptData, NotFound) as error:
                raise CorruptData(
                    f"The file {file.path[:80]!r} of model {model.id} cannot be had: {error.message}",
                    hint=error.hint or "Restore the workspace's blobs folder from a backup, or register it anew.",
                    details={**error.details, "model": model.id, "path": file.path},
                ) from error


def _is_there(folder: RunFolder, inside: str, name: str, file: ModelFile) -> bool:
    try:
        place = open_inside(folder, inside)
    except OSError:
        return False
    try:
        return os.stat(name, dir_fd=place, follow_symlinks=False).st_size == file.size_bytes
    except OSError:
        return False
    finally:
        os.close(place)


def _pieces(blobs: BlobStore, digest: str) -> Iterator[bytes]:
    with blobs.open(digest) as file:
        while piece := file.read(_STEP):
            yield piece


def _place(folder: RunFolder, inside: str, name: str, pieces: Iterable[bytes | memoryview], breathe: Breathe) -> int:
    """Write a file whole, or nothing of it."""
    try:
        place = open_inside(folder, inside, make=True)
    except OSError as error:
        raise _refusal(inside, error) from error
    temporary = f".mlws-{os.getpid()}-{os.urandom(4).hex()}.tmp"
    try:
        try:
            size = _write(place, temporary, pieces, breathe)
            faults.point("handing.rename")
            os.replace(temporary, name, src_dir_fd=place, dst_dir_fd=place)
        except BaseException:
            _forget(place, temporary)
            raise
    except OSError as error:
        raise _refusal(inside, error) from error
    finally:
        os.close(place)
    return size


def _write(place: int, temporary: str, pieces: Iterable[bytes | memoryview], breathe: Breathe) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    size = 0
    with open(os.open(temporary, flags, 0o600, dir_fd=place), "wb") as file:
        for piece in pieces:
            faults.point("handing.write")
            size += file.write(piece)
            breathe()
    return size


def _forget(place: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=place)
    except FileNotFoundError:
        pass  # it was not made yet


def _refusal(inside: str, error: OSError) -> Exception:
    if error.errno in _FULL:
        return StorageFull(
            "The disk of the run folder has no room for these files.", hint="Free some space there, and ask again."
        )
    return WrongState(f"The run folder's {inside} cannot be written ({error.strerror}).", hint="Leave it as it was.")

"""Models that a script asks for: their files, put into its run folder before the answer."""

from __future__ import annotations

import os

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.model import Model, ModelFile
from jupyter_mlws.errors import CorruptData, NotFound
from jupyter_mlws.runfolder.files import open_inside
from jupyter_mlws.runfolder.names import models_folder
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["hand_over"]


def hand_over(folder: RunFolder, blobs: BlobStore, model: Model) -> None:
    """Put the files of a version below ``inputs/models/<name>/<version>`` of a run folder, verified.

    What is there already stays: the script asked before. Each file gets its name when it is whole, and no link that the
    script made on the way is followed.

    Raises
    ------
    CorruptData
        The bytes of a file are gone, or not what they were; the other files stay, for whoever asks again.
    OSError
        The script has put something else in the way.
    """
    for file in model.files:
        above, _, name = f"{models_folder(model.name, model.version)}/{file.path}".rpartition("/")
        place = open_inside(folder.inputs, above, make=True)
        try:
            if not _is_there(name, file, place):
                _put(model, file, name, blobs, place)
        finally:
            os.close(place)


def _is_there(name: str, file: ModelFile, place: int) -> bool:
    try:
        return os.stat(name, dir_fd=place, follow_symlinks=False).st_size == file.size_bytes
    except FileNotFoundError:
        return False


def _put(model: Model, file: ModelFile, name: str, blobs: BlobStore, place: int) -> None:
    draft = f".mlws-{os.getpid()}-{os.urandom(4).hex()}.part"
    try:
        blobs.copy_to(file.digest, draft, 0o600, dir_fd=place)
    except (NotFound, CorruptData) as error:
        raise CorruptData(
            f"The bytes of {file.path[:80]!r} of model {model.id} are gone or damaged.",
            hint="Restore the workspace's blobs folder from a backup, or register the model anew.",
            details={"model": model.id, "path": file.path},
        ) from error
    try:
        os.rename(draft, name, src_dir_fd=place, dst_dir_fd=place)
    except BaseException:
        os.unlink(draft, dir_fd=place)
        raise

"""The files of a model: from this machine into the registry, and back, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jupyter_mlws import faults
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.model import Model, ModelFile, check_model_files
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import AlreadyExists, CorruptData, InvalidInput, NotFound, Unavailable
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.files import remove_stale
from jupyter_mlws.runfolder.names import models_folder
from jupyter_mlws.runfolder.workspaces import is_workspace, refuse_database
from jupyter_mlws.sdk.files import save

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["cached", "download", "handed", "top_of", "upload"]

_LEFT_OUT = frozenset({".git", "__pycache__", ".ipynb_checkpoints"})
_STEP = 1 << 20
# A dispatcher copies at least so much in a second, even from a place that is far away.
_SLOWEST_BYTES_PER_S = 10 * 2**20


def top_of(model: Model, folder: str | os.PathLike[str]) -> str:
    """The one file or folder that a model is, below the folder where it was put; that folder where it is several."""
    tops = {file.path.split("/")[0] for file in model.files}
    return os.path.join(os.fspath(folder), tops.pop()) if len(tops) == 1 else os.fspath(folder)


# -- in


def upload(api: Api, path: str | os.PathLike[str], child_paths: Sequence[str] = ()) -> tuple[ModelFile, ...]:
    """Store the bytes of a file, or of the files of a folder, and say what they are called.

    Parameters
    ----------
    path : path-like
        Links below it are followed; what is neither file nor folder is refused.
    child_paths : sequence of str
        Of a folder only these files and folders, named below it.
    """
    root = os.path.abspath(os.path.expanduser(os.fspath(path)))
    if not os.path.exists(root):
        raise NotFound(f"There is no file or folder {os.fspath(path)!r}.", hint="Give its path on this machine.")
    found = list(_files_of(root, child_paths))
    if not found:
        raise InvalidInput(f"The folder {os.fspath(path)!r} has no file.", hint="Save the model in it first.")
    check_model_files([name for name, _ in found])
    return tuple(_upload_one(api, name, place) for name, place in found)


def _files_of(root: str, child_paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and place of each file, by name: ``model/a.bin`` of the folder ``model``."""
    base = os.path.basename(root)
    if not os.path.isdir(root):
        if child_paths:
            raise InvalidInput(f"{root!r} is a file, and has no child paths.", hint="Name its folder.")
        yield base, root
        return
    if not child_paths:
        yield from _walk(root, base, ())
        return
    seen = set()
    for child in child_paths:
        place = os.path.join(root, *check_file_name(os.fspath(child).replace(os.sep, "/")).split("/"))
        name = f"{base}/{child}"
        if not os.path.exists(place):
            raise NotFound(f"There is no {child!r} in {root!r}.", hint="Child paths are named below the model's path.")
        for item in _walk(place, name, ()) if os.path.isdir(place) else [(name, place)]:
            if item[0] not in seen:
                seen.add(item[0])
                yield item


def _walk(folder: str, name: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    real = os.path.realpath(folder)
    if real in above or is_workspace(real):
        return  # a link to a folder that it lies in, or what only SQLite may open
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name in _LEFT_OUT:
            continue
        if entry.is_dir():
            yield from _walk(entry.path, f"{name}/{entry.name}", (*above, real))
        else:
            yield f"{name}/{entry.name}", entry.path


def _upload_one(api: Api, name: str, place: str) -> ModelFile:
    refuse_database(place)
    try:
        if not stat.S_ISREG(os.stat(place).st_mode):
            raise InvalidInput(f"{place!r} is no plain file.", hint="Name the model's files with child_paths.")
        with open(place, "rb") as file:
            stored = api.blobs.upload(name.rpartition("/")[2], Upload(file, os.fstat(file.fileno()).st_size))
    except OSError as error:
        raise InvalidInput(f"{place!r} cannot be read ({error.strerror}).") from error
    return ModelFile(path=name, size_bytes=stored.size_bytes, digest=stored.digest)


# -- out


def download(api: Api, model: Model, target_dir: str | os.PathLike[str], *, exist_ok: bool) -> str:
    """Save a model's files below a folder, each compared with its digest; all of them, or none.

    Raises
    ------
    AlreadyExists
        Something of the model's name is there, and `exist_ok` is false.
    CorruptData
        A file is gone or damaged.
    """
    check_model_files([file.path for file in model.files])  # whoever answers may be another server than it seems
    folder = os.fspath(target_dir)
    tops = sorted({file.path.split("/")[0] for file in model.files})
    there = [top for top in tops if os.path.lexists(os.path.join(folder, top))]
    if there and not exist_ok:
        raise AlreadyExists(
            f"{os.path.join(folder, there[0])} is there already.", hint="Choose another folder, or pass exist_ok=True."
        )
    api.models.fetch(model.name, model.version)  # says which file is gone before anything is written
    os.makedirs(folder, exist_ok=True)
    remove_stale(folder, ".mlws-", ".part")
    draft = tempfile.mkdtemp(dir=folder, prefix=f".mlws-{os.getpid()}-", suffix=".part")
    try:
        for file in model.files:
            _save(api, model, file, os.path.join(draft, *file.path.split("/")))
        moves = [move for top in tops for move in _moves(os.path.join(draft, top), os.path.join(folder, top))]
        for source, target in moves:
            faults.point("sdk.model_place")
            os.replace(source, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return top_of(model, folder)


def _save(api: Api, model: Model, file: ModelFile, target: str) -> None:
    try:
        save(api.models.download(model.name, model.version, file.path), target, digest=file.digest)
    except CorruptData as error:
        raise CorruptData(
            f"The file {file.path!r} of model {model.id} cannot be had: {error.message}",
            hint=error.hint,
            details={**error.details, "model": model.id, "path": file.path},
        ) from error


def _moves(source: str, target: str) -> Iterator[tuple[str, str]]:
    """What is moved where: into a folder that is there its files, each in the place of one of its name.

    A file that would take the place of a folder, or the reverse, is refused before anything is moved.
    """
    if os.path.isdir(source) and os.path.isdir(target):
        for name in os.listdir(source):
            yield from _moves(os.path.join(source, name), os.path.join(target, name))
    elif os.path.lexists(target) and os.path.isdir(source) != os.path.isdir(target):
        kind = "folder" if os.path.isdir(target) else "file"
        raise AlreadyExists(f"{target} is a {kind}, and the model has something else there.", hint="Move it away.")
    else:
        yield source, target


def cached(api: Api, model: Model) -> str:
    """The model's files in this user's cache, fetched if they are not there or not what they were; their path."""
    check_model_files([file.path for file in model.files])
    place = places.cache_dir() / "models" / _digest_of(model)
    if _is_intact(model, str(place)):
        return top_of(model, place)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    remove_stale(place.parent, ".mlws-", ".part")
    draft = tempfile.mkdtemp(dir=place.parent, prefix=f".mlws-{os.getpid()}-", suffix=".part")
    try:
        download(api, model, os.path.join(draft, "new"), exist_ok=False)
        if place.exists() and not _is_intact(model, str(place)):
            os.rename(place, os.path.join(draft, "damaged"))
        try:
            faults.point("sdk.model_cache")
            os.rename(os.path.join(draft, "new"), place)
        except OSError:
            if not _is_intact(model, str(place)):  # another process was faster
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return top_of(model, place)


def _digest_of(model: Model) -> str:
    """One digest of all names and contents."""
    lines = sorted(f"{file.digest} {file.path}\n" for file in model.files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _is_intact(model: Model, folder: str) -> bool:
    return all(_has(os.path.join(folder, *file.path.split("/")), file) for file in model.files)


def _has(path: str, file: ModelFile) -> bool:
    try:
        if os.stat(path).st_size != file.size_bytes:
            return False
        digest = hashlib.sha256()
        with open(path, "rb") as content:
            while chunk := content.read(_STEP):
                digest.update(chunk)
    except OSError:
        return False
    return digest.hexdigest() == file.digest


def handed(api: Api, folder: RunFolder, model: Model) -> str:
    """Inside a job: the model's files as the dispatcher puts them into the run folder; their path."""
    until = time.monotonic() + model.size_bytes / _SLOWEST_BYTES_PER_S
    while True:
        try:
            api.models.fetch(model.name, model.version)
            break
        except Unavailable:
            # A large model takes longer than one question waits; asked again, it goes on with what is missing.
            if time.monotonic() > until:
                raise
    return top_of(model, folder.inputs / models_folder(model.name, model.version))

"""Packing the folder of an offline run: plain files of known places, and of a living run what is whole by now."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from jupyter_mlws.domain.names import check_file_name, check_run_id
from jupyter_mlws.errors import InvalidInput, InvalidPath
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.files import open_plain, read_plain
from jupyter_mlws.runfolder.journal_prefix import is_segment, written_end

__all__ = ["HINT", "files_of", "journals_of", "pack"]

HINT = "Give the folder that a run made when it was recorded offline; mlws runs --offline lists them."
_MOST_BYTES = 16 << 20
_FILES = (names.JOB, names.STATE)
_PLACES = (names.VALUES, names.LOGS, names.OUTPUTS, names.UPLOADS, names.REQUESTS)
# A run's own files: a link among them is passed over, as it is in every run. Anywhere else it is damage.
_LEFT = (names.LOGS, names.OUTPUTS, names.UPLOADS)


def _roots(folder: Path) -> Iterator[str]:
    """The run's own place in its folder, and those of its children."""
    yield ""
    children = folder / names.CHILDREN
    if not os.path.lexists(children):
        return
    for name in sorted(os.listdir(_plain_folder(children))):
        yield f"{names.CHILDREN}/{check_run_id(name)}/"


def _damaged(what: str) -> InvalidInput:
    return InvalidInput(f"The folder of the offline run is damaged: {what}.", hint=HINT)


def _plain_folder(path: Path) -> Path:
    if path.is_symlink() or not path.is_dir():
        raise _damaged(f"{path.name[:80]!r} is a link, or no folder")
    return path


def files_of(folder: Path, passed_over: list[str] | None = None) -> Iterator[tuple[str, Path]]:
    """Name and place of every file that belongs to the run, but for the journals.

    Parameters
    ----------
    folder : Path
    passed_over : list of str, optional
        Takes the names of links and the like among what the run left, which no run keeps.

    Raises
    ------
    InvalidInput
        The folder is damaged: a link or a special file stands where the run's own records are.
    """
    for root in _roots(folder):
        for name in _FILES:
            path = folder / root / name
            if os.path.lexists(path):
                if not stat.S_ISREG(path.lstat().st_mode):
                    raise _damaged(f"{(root + name)[:80]!r} is no plain file")
                yield root + name, path
        for place in _PLACES:
            if os.path.lexists(folder / root / place):
                passing = ([] if passed_over is None else passed_over) if place in _LEFT else None
                yield from _below(folder / root / place, root + place, passing)


def journals_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and place of every file of a journal."""
    for root in _roots(folder):
        if os.path.lexists(folder / root / names.JOURNAL):
            yield from _below(folder / root / names.JOURNAL, root + names.JOURNAL, None)


def _below(path: Path, name: str, passed_over: list[str] | None) -> Iterator[tuple[str, Path]]:
    _plain_folder(path)
    for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
        if entry.name.startswith(".mlws-") or entry.name.endswith(".tmp"):
            continue  # a file in the making
        here = f"{name}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), here, passed_over)
        elif entry.is_file(follow_symlinks=False):
            yield here, Path(entry.path)
        elif passed_over is not None:
            passed_over.append(here)
        else:
            raise _damaged(f"{here[:80]!r} is no plain file")


def pack(folder: Path, target: BinaryIO, *, alive: bool) -> list[str]:
    """Write the folder as a zip; returns the names of links and the like, which were passed over.

    With `alive` its process may still write to it: what is taken is what is whole by now.

    Raises
    ------
    InvalidInput, InvalidPath
        The folder is damaged, or a file has a name that no workspace keeps.
    """
    passed_over: list[str] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        # What tells the end is read first, and where each journal ends before the names in it.
        told = _bytes_of(folder / names.STATE)
        cut: set[str] = set()
        journals = [(name, path, _end_of(name, path, alive, cut)) for name, path in journals_of(folder)]
        for name, path in files_of(folder, passed_over):
            if name == names.STATE:
                archive.writestr(_entry(name), told)
            else:
                _add(archive, name, path, None)
        for name, path, end in journals:
            if end is None or end >= 0:
                _add(archive, name, path, end)
    return passed_over


def _end_of(name: str, path: Path, alive: bool, cut: set[str]) -> int | None:
    """How many bytes of a journal's file to take: None for all, -1 for none of it."""
    if not is_segment(name):
        return None
    stream = name.rpartition(".")[0]
    if stream in cut:
        return -1  # it begins behind a slot that somebody is just filling
    end, last = written_end(path)
    if alive and end != last:
        cut.add(stream)
        return end
    return last


def _bytes_of(path: Path) -> bytes:
    try:
        return read_plain(path, _MOST_BYTES)
    except FileNotFoundError:
        return b""


def _entry(name: str) -> zipfile.ZipInfo:
    try:
        check_file_name(name)
    except InvalidPath as error:
        raise InvalidPath(
            f"The file {name[:80]!r} of the offline run has a name that no workspace keeps.", hint="Rename the file."
        ) from error
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100644 << 16
    return entry


def _add(archive: zipfile.ZipFile, name: str, path: Path, end: int | None) -> None:
    """Put a file, or its beginning, into the zip."""
    entry = _entry(name)
    fd = open_plain(path)
    try:
        size = os.fstat(fd).st_size if end is None else end
        at = 0
        with archive.open(entry, "w", force_zip64=size > 1 << 30) as out:
            while at < size and (data := os.pread(fd, min(1 << 20, size - at), at)):
                out.write(data)
                at += len(data)
    finally:
        os.close(fd)

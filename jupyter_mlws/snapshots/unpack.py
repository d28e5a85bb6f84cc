"""The one place that takes an archive apart. Everything is checked before the first file is written."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from jupyter_mlws import faults
from jupyter_mlws.blobs.local import full_disk_named
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import AlreadyExists, SnapshotError, TooLarge
from jupyter_mlws.snapshots.folders import Folders

__all__ = ["checked_zip", "unpack_zip"]

MAX_FILES = 100_000
MAX_BYTES = 10_000_000_000
_MAX_TABLE_BYTES = 64_000_000
_STEP = 1 << 20
_LOCAL_HEADER = 30
# Encrypted, patched data, strongly encrypted, masked headers.
_ODD_FLAGS = 0x1 | 0x20 | 0x40 | 0x2000
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_BROKEN = (BadZipFile, zlib.error, EOFError, struct.error, ValueError, NotImplementedError, RuntimeError, OverflowError)


def unpack_zip(
    file: str | Path | BinaryIO, directory: str | Path, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES
) -> list[str]:
    """Unpack a zip into a new or empty folder and return the names of its files.

    Only plain files and folders come out of it: no links, no devices, nothing outside `directory`.

    Raises
    ------
    SnapshotError
        It is no zip, or one that no honest program writes (encrypted, overlapping, a link, a name twice, a wrong size).
    InvalidPath
        A name is absolute, leaves the folder or has control characters.
    TooLarge
        It holds more files or bytes than allowed.
    AlreadyExists
        The folder is not empty.

    In each case nothing of the archive stays in `directory`.
    """
    if isinstance(file, (str, Path)):
        with open(file, "rb") as opened:
            return unpack_zip(opened, directory, max_files=max_files, max_bytes=max_bytes)
    with checked_zip(file, max_files=max_files, max_bytes=max_bytes) as archive:
        infos = archive.infolist()
        with _fresh(directory) as root:
            for info in infos:
                _extract(archive, info, root)
        return [info.filename for info in infos if not info.is_dir()]


@contextmanager
def checked_zip(file: BinaryIO, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES) -> Iterator[ZipFile]:
    """A zip whose table of contents has been looked at as `unpack_zip` does; nothing of its files has been read.

    Raises
    ------
    SnapshotError, InvalidPath, TooLarge
        As `unpack_zip` does, also for what is found to be broken inside the block.
    """
    with _broken_named():
        _check_table(file, max_files)
        with ZipFile(file) as archive:
            _check(archive.infolist(), max_files, max_bytes)
            yield archive


@contextmanager
def _broken_named() -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise SnapshotError(
            f"The archive is damaged, or no zip ({error}).", hint="Download or make it again."
        ) from error


def _refused(name: str, why: str) -> SnapshotError:
    return SnapshotError(
        f"The archive is not unpacked: {name[:80]!r} {why}.", hint="Make it again with plain files only."
    )


def _check_table(file: BinaryIO, max_files: int) -> None:
    """Look at the announced number of files before anything of that size is read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < 22:
        raise BadZipFile("it has no table of contents")
    disk, _, _, count, table = struct.unpack("<HHHHL", tail[at + 4 : at + 16])
    # A table that is too large for the plain fields is announced right before them.
    large = tail.rfind(b"PK\6\6", 0, at) if tail[at - 20 : at - 16] == b"PK\6\7" else -1
    if large >= 0 and at - large >= 56:
        count, table = struct.unpack("<QQ", tail[large + 32 : large + 48])
    if disk not in (0, 0xFFFF):
        raise BadZipFile("it is a part of a larger archive")
    if count > max_files or table > _MAX_TABLE_BYTES:
        raise TooLarge(f"The archive holds {count:,} files.", hint=f"At most {max_files:,} are unpacked.")
    file.seek(0)


def _check(infos: list[ZipInfo], max_files: int, max_bytes: int) -> None:
    if len(infos) > max_files:
        raise TooLarge(f"The archive holds {len(infos):,} files.", hint=f"At most {max_files:,} are unpacked.")
    total = sum(info.file_size for info in infos)
    if total > max_bytes:
        raise TooLarge(
            f"The archive holds {total / 1e6:,.0f} MB.", hint=f"At most {max_bytes / 1e6:,.0f} MB are unpacked."
        )
    for info in infos:
        _check_entry(info)
    _check_overlap(infos)
    _check_names(infos)


def _check_entry(info: ZipInfo) -> None:
    if info.orig_filename != info.filename:
        raise _refused(info.orig_filename, "has a name that reads in two ways")
    check_file_name(info.filename.removesuffix("/"))
    if info.flag_bits & _ODD_FLAGS:
        raise _refused(info.filename, "is encrypted")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise _refused(info.filename, "is compressed in an uncommon way")
    if info.volume not in (0, 0xFFFF):
        raise _refused(info.filename, "lies in another part of the archive")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
        raise _refused(info.filename, "is a link or a device")
    if info.is_dir() and info.file_size:
        raise _refused(info.filename, "is a folder with contents of its own")


def _check_overlap(infos: list[ZipInfo]) -> None:
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise _refused(info.filename, "shares bytes with another file")
        end = info.header_offset + _LOCAL_HEADER + info.compress_size


def _check_names(infos: list[ZipInfo]) -> None:
    files = [info.filename for info in infos if not info.is_dir()]
    folders = {info.filename.removesuffix("/") for info in infos if info.is_dir()}
    for name in files:
        while "/" in name:
            name = name.rpartition("/")[0]
            folders.add(name)
    seen = set(folders)
    for name in files:
        if name in seen:
            raise _refused(name, "is there twice")
        seen.add(name)


@contextmanager
def _fresh(directory: str | Path) -> Iterator[Folders]:
    """A folder with nothing in it, and with nothing in it again after a failure."""
    existed = os.path.lexists(directory)
    if not existed:
        os.makedirs(directory, mode=0o700)
    if os.path.islink(directory) or os.listdir(directory):
        raise AlreadyExists(f"{directory} is not empty.", hint="Unpack into a new folder.")
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with full_disk_named(directory):
            yield Folders(root)
    except BaseException:
        _empty(directory, keep=existed)
        raise
    finally:
        os.close(root)


def _empty(directory: str | Path, *, keep: bool) -> None:
    if not keep:
        shutil.rmtree(directory)
        return
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _extract(archive: ZipFile, info: ZipInfo, root: Folders) -> None:
    parent, _, name = info.filename.rpartition("/")
    root.make(parent)
    if info.is_dir():
        return
    folder = root.open(parent)
    try:
        descriptor = os.open(name, _CREATE, 0o600, dir_fd=folder)
        faults.point("snapshots.unpack")
        with open(descriptor, "wb") as target, archive.open(info) as source:
            shutil.copyfileobj(source, target, _STEP)
            if target.tell() != info.file_size:
                raise BadZipFile(f"{info.filename} is shorter than announced")
            os.fchmod(descriptor, 0o755 if info.external_attr >> 16 & stat.S_IXUSR else 0o644)
    finally:
        os.close(folder)

"""Writing a snapshot's files into a folder: the code of a run, or a copy for a person."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import Manifest, ManifestEntry
from jupyter_mlws.errors import AlreadyExists, InvalidPath
from jupyter_mlws.snapshots.folders import Folders
from jupyter_mlws.snapshots.links import is_safe_target

__all__ = ["check_links", "restore"]

_LINK = 0o120000
_MAX_TARGET_BYTES = 4096
_FEW = 64
_WORKERS = min(4, os.cpu_count() or 1)


def restore(manifest: Manifest, blobs: BlobStore, directory: str | Path) -> None:
    """Write the files of a snapshot below `directory`, which is made where it is missing.

    Bytes are verified while they are copied, modes are kept, nothing is written through a link that lies in the way or
    outside of `directory`.

    Raises
    ------
    AlreadyExists
        A file of the snapshot is there already; existing files are never replaced.
    SnapshotError
        The folder of a file is a link or a file.
    InvalidPath
        A symbolic link of the snapshot leads out of it.
    CorruptData, NotFound, StorageFull
        Bytes have changed, are missing, or have no room.
    """
    links = [(entry, _target(entry, blobs)) for entry in manifest.entries if entry.mode == _LINK]
    files = [entry for entry in manifest.entries if entry.mode != _LINK]
    os.makedirs(directory, exist_ok=True)
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        folders = Folders(root)
        groups = _by_folder(files)
        for path in sorted({*groups, *(os.path.dirname(entry.path) for entry, _ in links)}):
            folders.make(path)
        _write_all(groups, folders, blobs)
        # Links come last: while files are written there is none to fall for.
        for entry, target in links:
            _write_link(entry, target, folders)
    finally:
        os.close(root)


def check_links(manifest: Manifest, blobs: BlobStore) -> None:
    """Refuse a snapshot of which a symbolic link leads out, before anybody wants to restore it."""
    for entry in manifest.entries:
        if entry.mode == _LINK:
            _target(entry, blobs)


def _by_folder(files: list[ManifestEntry]) -> dict[str, list[ManifestEntry]]:
    groups: dict[str, list[ManifestEntry]] = {}
    for entry in files:
        groups.setdefault(os.path.dirname(entry.path), []).append(entry)
    return groups


def _write_all(groups: dict[str, list[ManifestEntry]], folders: Folders, blobs: BlobStore) -> None:
    if sum(map(len, groups.values())) <= _FEW:
        for path, entries in groups.items():
            _write_folder(path, entries, folders, blobs)
        return
    with ThreadPoolExecutor(_WORKERS) as pool:
        done = [pool.submit(_write_folder, path, entries, folders, blobs) for path, entries in groups.items()]
        try:
            for future in done:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write_folder(path: str, entries: list[ManifestEntry], folders: Folders, blobs: BlobStore) -> None:
    folder = folders.open(path)
    try:
        for entry in entries:
            _write_file(entry, folder, blobs)
    finally:
        os.close(folder)


def _write_file(entry: ManifestEntry, folder: int, blobs: BlobStore) -> None:
    try:
        blobs.copy_to(entry.digest, entry.path.rpartition("/")[2], entry.mode & 0o777, dir_fd=folder)
    except FileExistsError:
        raise AlreadyExists(
            f"{entry.path} is there already.", hint="Restore into an empty folder; no file is ever replaced."
        ) from None


def _target(entry: ManifestEntry, blobs: BlobStore) -> bytes:
    target = blobs.read(entry.digest) if entry.size_bytes <= _MAX_TARGET_BYTES else b""
    try:
        if is_safe_target(entry.path, target.decode()):
            return target
    except UnicodeDecodeError:
        pass  # no link of ours
    raise InvalidPath(f"The link {entry.path} of this snapshot leads out of it.")


def _write_link(entry: ManifestEntry, target: bytes, folders: Folders) -> None:
    folder = folders.open(os.path.dirname(entry.path))
    try:
        os.symlink(target, os.path.basename(entry.path).encode(), dir_fd=folder)
    except FileExistsError:
        raise AlreadyExists(f"{entry.path} is there already.", hint="Restore into an empty folder.") from None
    finally:
        os.close(folder)

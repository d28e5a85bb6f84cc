"""What was read before: size, times and inode of a file → the digest of its bytes.

Kept in the workspace, never in the user's folder; one file for each root, so that a large project does not slow a small
one. It may be lost or damaged at any time: then the files are read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.blobs import StoredBlob
from jupyter_mlws.runfolder.files import remove_stale

__all__ = ["DigestIndex", "RootIndex"]

# Raise it when the bytes that are stored for a file change, as by another way to strip notebooks.
_FORMAT = 1
# A file changed so shortly before it was read could change again within the same tick of the file system's clock.
_TICK_NS = 50_000_000
_COARSE_TICK_NS = 2_100_000_000
_SECOND_NS = 1_000_000_000


class DigestIndex:
    """The indexes of all roots, in the folder `path` (made on first save)."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def root(self, root: str, scope: str = "") -> RootIndex:
        """The index of one root; snapshots of another scope remember other files and keep an index of their own."""
        name = hashlib.sha256(f"{scope}\0{root}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return RootIndex(self._path / f"{name}.json")


class RootIndex:
    """Digests of one root's files: `find` what is known, `note` what was read, `save` at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Path → text of a stat, then digest and size of the stored bytes. Text, because thousands of small tuples would
        # wake the garbage collector of a kernel that may hold millions of objects.
        self._known = _load(path)
        self._next: dict[str, str] = {}
        self._now = time.time_ns()
        self._changed = False

    def find(self, path: str, stat: os.stat_result) -> StoredBlob | None:
        """The stored bytes of a file that has not changed since it was read, else None."""
        known = self._known.get(path)
        if known is None or not known.startswith(key := _key(stat)):
            return None
        self._next[path] = known
        digest, _, size = known[len(key) :].partition(" ")
        return StoredBlob(digest, int(size))

    def note(self, path: str, stat: os.stat_result, blob: StoredBlob) -> None:
        """Remember what was read, unless the file may change unnoticed within its clock's present tick."""
        self._changed = True
        changed_at = max(stat.st_mtime_ns, stat.st_ctime_ns)
        tick = _TICK_NS if stat.st_mtime_ns % _SECOND_NS else _COARSE_TICK_NS
        if changed_at < self._now - tick:
            self._next[path] = f"{_key(stat)}{blob.digest} {blob.size_bytes}"

    def save(self) -> None:
        """Keep what was found and noted; what was neither is forgotten. Nothing is written when nothing changed."""
        if not self._changed and len(self._next) == len(self._known):
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}.tmp")
        try:
            remove_stale(self._path.parent, f"{self._path.stem}.")
            faults.point("snapshots.index")
            temporary.write_bytes(_dump(self._next))
            faults.point("snapshots.index_rename")
            temporary.replace(self._path)
        except OSError:
            # A full disk costs speed next time, nothing else.
            temporary.unlink(missing_ok=True)


def _key(stat: os.stat_result) -> str:
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino} {stat.st_dev} "


def _dump(known: dict[str, str]) -> bytes:
    body = json.dumps(known, separators=(",", ":")).encode()
    return f"{_FORMAT} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def _load(path: Path) -> dict[str, str]:
    try:
        head, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if head != f"{_FORMAT} {hashlib.sha256(body).hexdigest()}".encode():
        return {}
    known: dict[str, str] = json.loads(body)
    return known

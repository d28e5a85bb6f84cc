"""The list of a snapshot's files, in the one form of which the snapshot's id is the sha256.

Line by line, in the order of the paths' bytes: mode, digest, size and path. Names stay as the file system has them (no
Unicode normalisation: the code that opens a file uses the name that it has), times and owners are not part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.names import check_digest
from jupyter_mlws.domain.snapshot import Manifest, ManifestEntry
from jupyter_mlws.errors import InvalidInput, InvalidPath, NotFound, WorkspaceError

__all__ = ["from_bytes", "load_manifest", "named_in", "sorted_entries", "to_bytes"]

_HEAD = "jupyter-mlws snapshot "
_MAX_BYTES = 1 << 28


def sorted_entries(entries: Iterable[ManifestEntry]) -> tuple[ManifestEntry, ...]:
    """Entries in the order that every manifest has: by the bytes of their paths (which is that of their characters)."""
    return tuple(sorted(entries, key=attrgetter("path")))


def to_bytes(manifest: Manifest) -> bytes:
    """The canonical bytes of a manifest."""
    lines = [f"{_HEAD}{manifest.format}"]
    lines += [f"{entry.mode:o} {entry.digest} {entry.size_bytes} {entry.path}" for entry in manifest.entries]
    return ("\n".join(lines) + "\n").encode()


def from_bytes(data: bytes) -> Manifest:
    """A manifest from its canonical bytes; anything that no manifest writes is refused."""
    try:
        head, *lines = data.decode().removesuffix("\n").split("\n")
        if not head.startswith(_HEAD):
            raise ValueError(head)
        if int(head.removeprefix(_HEAD)) > 1:
            raise WorkspaceError("This snapshot was written by a newer version.", hint="Update jupyter-mlws.")
        manifest = Manifest(entries=tuple(_entry(line) for line in lines))
    except (ValueError, InvalidPath) as error:
        raise InvalidInput("These bytes are no list of a snapshot's files.") from error
    _check_tree(manifest)
    return manifest


def named_in(data: bytes) -> Iterator[tuple[str, int]]:
    """Digest and size of each file that the bytes of a manifest name, quicker than by taking it apart.

    Raises
    ------
    InvalidInput
        They are no manifest that this version knows.
    """
    head, _, rest = data.partition(b"\n")
    if head != f"{_HEAD}1".encode():
        raise InvalidInput("These bytes are no list of a snapshot's files that this version knows.")
    for line in rest.removesuffix(b"\n").split(b"\n") if rest else ():
        _, digest, size, _ = line.split(b" ", 3)
        yield digest.decode("ascii"), int(size)


def load_manifest(snapshot_id: str, blobs: BlobStore) -> Manifest:
    """The manifest of a stored snapshot.

    Raises
    ------
    NotFound
        There is no such snapshot.
    CorruptData
        It was changed after it was stored.
    WorkspaceError
        A newer version wrote it.
    """
    try:
        if blobs.size(check_digest(snapshot_id)) > _MAX_BYTES:
            raise InvalidInput("No list of files is that long.")
        return from_bytes(blobs.read(snapshot_id))
    except (InvalidInput, NotFound) as error:
        raise NotFound(f"There is no snapshot {snapshot_id[:12]!r}.") from error


def _entry(line: str) -> ManifestEntry:
    mode, digest, size, path = line.split(" ", 3)
    return ManifestEntry(path=path, mode=int(mode, 8), size_bytes=int(size), digest=digest)


def _check_tree(manifest: Manifest) -> None:
    """Refuse a list that is no tree of files: out of order, a path twice, a file that is a folder too."""
    paths = [entry.path for entry in manifest.entries]
    files = set(paths)
    if len(files) != len(paths) or sorted_entries(manifest.entries) != manifest.entries:
        raise InvalidInput("The list of a snapshot's files is out of order.")
    folders = {path.rsplit("/", 1)[0] for path in paths if "/" in path}
    while folders:
        if folders & files:
            raise InvalidInput("A path of this snapshot is a file and a folder.")
        folders = {path.rsplit("/", 1)[0] for path in folders if "/" in path}

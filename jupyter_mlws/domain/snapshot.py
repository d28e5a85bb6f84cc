"""Snapshots: what of a folder travels with a run, addressed by content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from jupyter_mlws.domain.names import check_digest, check_file_name
from jupyter_mlws.errors import InvalidInput

__all__ = [
    "GitInfo",
    "LinkedPath",
    "Manifest",
    "ManifestEntry",
    "MissingBlobs",
    "Snapshot",
    "SnapshotReport",
    "SnapshotRequest",
    "change_notes",
    "changed_files",
]

_CHANGED = " changed while it was read"

# git's own three kinds, so that ids do not depend on an umask: plain, executable, symbolic link.
MODES = (0o100644, 0o100755, 0o120000)


@dataclass(frozen=True, kw_only=True)
class ManifestEntry:
    """One file of a snapshot.

    Attributes
    ----------
    path : str
        Relative POSIX path inside the snapshot.
    mode : int
        0o100644, 0o100755, or 0o120000 for a symbolic link (its bytes are the link's target).
    size_bytes : int
    digest : str
        sha256 of the bytes.
    """

    path: str
    mode: int
    size_bytes: int
    digest: str

    def __post_init__(self) -> None:
        check_file_name(self.path)
        check_digest(self.digest)
        if self.mode not in MODES or self.size_bytes < 0:
            raise InvalidInput(f"{self.path} has a mode or size that no snapshot holds.")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The files of a snapshot, sorted by path. Its canonical bytes, hashed, are the snapshot's id."""

    entries: tuple[ManifestEntry, ...]
    format: int = 1


@dataclass(frozen=True, kw_only=True)
class MissingBlobs:
    """Digests of a manifest whose bytes are not stored, each once."""

    digests: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LinkedPath:
    """Data that a run reads in place: not copied, only recorded.

    `path` is where the run sees it, relative to the snapshot's root (may start with ``../``), or absolute;
    `target` is where it lies on the submitter's machine; `reason` is 'ignored', 'large', 'outside' or 'asked'.
    """

    path: str
    target: str
    reason: str
    size_bytes: int | None = None
    modified_at: datetime | None = None
    is_directory: bool = False


@dataclass(frozen=True, kw_only=True)
class GitInfo:
    """Facts of the repository that holds a snapshot's folder; the remote is free of credentials."""

    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool = False


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A stored snapshot; `id` is the sha256 of its manifest, so equal folders have equal ids."""

    id: str
    file_count: int
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class SnapshotRequest:
    """What to snapshot.

    Attributes
    ----------
    directory : str
        Absolute folder on the machine that answers: the notebook's or the script's folder.
    rule : str
        'auto' (project root, or only what the cell names), 'directory' (this folder whole) or 'none'.
    document : str or None
        Path of the notebook, relative to `directory`; belongs to the snapshot even where ignored.
    document_text : str or None
        The notebook as it is on screen, instead of the saved file.
    files : tuple of str
        Paths that the cell names as literals, relative to `directory` or absolute.
    modules : tuple of str
        Absolute paths of imported local modules and packages (files or folders).
    packages : dict of str to str
        Editable packages to freeze: import name to absolute folder or file.
    data : tuple of str
        Paths asked to be linked (``--data``).
    preview : bool
        Only say what would travel; store nothing.
    """

    directory: str
    rule: str = "auto"
    document: str | None = None
    document_text: str | None = None
    files: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    packages: dict[str, str] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    preview: bool = False

    def __post_init__(self) -> None:
        if self.rule not in ("auto", "directory", "none"):
            raise InvalidInput(f"There is no snapshot rule {self.rule!r}.", hint="Use auto, directory or none.")
        if not self.directory.startswith("/"):
            raise InvalidInput("A snapshot needs an absolute folder.")


@dataclass(frozen=True, kw_only=True)
class SnapshotReport:
    """What a snapshot took, left and linked.

    `scope` is 'project' (root with the folder as working directory), 'folder', 'files' (too large or no project:
    the document, modules and named files) or 'none'. `working_directory` is relative to the snapshot's root, '' for it.
    `python_path` are folders of the snapshot to put first on the module path (frozen packages).
    """

    snapshot: Snapshot | None
    scope: str
    root: str
    working_directory: str = ""
    python_path: tuple[str, ...] = ()
    links: tuple[LinkedPath, ...] = ()
    skipped: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    changed_during_snapshot: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[ManifestEntry, ...] = ()
    git: GitInfo | None = None


def change_notes(changed: Iterable[str]) -> tuple[str, ...]:
    """The notes of a run for files that did not hold still."""
    return tuple(f"{path}{_CHANGED}" for path in changed)


def changed_files(notes: Iterable[str]) -> tuple[str, ...]:
    """The files that the notes of a run say this of."""
    return tuple(note.removesuffix(_CHANGED) for note in notes if note.endswith(_CHANGED))

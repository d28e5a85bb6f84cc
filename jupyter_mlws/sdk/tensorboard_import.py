"""What TensorBoard shows as runs of the workspace: each folder becomes an offline run, and is imported as those are."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.names import MAX_DISPLAY_NAME, check_experiment_name, experiment_name_of
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, NotFound
from jupyter_mlws.runfolder import state, tfevents, wire
from jupyter_mlws.runfolder.files import read_plain, write_whole
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.protocol import PROTOCOL_VERSION

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["import_folder"]

_MARK = "tfevents"
_MOST_BYTES = 4096


@dataclass(frozen=True)
class _Group:
    """The event files that are one run: their folder, and their paths in it, the oldest first."""

    folder: Path
    files: tuple[str, ...]
    begun: float

    @property
    def run_id(self) -> str:
        """The id of its run: the same whenever it is imported, however much was added."""
        first = _first_record(self.folder / self.files[0])
        named = os.fsencode(f"{self.folder.name}\0{self.files[0]}\0")
        digest = hashlib.sha256(named + first).hexdigest()
        return f"tensorboard_{self.begun:.0f}_{digest[:16]}"


def import_folder(
    workspace: Workspace, folder: str | os.PathLike[str], *, experiment: str | None = None, as_one: bool = False
) -> list[Run]:
    """Bring event files into the workspace.

    Imported again, a run gets what was added to its files since, and nothing twice.

    Parameters
    ----------
    workspace : Workspace
    folder : path-like
        What ``tensorboard --logdir`` was given.
    experiment : str, optional
        Default: the name of the folder.
    as_one : bool
        All of it is one run. By default each folder in it is one, unless event files lie in `folder` itself.

    Returns
    -------
    list of Run
        The oldest first, when their dispatcher has taken in everything.

    Raises
    ------
    NotFound
        There is no such folder, or no event file in it.
    InvalidInput, InvalidName
        It is no folder; the experiment cannot have that name.
    """
    root = Path(folder).absolute()
    if not root.is_dir():
        if os.path.lexists(root):
            raise InvalidInput(f"{os.fspath(folder)!r} is no folder.", hint="Give the one that holds the event files.")
        raise NotFound(f"There is no folder {os.fspath(folder)!r}.", hint="Give what tensorboard --logdir was given.")
    name = experiment_name_of(root.name, "tensorboard") if experiment is None else check_experiment_name(experiment)
    groups = sorted(_groups(root, as_one), key=lambda group: (group.begun, group.folder))
    if not groups:
        raise NotFound(
            f"There is no event file below {os.fspath(folder)!r}.", hint="Their names have 'tfevents' in them."
        )
    found = []
    for group in groups:
        with tempfile.TemporaryDirectory(prefix="mlws-tensorboard-") as place:
            found += workspace.import_offline(_offline_run(Path(place), group, name))
    return found


def _groups(root: Path, as_one: bool) -> Iterator[_Group]:
    files = sorted(_event_files(root))
    if as_one or any(os.sep not in file for file in files):
        if files:
            yield _group(root, files)
        return
    for name in dict.fromkeys(file.split(os.sep)[0] for file in files):
        yield _group(root / name, [file[len(name) + 1 :] for file in files if file.startswith(name + os.sep)])


def _group(folder: Path, files: list[str]) -> _Group:
    times = {file: _begun(folder / file) for file in files}
    ordered = sorted(files, key=lambda file: (times[file], file))
    return _Group(folder, tuple(ordered), times[ordered[0]])


def _event_files(root: Path) -> Iterator[str]:
    """The event files below a folder, by relative path; links are not followed."""
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if _MARK in name and os.path.isfile(path) and not os.path.islink(path):
                yield os.path.relpath(path, root)


def _first_record(path: Path) -> bytes:
    """The data of a file's first record, as far as they are there."""
    data = read_plain(path, _MOST_BYTES)
    length = tfevents.length_of(data[: tfevents.HEAD_BYTES]) if len(data) >= tfevents.HEAD_BYTES else None
    return b"" if length is None else data[tfevents.HEAD_BYTES : tfevents.HEAD_BYTES + length]


def _begun(path: Path) -> float:
    """When a file was begun: what it says, else the time of its last change."""
    said = tfevents.time_of(_first_record(path))
    return path.stat().st_mtime if said is None else said


def _offline_run(place: Path, group: _Group, experiment: str) -> Path:
    """The folder of an offline run that has these files among its outputs, from which its metrics are read."""
    folder = RunFolder(place / group.run_id)
    folder.create()
    for file in group.files:
        target = folder.outputs / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(group.folder / file, target, follow_symlinks=False)
    facts: dict[str, Any] = {
        "run_id": group.run_id,
        "run_number": 0,
        "experiment": experiment,
        "protocol_version": PROTOCOL_VERSION,
        "display_name": group.folder.name[:MAX_DISPLAY_NAME],
        "command": [],
        "tags": {"imported_from": "tensorboard"},
    }
    write_whole(folder.job, wire.dumps(facts))
    ended = max((group.folder / file).stat().st_mtime for file in group.files)
    state.append(folder, "started", at=group.begun, protocol_version=PROTOCOL_VERSION)
    state.append(
        folder,
        "ended",
        at=max(ended, group.begun),
        status=RunStatus.COMPLETED.value,
        error=None,
        message="",
        duration_s=round(max(0.0, ended - group.begun), 3),
    )
    return folder.path

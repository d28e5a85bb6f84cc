"""The folders of runs that were recorded offline, and what was imported from them."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.domain.names import check_run_id
from jupyter_mlws.errors import InvalidInput, InvalidName, NotFound
from jupyter_mlws.runfolder import names, places, state, wire
from jupyter_mlws.runfolder.files import read_plain, write_whole
from jupyter_mlws.runfolder.journal_prefix import is_segment, written_end
from jupyter_mlws.runfolder.processes import Identity, is_alive
from jupyter_mlws.sdk.offline_packing import HINT, files_of, journals_of

__all__ = ["OfflineFolder", "offline_dir", "offline_folders"]

# What was imported from a folder, and where to: ours, and never part of the run.
_NOTE = "imported.json"
_MOST_BYTES = 16 << 20


def offline_dir() -> Path:
    """Where runs are recorded offline."""
    return places.data_dir() / "offline"


@dataclass(frozen=True)
class OfflineFolder:
    """The folder of a run that was recorded offline.

    Attributes
    ----------
    path : Path
    job : dict
        What its ``job.json`` says.
    """

    path: Path
    job: dict[str, Any]

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> OfflineFolder:
        """The folder at `path`.

        Raises
        ------
        NotFound
            There is no such folder.
        InvalidInput
            It is none of an offline run, or it is damaged.
        """
        folder = Path(path)
        if folder.is_symlink() or not folder.is_dir():
            if not os.path.lexists(folder):
                raise NotFound(f"There is no folder {os.fspath(path)!r}.", hint=HINT)
            raise InvalidInput(f"{os.fspath(path)!r} is no folder.", hint=HINT)
        try:
            job = wire.loads(read_plain(folder / names.JOB, _MOST_BYTES))
            check_run_id(job["run_id"])
        except (OSError, ValueError, TypeError, KeyError, InvalidName) as error:
            raise InvalidInput(
                f"{os.fspath(path)!r} is no folder of an offline run: its job.json cannot be read.", hint=HINT
            ) from error
        return cls(folder.absolute(), job)

    @property
    def run_id(self) -> str:
        """Id of the run, which it keeps in every workspace."""
        return str(self.job["run_id"])

    @property
    def experiment(self) -> str:
        """Name of the experiment that it was recorded for."""
        return str(self.job.get("experiment") or "offline")

    @property
    def created_at(self) -> float:
        """When it was begun, seconds since 1970."""
        return (self.path / names.JOB).stat().st_mtime

    @property
    def status(self) -> str:
        """How it ended; 'Running' while its process lives or cannot be seen; else 'Failed'."""
        events = self._events()
        ended = next((event for event in events if event["event"] == "ended"), None)
        if ended is not None:
            return str(ended.get("status") or "Completed")
        return "Running" if self._may_live(events) else "Failed"

    @property
    def is_alive(self) -> bool:
        """Whether its process may still write to it."""
        events = self._events()
        return all(event["event"] != "ended" for event in events) and self._may_live(events)

    @property
    def sends_itself(self) -> bool:
        """Whether it is the local copy of a run that logs to a workspace elsewhere, and goes on doing so."""
        return bool(self.job.get("run_number")) and self.is_alive

    def _events(self) -> list[dict[str, Any]]:
        return state.read(self.path)[0]

    def _may_live(self, events: list[dict[str, Any]]) -> bool:
        started = next((event for event in events if event["event"] == "started"), None)
        if started is None:
            return False
        try:
            return is_alive(Identity.from_dict(started["identity"])) is not False
        except (KeyError, TypeError, ValueError, AttributeError):
            return False

    # -- what was imported

    @property
    def imports(self) -> dict[str, dict[str, Any]]:
        """By the id of the workspace: the run's number there, and what the folder held then."""
        try:
            found = json.loads(read_plain(self.path / _NOTE, _MOST_BYTES))
        except (OSError, ValueError):
            return {}
        return (
            {key: value for key, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}
        )

    def is_new_to(self, workspace_id: str | None = None) -> bool:
        """Whether it holds anything that was not imported yet, into this workspace or into any."""
        notes = self.imports
        if workspace_id is not None:
            notes = {key: note for key, note in notes.items() if key == workspace_id}
        return all(note.get("holds") != self.holds() for note in notes.values())

    def holds(self) -> str:
        """A digest of its files' sizes and times and of how it ended; another one means that there is something new."""
        digest = hashlib.sha256(self.status.encode())
        for name, path in sorted(files_of(self.path)):
            facts = path.lstat()
            digest.update(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode("utf-8", "surrogatepass"))
        # A mapped journal shows no change in its times, so where it is written to counts, too.
        for name, path in sorted(journals_of(self.path)):
            digest.update(f"{name}\0{written_end(path)[1] if is_segment(name) else path.lstat().st_size}\0".encode())
        return digest.hexdigest()

    def note(self, workspace_id: str, number: int, holds: str) -> None:
        """Note what was imported."""
        notes = self.imports | {workspace_id: {"number": number, "holds": holds}}
        faults.point("offline.note")
        try:
            write_whole(self.path / _NOTE, json.dumps(notes).encode())
        except OSError:
            return  # a folder that may only be read: it is compared again the next time


def offline_folders() -> list[OfflineFolder]:
    """The folders of this user's offline runs, oldest first; one that is damaged is left out."""
    found = []
    try:
        entries = sorted(offline_dir().iterdir())
    except OSError:
        return []
    for entry in entries:
        try:
            found.append(OfflineFolder.read(entry))
        except (InvalidInput, NotFound):
            continue
    return sorted(found, key=lambda folder: folder.created_at)

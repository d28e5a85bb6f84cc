"""Deleting in two steps: into the trash, from where everything comes back, and out of it, when its bytes are freed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Deletion", "GarbageReport", "TrashItem"]


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """What was put into the trash.

    Attributes
    ----------
    kind, name : str
        'run', 'experiment' or 'model', and the id, name, or ``name:version`` that restores it.
    run_count : int
        Runs that went with it: of a run itself and its descendants, of an experiment all of its runs.
    size_bytes : int
        What will be free when it has left the trash: files that nothing outside the trash uses, and points.
    deleted_at, until : datetime
        It can be restored until then, and as long as nobody has emptied the trash or collected the garbage since.
    """

    kind: str
    name: str
    run_count: int
    size_bytes: int
    deleted_at: datetime
    until: datetime

    def __str__(self) -> str:
        others = self.run_count - (self.kind == "run")
        runs = f" with {_counted(others, 'run')}" if others else ""
        return (
            f"{self.kind.capitalize()} {self.name}{runs} is in the trash until {self.until:%Y-%m-%d %H:%M} UTC; "
            f"{_counted(self.size_bytes, 'byte')} will be free then."
        )


@dataclass(frozen=True, kw_only=True)
class TrashItem:
    """One thing in the trash; the runs of a deleted experiment, and a deleted run's descendants, are not listed apart.

    Attributes
    ----------
    kind, name : str
        As of a `Deletion`.
    number : int or None
        A run's number.
    experiment : str
        A run's experiment.
    title : str
        What people call it: a run's display name.
    """

    kind: str
    name: str
    deleted_at: datetime
    until: datetime
    number: int | None = None
    experiment: str = ""
    title: str = ""
    run_count: int = 0


@dataclass(frozen=True, kw_only=True)
class GarbageReport:
    """What a collection removed, or with `dry_run` would remove.

    Attributes
    ----------
    runs, experiments, models, snapshots : int
        Records that left for good. Runs count descendants.
    blob_count, blob_bytes : int
        Stored bytes that nothing used any more.
    folder_count, folder_bytes : int
        Folders of runs that have no record.
    freed_bytes : int
        These and `database_bytes`, as they were measured while they went: so much more room is on the disk.
    point_bytes : int
        Metric points and values that left the database.
    database_bytes : int
        So much smaller the database's file became. What is less than a MiB stays in it for what comes next; so does
        everything in a database on a server, and in one that an earlier version made. Unknown, and 0, beforehand.
    young_count, young_bytes : int
        What nothing uses either, and stays for now because it was stored or used a short while ago: somebody may be
        about to record it.
    kept_runs : int
        Runs that stay in the trash until their time has come.
    warnings : tuple of str
        What could not be looked at or removed, a sentence each.
    """

    dry_run: bool = False
    runs: int = 0
    experiments: int = 0
    models: int = 0
    snapshots: int = 0
    blob_count: int = 0
    blob_bytes: int = 0
    folder_count: int = 0
    folder_bytes: int = 0
    freed_bytes: int = 0
    point_bytes: int = 0
    database_bytes: int = 0
    young_count: int = 0
    young_bytes: int = 0
    kept_runs: int = 0
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = {"run": self.runs, "experiment": self.experiments, "model": self.models, "snapshot": self.snapshots}
        gone = ", ".join(_counted(count, what) for what, count in counts.items() if count) or "no records"
        freed = _counted(self.freed_bytes, "byte")
        if self.dry_run:
            sentences = [f"Would remove {gone} for good, and free {freed}."]
        else:
            sentences = [f"Removed {gone} for good, and freed {freed}."]
        if self.young_bytes:
            sentences.append(f"{_counted(self.young_bytes, 'byte')} that nothing uses stay for now: they are too new.")
        return " ".join((*sentences, *self.warnings))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"

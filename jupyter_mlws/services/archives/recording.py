"""Writing the records of an archive that was looked at: whole runs, in transactions short enough for other writers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Connection

from jupyter_mlws import faults
from jupyter_mlws.domain.archive import ArchivedModel, ArchivedRun, ImportReport
from jupyter_mlws.domain.file import RunFile
from jupyter_mlws.services.archives.checking import Needs
from jupyter_mlws.services.archives.reading import Archive, Line
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.holding import Hold
from jupyter_mlws.store import archive_import as rows
from jupyter_mlws.store import files
from jupyter_mlws.store.archive_environments import add_environment

__all__ = ["Recording"]

# Of one transaction, in lines; so many points weigh as a line. A family of runs is not parted before the second.
_ENOUGH = 200
_TOO_MUCH = 5_000
_POINTS = 4096
_FILES = 1000
_MOST_IDS = 1000
_MOST_NOTES = 100


class Recording:
    """One import: `write` does it."""

    def __init__(self, context: Context, archive: Archive, needs: Needs, hold: Hold) -> None:
        self._context, self._archive, self._needs, self._hold = context, archive, needs, hold
        self._counts = dict.fromkeys(("runs_added", "runs_known", "runs_renumbered", "models_added", "models_known"), 0)
        self._counts |= dict.fromkeys(("experiments_added", "environments_added", "snapshots_added"), 0)
        self._ids: list[str] = []
        self._notes: list[str] = []
        self._blocks = archive.blocks()
        self._run: ArchivedRun | None = None
        self._number: int | None = None  # None where the run was known
        self._files: list[RunFile] = []
        self._environments: dict[str, str] = {}  # what each is here
        self._left: set[str | None] = set()
        # Of the present transaction.
        self._new: list[str] = []
        self._per_experiment: Counter[str] = Counter()
        self._parents: set[int] = set()
        self._experiments: dict[str, int] = {}
        self._parent: tuple[str, rows.Known | None] = ("", None)
        self._weight = 0.0

    def write(self) -> ImportReport:
        """Write what is new, and say what came of it."""
        lines = _Ahead(self._archive.lines())
        while lines.next is not None:
            with self._context.store.write() as c:
                faults.point("archives.record")
                self._write_batch(c, lines)
        next(self._blocks, None)  # at the end the digest is compared
        left_out = self._archive.header.left_out
        if left_out:
            said = "1 run had" if left_out == 1 else f"{left_out:,} runs had"
            self._note(f"{said} not ended when the archive was written: not in it.")
        packages = self._archive.header.packages_left_out
        if packages:
            self._note(f"The archive has no wheel of {', '.join(packages[:10])[:200]}: to build needs the network.")
        return ImportReport(run_ids=tuple(self._ids), notes=tuple(self._notes), **self._counts)

    def _write_batch(self, c: Connection, lines: _Ahead) -> None:
        self._weight = 0.0
        self._experiments, self._parent = {}, ("", None)
        while lines.next is not None and not self._may_end_before(lines.next):
            self._take(c, lines.take())
        self._end_run(c)
        rows.note_runs(c, self._new, self._per_experiment, self._parents)
        self._new, self._per_experiment, self._parents = [], Counter(), set()

    def _may_end_before(self, line: Line) -> bool:
        if line.kind == "run":
            return self._weight > (_ENOUGH if line.record.parent_id is None else _TOO_MUCH)
        return line.kind == "model" and self._weight > _ENOUGH

    def _take(self, c: Connection, line: Line) -> None:
        self._weight += 1
        if line.kind == "experiment":
            self._counts["experiments_added"] += rows.add_experiment(c, line.record)
        elif line.kind == "run":
            self._end_run(c)
            self._add_run(c, line.record)
        elif line.kind == "file":
            self._files.append(line.record)
            if len(self._files) >= _FILES:
                self._add_files(c)
        elif line.kind == "values" and self._number is not None:
            rows.add_values(c, self._number, line.record)
        elif line.kind == "model":
            self._end_run(c)
            self._add_model(c, line.record)

    def _add_run(self, c: Connection, run: ArchivedRun) -> None:
        known = rows.known_run(c, run.id)
        parent = self._parent_of(c, run) if known is None else None
        self._run, self._number = run, None
        if known is None and (run.parent_id in self._left or (parent is not None and parent.is_deleted)):
            self._left.add(run.id)
            self._run = None
            self._note(f"The run {run.id} is not added: the run above it is in the trash here.")
        elif known is None:
            self._add_snapshot(c, run)
            self._check_inputs(c, run)
            made = rows.add_run(c, self._in_environments(c, run), self._experiment(c, run.experiment), parent)
            self._number = made.number
            self._new.append(run.id)
            self._per_experiment[run.experiment] += 1
            if parent is not None:
                self._parents.add(parent.number)
            self._counts["runs_added"] += 1
            self._counts["runs_renumbered"] += self._number != run.number
            if len(self._ids) < _MOST_IDS:
                self._ids.append(run.id)
            rows.add_typed(c, self._number, run)
        else:
            self._counts["runs_known"] += 1
            if known.is_deleted:
                self._run = None
                self._note(f"Run #{known.number} is in the trash here, and stays there.")
        self._read_series(c, run)

    def _in_environments(self, c: Connection, run: ArchivedRun) -> ArchivedRun:
        """The run, with the environments that it names as they are called here."""
        body = run.submission
        if body is not None:
            named = {key: self._environment(c, body[key]) for key in ("environment", "kernel") if body.get(key)}
            body = {**body, **named}
        return replace(run, environment=self._environment(c, run.environment), submission=body)

    def _environment(self, c: Connection, reference: str) -> str:
        wanted = self._needs.environments.get(reference)
        if wanted is None:
            return reference
        if reference not in self._environments:
            here, is_new = add_environment(c, wanted)
            self._environments[reference] = here
            self._counts["environments_added"] += is_new
            if here != reference:
                self._note(f"The environment {reference} is {here} here.")
        return self._environments[reference]

    def _experiment(self, c: Connection, name: str) -> int:
        if name not in self._experiments:
            self._experiments[name] = rows.experiment_id(c, name)
        return self._experiments[name]

    def _parent_of(self, c: Connection, run: ArchivedRun) -> rows.Known | None:
        """The parent where it is here; brothers and sisters stand together, so it is looked up once for all."""
        if run.parent_id is None:
            return None
        if self._parent[0] != run.parent_id:
            self._parent = run.parent_id, rows.known_run(c, run.parent_id)
        return self._parent[1]

    def _add_snapshot(self, c: Connection, run: ArchivedRun) -> None:
        facts = self._needs.snapshots.get(run.snapshot_id or "")
        if facts is not None:
            self._hold.check(c, facts.blobs)
            self._counts["snapshots_added"] += rows.add_snapshot(c, facts.record, facts.file_count, facts.size_bytes)

    def _check_inputs(self, c: Connection, run: ArchivedRun) -> None:
        """That what a cell took from its notebook is still there: the run could not be done again without it."""
        inputs = (run.submission or {}).get("inputs", ())
        given = ((item["digest"], item["size_bytes"]) for item in inputs if item["digest"] in self._needs.blobs)
        self._hold.check(c, given)

    def _read_series(self, c: Connection, run: ArchivedRun) -> None:
        for item in run.series:
            found = 0
            while found < item.points:
                block = next(self._blocks)
                found += block.count
                self._weight += block.count / _POINTS
                if self._number is not None:
                    rows.add_points(c, self._number, item.name, block.data, item.updated_at)

    def _add_files(self, c: Connection) -> None:
        run, found, self._files = self._run, self._files, []
        if run is None or not found:  # of a run in the trash nothing is looked at
            return
        if self._number is None:
            found = rows.missing_files(c, run.id, found)
        self._hold.check(c, ((file.digest, file.size_bytes) for file in found))
        files.put_files(c, run.id, found)

    def _end_run(self, c: Connection) -> None:
        self._add_files(c)
        self._run = None

    def _add_model(self, c: Connection, model: ArchivedModel) -> None:
        self._hold.check(c, ((file.digest, file.size_bytes) for file in model.files))
        version, is_new = rows.add_model(c, model)
        self._counts["models_added" if is_new else "models_known"] += 1
        if version != model.version:
            self._note(f"The model {model.name}:{model.version} is {model.name}:{version} here: its number was taken.")

    def _note(self, text: str) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes.append(text)


class _Ahead:
    """An iterator whose next item can be seen before it is taken."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.next = next(lines, None)

    def take(self) -> Line:
        taken = self.next
        assert taken is not None
        self.next = next(self._lines, None)
        return taken

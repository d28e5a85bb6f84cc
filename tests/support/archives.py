"""Workspaces to be carried: one with something in every place, all that can be asked of it, and archives by hand."""

from __future__ import annotations

import hashlib
import io
import json
import math
import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
from asleep import Asleep
from points import points

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.archive import ImportReport
from jupyter_mlws.domain.child import NewChild, NewChildren
from jupyter_mlws.domain.experiment import ExperimentUpdate
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import Captured, Run, RunError, RunSource, RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store, files, metrics, runs, typed_metrics

__all__ = [
    "AT", "LOG", "OLD", "add_run", "everything", "exported", "fill", "forge", "imported", "parts", "services",
]  # fmt: skip

# An archive of the first format.
OLD = Path(__file__).parents[1] / "assets" / "archive-1.zip"

WEIGHTS = b"".join(b"%d" % i for i in range(10_000))
LOG = b"".join(b"line %d\n" % i for i in range(5_000))
AT = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=timezone.utc)


def services(store: Store, folder: Path, name: str = "lab") -> Services:
    """A workspace without a dispatcher."""
    folder.mkdir(exist_ok=True)
    return Services(
        folder, store, BlobStore(folder / "blobs"), wake=Asleep(), user="ada", host="box", workspace_id=name, name=name
    )


def exported(api: Services, **which: Any) -> bytes:
    """The archive of what is asked for."""
    return api.archives.export(**which).read()


def imported(api: Services, archive: bytes) -> ImportReport:
    """Take an archive in."""
    return api.archives.import_file(Upload(archive))


def add_run(api: Services, *, ended: RunStatus | None = RunStatus.COMPLETED, **facts: Any) -> Run:
    """A run that has ended; a live one with ``ended=None``."""
    wish: dict[str, Any] = {"experiment": "digits", "command": ("python", "train.py"), **facts}
    run = api.runs.submit(RunSubmission(**wish))
    if ended is not None:
        end(api, run, ended)
    return api.runs.get(run.id)


def end(api: Services, run: Run, ended: RunStatus = RunStatus.COMPLETED, **facts: Any) -> None:
    """End a run as its dispatcher would."""
    with api.store.write() as c:
        for state in (RunStatus.RUNNING, ended):
            runs.move_run(c, run.id, state, **(facts if state is ended else {}))


def log(api: Services, run: Run, name: str, values: Iterable[float]) -> None:
    """Log a series."""
    value = list(values)
    times = 1e9 + np.arange(len(value)) / 3
    with api.store.write() as c:
        metrics.append_points(c, run.id, points(value, stream=name, name=name, times=times))


def leave(api: Services, run: Run, name: str, data: bytes, kind: FileKind = FileKind.OUTPUT) -> None:
    """Leave a file with a run."""
    digest = api.blobs.upload("x", Upload(data)).digest
    file = RunFile(name=name, kind=kind, size_bytes=len(data), digest=digest, mode=0o644, modified_at=AT)
    with api.store.write() as c:
        files.put_file(c, run.id, file)


def fill(api: Services, folder: Path) -> dict[str, Run]:
    """Put something into every place of a workspace that an archive has to carry; the runs by what they are."""
    folder.mkdir(parents=True)
    (folder / "train.py").write_text("print('ä')\n")
    (folder / "sub").mkdir()
    (folder / "sub" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "sub" / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("train.py")
    snapshot = api.snapshots.create(SnapshotRequest(directory=str(folder), rule="directory")).snapshot
    assert snapshot is not None
    captured = api.blobs.upload("X.pkl", Upload(b"captured"))
    made = {
        "rich": add_run(
            api,
            ended=None,
            kind="cell",
            display_name="baseline µ",
            description="first\nsecond",
            tags={"owner": "ada", "bare": "", "../x": "'; DROP TABLE runs;--"},
            params={"lr": "0.1", "depth": "3"},
            snapshot_id=snapshot.id,
            snapshot_scope="project",
            inputs=(captured,),
            captured=(Captured(name="X", how="data", type="ndarray", size_bytes=8),),
            notes=("a note",),
            environment_variables={"OMP_NUM_THREADS": "1"},
            source=RunSource(document="a.ipynb", document_id="d", cell_source="%%submit\nx"),
        )
    }
    rich = made["rich"]
    log(api, rich, "loss", (1 / (i + 1) for i in range(5000)))
    log(api, rich, "a metric, late", [math.nan, math.inf, -math.inf, -0.0])
    log(api, rich, "accuracy", [0.9])
    _log_typed(api, rich)
    leave(api, rich, "outputs/model/weights.bin", WEIGHTS)
    leave(api, rich, "outputs/model/ä.txt", b"text " * 1000)
    leave(api, rich, "std.log", LOG, FileKind.LOG)
    leave(api, rich, "y.pkl", b"", FileKind.RESULT)
    end(api, rich, RunStatus.FAILED, error=RunError(code="script", message="boom", exit_code=1, traceback="t"))
    api.runs.update(rich.id, RunUpdate(properties={"mlws.rerun_of": "x"}))
    made["sweep"] = add_run(api, ended=None, kind="sweep", sweep=({"lr": "1"}, {"lr": "2"}), parallel=1)
    for child in api.runs.list(parent=made["sweep"].id).items:
        log(api, child, "loss", [1.0, 0.5])
        end(api, child)
    made["parent"] = add_run(api, ended=None, experiment="other")
    with api.store.write() as c:
        runs.move_run(c, made["parent"].id, RunStatus.RUNNING)
    api.runs.create_children(
        made["parent"].id, NewChildren(items=(NewChild(id=f"{made['parent'].id}_1", params={"fold": "1"}),))
    )
    with api.store.write() as c:
        for run_id in (f"{made['parent'].id}_1", made["parent"].id):
            runs.move_run(c, run_id, RunStatus.COMPLETED)
    _register(api, rich)
    api.experiments.update("other", ExperimentUpdate(description="of children", tags={"team": "a"}, archived=True))
    api.experiments.create("empty")
    return {name: api.runs.get(run.id) for name, run in made.items()}


def _log_typed(api: Services, run: Run) -> None:
    new = typed_metrics.NewValue
    values = [
        new(name="rows", type="row", at=AT + timedelta(seconds=i), value={"i": i, "é\0": "NaN"}) for i in range(3)
    ]
    values += [new(name="matrix", type="confusion_matrix", at=AT, step=3, description="d", value={"data": [[1, 2]]})]
    values += [new(name="big", type="table", at=AT, value={"x": [0] * 40_000}) for _ in range(3)]
    with api.store.write() as c:
        typed_metrics.append_values(c, run.id, "values/1", 0, 10, values)


def _register(api: Services, run: Run) -> None:
    for version, properties in ((1, {}), (2, {"auc": "0.9"})):
        wish = ModelRegistration(
            name="digits",
            run_id=run.id,
            path="outputs/model" if version == 1 else "outputs/model/weights.bin",
            tags={"stage": "test"},
            description="µ",
            properties=properties,
        )
        api.models.register(wish)
    api.models.set_alias("digits", "production", 2)


def everything(api: Any) -> dict[str, Any]:
    """All that the API tells of a workspace's records, but for what a workspace gives itself: the ids of its rows."""
    found: dict[str, Any] = {
        "experiments": {
            item.name: replace(item, id=0) for item in api.experiments.list(limit=1000, include_archived=True).items
        },
        "models": sorted(api.models.list(limit=1000).items, key=lambda model: model.id),
    }
    for run in _all(lambda cursor: api.runs.list(include_children=True, limit=500, cursor=cursor)):
        found[run.id] = repr(api.runs.get(run.id))
        for file in _all(lambda cursor, run=run: api.files.list(run.id, cursor=cursor)):
            found[run.id, "file", file.name] = file, api.files.download(run.id, file.name, str(file.kind)).digest
        for item in _all(lambda cursor, run=run: api.metrics.list(run.id, cursor=cursor)):
            found[run.id, "series", item.name] = repr(item), api.metrics.read(run.id, item.name).read()
        for item in _all(lambda cursor, run=run: api.metrics.typed(run.id, cursor=cursor)):
            found[run.id, "typed", item.name] = item, repr(api.metrics.values(run.id, item.name))
        if run.snapshot_id is not None:
            found[run.snapshot_id] = api.snapshots.get(run.snapshot_id)
    return found


def _all(page: Callable[[str | None], Any]) -> Iterable[Any]:
    cursor = None
    while True:
        answer = page(cursor)
        yield from answer.items
        cursor = answer.next_cursor
        if cursor is None:
            return


# -- archives by hand


def parts(archive: bytes) -> dict[str, bytes]:
    """The entries of an archive."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {info.filename: opened.read(info) for info in opened.infolist()}


def forge(entries: dict[str, bytes], *, honest: bool = True, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these entries; its digests say what is in it unless it is not `honest`."""
    entries = dict(entries)
    if honest:
        names = ("mlws-archive.json", "records.jsonl", "series.bin")
        digests = {name: hashlib.sha256(entries[name]).hexdigest() for name in names if name in entries}
        entries["digests.json"] = json.dumps(digests).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.create_system, info.compress_type, info.external_attr = 3, method, 0o100644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def block(run: str, name: str, start: int, values: list[float]) -> bytes:
    """A piece of a series."""
    head = json.dumps({"run": run, "name": name, "start": start}).encode()
    count = len(values)
    steps, times = np.arange(count, dtype="<i8"), np.zeros(count, "<f8")
    return struct.pack("<II", len(head), count) + head + steps.tobytes() + times.tobytes() + np.array(values).tobytes()

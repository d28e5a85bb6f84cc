"""Works that write records: workspaces, runs, their tags, and what happens when they are thrown away."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import next_version
import numpy as np
from works.place import say, services, submission

from jupyter_mlws import workspace as room
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.blobs.marking import put_mark
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.services import Keeping, Services
from jupyter_mlws.store import Store, metrics, schema
from jupyter_mlws.workspace.config import trust
from jupyter_mlws.workspace.folder import create, prepare

ASSETS = Path(__file__).parents[2] / "assets"


def init(place: Path) -> None:
    """``mlws init``, open, trust."""
    folder = place / "project"
    folder.mkdir(exist_ok=True)
    made = create(folder)
    say(f"made {made}")
    with room.connect(made) as opened:
        say(f"opened {opened.id}")
    trust(folder)
    say("trusted")


def upgrade(place: Path) -> None:
    """Open a database of the first format with a version to come, whose tables have grown."""
    folder = place / "workspace"
    folder.mkdir(exist_ok=True)
    if not (folder / "mlws.sqlite").exists():
        shutil.copyfile(ASSETS / "store-1.sqlite", folder / "mlws.sqlite")
    scripts = place / "migrations"
    shutil.copytree(schema.MIGRATIONS, scripts, dirs_exist_ok=True)
    (scripts / "versions" / f"{next_version.SCHEMA}_pretended.py").write_text(next_version._MIGRATION)
    schema.SCHEMA_VERSIONS = (*schema.SCHEMA_VERSIONS, next_version.SCHEMA)
    schema.SCHEMA_VERSION = next_version.SCHEMA
    migrate = schema.migrate
    schema.migrate = lambda engine, **more: migrate(engine, scripts, **more)
    Store.open(folder).close()
    say(f"upgraded {next_version.SCHEMA}")


def submit(place: Path) -> None:
    """A run, and a sweep of two."""
    api = services(place)
    say(f"run {api.runs.submit(submission(place, api, 'one')).id}")
    sweep = ({"n": "1"}, {"n": "2"})
    say(f"sweep {api.runs.submit(submission(place, api, 'two', kind='sweep', sweep=sweep)).id}")


def cancel(place: Path) -> None:
    """A run that is canceled before anybody has claimed it."""
    api = services(place)
    run = api.runs.submit(submission(place, api, "gone"))
    say(f"run {run.id}")
    say(f"canceled {api.runs.cancel(run.id).id}")


def write_records(place: Path) -> None:
    """Tags and models, one transaction after the other."""
    api = services(place)
    run = api.runs.submit(submission(place, api, "one"))
    for i in range(4):
        api.runs.update(run.id, RunUpdate(tags={f"tag{i}": "x"}))
        say(f"tag{i}")


def collect_garbage(place: Path) -> None:
    """A run, a model and a snapshot are deleted and purged, and their bytes swept; others stay."""
    _collect(services(place, keeping=_at_once), place)


def collect_remote_garbage(place: Path) -> None:
    """The same where fsspec leads."""
    (place / "remote").mkdir(exist_ok=True)
    blobs = BlobStore(f"local://{place}/remote")
    put_mark(blobs, prepare(place / "workspace").id)
    _collect(services(place, blobs, keeping=_at_once), place)


def _at_once() -> Keeping:
    return Keeping(trash_days=0.0, grace_s=0.0)


def _collect(api: Services, place: Path) -> None:
    for name in ("kept", "gone"):
        (place / "code").mkdir(exist_ok=True)
        (place / "code" / "train.py").write_text(f"print({name!r}, {time.time_ns()})")
        report = api.snapshots.create(SnapshotRequest(directory=str(place / "code"), rule="directory"))
        assert report.snapshot is not None
        wish = RunSubmission(experiment="faults", command=("p",), snapshot_id=report.snapshot.id)
        run = api.runs.submit(wish)
        api.runs.cancel(run.id)
        with api.store.write() as c:
            numbers = np.arange(3.0)
            metrics.put_points(c, run.number, "loss", np.arange(3), numbers, numbers, run.created_at)
        stored = api.files.upload(run.id, "outputs/a.bin", Upload(f"{name} {run.id}".encode()))
        left = place / "workspace" / "runs" / run.id / "left"
        left.mkdir(parents=True)
        os.utime(left.parent, (1, 1))  # of a young folder nobody knows whether its run is about to be recorded
        model = api.models.register(ModelRegistration(name=name, run_id=run.id, path="outputs/a.bin"))
        if name == "gone":
            api.runs.delete(run.id)
            api.models.delete(name, model.version)
        else:
            say(f"kept {run.id} {stored.digest} {model.id}")
    report = api.trash.collect(everything=True)
    if report.warnings:
        raise Unavailable(report.warnings[0])
    assert not api.trash.list().items
    say("collected")

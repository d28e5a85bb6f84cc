"""People and a garbage collector in one workspace: what each of them does again and again until its time is over.

``python garbage_makers.py ROLE FOLDER DATABASE SECONDS SEED`` prints how often it succeeded. All draw from the same few
contents, so what one is about to record is what another has just given up, and the collector, whose grace is nought, is
always about to take it.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from asleep import Asleep
from sqlalchemy import Connection, update

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher.collecting import Collector
from jupyter_mlws.domain.model import ModelFile, ModelRegistration
from jupyter_mlws.domain.names import new_run_id
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.errors import Conflict, InvalidInput, MlwsError, NotFound, Unavailable
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import Keeping, Services
from jupyter_mlws.services.holding import Hold
from jupyter_mlws.store import Store, files
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store.tables import runs as run_table

__all__ = ["ROLES", "Place", "check_everything", "work"]

LONGEST_WAIT_S = 0.02
LONGEST_PAUSE_S = 0.05
# Of two collections the later one goes on. Two that begin again at once take the turn from each other for ever.
LONGEST_WITHDRAWAL_S = 1.0
CONTENTS = [bytes([i]) * (100 + 1000 * i) for i in range(12)]
# What may be answered when a collection came between, and is tried again.
EXPECTED = (Unavailable, NotFound, InvalidInput)


class Place(Services):
    """A workspace with a collector that grants nobody any time."""

    def __init__(self, folder: Path, database: Path | str, blobs: BlobStore | None = None) -> None:
        self.folder = folder
        self.database = database
        self.keep = Keeping(trash_days=0.0, grace_s=0.0)
        self.blob_store = blobs or BlobStore(folder / "blobs")
        super().__init__(
            folder,
            Store.open(database),
            self.blob_store,
            wake=Asleep(),
            user="ada",
            host="box",
            workspace_id="stress",
            keeping=lambda: self.keep,
        )

    def again(self) -> Place:
        """The same workspace, opened once more."""
        return Place(self.folder, self.database, self.blob_store)

    def wait_before_writing(self, chance: random.Random) -> None:
        """From now on every transaction waits for its turn, as it does where many write."""
        write = self.store.write

        @contextmanager
        def waiting() -> Iterator[Connection]:
            time.sleep(chance.random() * LONGEST_WAIT_S)
            with write() as c:
                yield c

        self.store.write = waiting


def _ended(api: Place, run_id: str) -> None:
    with api.store.write() as c:
        c.execute(update(run_table).where(run_table.c.id == run_id).values(status="Completed"))


def submit(api: Place, chance: random.Random, place: Path) -> None:
    """Snapshot a folder that changes to and fro, upload an input, submit, end, and delete an earlier run."""
    project = place / "project"
    project.mkdir(exist_ok=True)
    for name in ("a.py", "b.py", "c.py"):
        (project / name).write_bytes(chance.choice(CONTENTS))
    snapshot = api.snapshots.create(SnapshotRequest(directory=str(project), rule="directory")).snapshot
    assert snapshot is not None
    given = api.blobs.upload("x.pkl", Upload(chance.choice(CONTENTS)))
    submission = RunSubmission(experiment="stress", command=("python",), snapshot_id=snapshot.id, inputs=(given,))
    _ended(api, api.runs.submit(submission).id)
    delete_some(api, chance)


def collect(api: Place, chance: random.Random, place: Path) -> None:
    """Take up the outputs of a run, as a dispatcher does."""
    with api.store.write() as c:
        wish = RunSubmission(experiment="stress", command=("python",))
        run = store_runs.create_run(c, wish, run_id=new_run_id("stress"), user="ada", host="box")
    folder = RunFolder(api.folder / "runs" / run.id)
    folder.create()
    for i in range(4):
        (folder.outputs / f"{i}.bin").write_bytes(chance.choice(CONTENTS))
    blobs = api.blob_store
    collector = Collector(folder, "", {}, blobs, hold=lambda: Hold(api.store, blobs))
    for _ in range(100):
        collector.everything()
        try:
            blobs.sync(file.digest for file in collector.pending)
            with api.store.write() as c:
                collector.check_kept(c)
                files.put_files(c, run.id, collector.pending)
            break
        except EXPECTED:
            collector.not_kept()
    else:
        raise AssertionError("A collector never got through.")
    assert len(api.files.list(run.id).items) == 4
    _ended(api, run.id)
    delete_some(api, chance)


def register(api: Place, chance: random.Random, place: Path) -> None:
    """Register a model of uploaded files, and delete an earlier one."""
    uploaded = [api.blobs.upload(f"{i}.bin", Upload(chance.choice(CONTENTS))) for i in range(3)]
    made = tuple(ModelFile(path=item.name, digest=item.digest, size_bytes=item.size_bytes) for item in uploaded)
    model = api.models.register(ModelRegistration(name="net", files=made))
    if model.version > 3:
        api.models.delete("net", chance.randint(1, model.version - 1))


def sweep(api: Place, chance: random.Random, place: Path) -> None:
    """Collect garbage."""
    report = api.trash.collect(everything=True)
    assert not report.warnings, report
    time.sleep(chance.random() * LONGEST_PAUSE_S)


def delete_some(api: Place, chance: random.Random) -> None:
    for run in api.runs.list(limit=20).items[5:]:
        if run.status.is_terminal and chance.random() < 0.3:
            api.runs.delete(run.id)


ROLES: dict[str, Callable[[Place, random.Random, Path], None]] = {
    "submit": submit,
    "collect": collect,
    "register": register,
    "sweep": sweep,
}


def work(api: Place, role: str, place: Path, seconds: float, seed: int) -> int:
    """Do a role's work for a while; returns how often it succeeded."""
    chance, done, refused, began = random.Random(seed), 0, 0, time.monotonic()
    expected = (Conflict,) if role == "sweep" else EXPECTED
    if role != "sweep":
        api.wait_before_writing(chance)
    # On a busy machine it may take longer than that until everybody got through once.
    while time.monotonic() < began + seconds or (not done and time.monotonic() < began + 20 * seconds):
        try:
            ROLES[role](api, chance, place)
            done += 1
            refused = 0
        except expected:
            if role == "sweep":
                refused += 1
                time.sleep(chance.random() * min(2**refused * LONGEST_PAUSE_S, LONGEST_WITHDRAWAL_S))
    return done


def check_everything(api: Place) -> int:
    """Read every byte that the records name; returns how many names there were."""
    count = 0
    for run in api.runs.list(limit=1000, include_children=True).items:
        count += 1
        if run.snapshot_id:
            api.snapshots.download(run.snapshot_id).read()
        with api.store.read() as c:
            for item in store_runs.get_submission(c, run.id).inputs:
                api.blob_store.read(item.digest)
        for file in api.files.list(run.id).items:
            api.files.download(run.id, file.name, file.kind.value).read()
            count += 1
    for model in api.models.list(limit=1000).items:
        for entry in model.files:
            api.models.download(model.name, model.version, entry.path).read()
            count += 1
    return count


if __name__ == "__main__":
    role, folder, database, seconds, seed = sys.argv[1:]
    place = Path(folder) / "places" / f"{role}-{seed}"
    place.mkdir(parents=True)
    services = Place(Path(folder), database if "://" in database else Path(database))
    try:
        print(work(services, role, place, float(seconds), int(seed)))
    except MlwsError as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from error

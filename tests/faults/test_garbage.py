"""A garbage collector beside everybody else: what is recorded can be read, whoever was quicker."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import garbage_makers
import pytest
from garbage_makers import Place

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.blobs.marking import put_mark

SECONDS = 3.0


def run_beside(folder: Path, database: str, roles: list[str], seconds: float) -> dict[str, int]:
    """Have several processes work in one workspace; returns how often each kind of work was done."""
    script = garbage_makers.__file__
    processes = [
        subprocess.Popen(
            [sys.executable, script, role, str(folder), database, str(seconds), str(seed)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed, role in enumerate(roles)
    ]
    done = dict.fromkeys(roles, 0)
    for role, process in zip(roles, processes, strict=True):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, f"{role}: {err}"
        done[role] += int(out)
    return done


def sizes(blobs: BlobStore) -> dict[str, int]:
    return {blob.digest: blob.size_bytes for blob in blobs.place.walk()}


@pytest.fixture
def opened(tmp_path: Path, database: str) -> Iterator[Callable[..., Place]]:
    """Opens the workspace of the test, as often as wanted."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    with ExitStack() as stack:

        def open_(blobs: BlobStore | None = None) -> Place:
            place = Place(folder, database if "://" in database else Path(database), blobs)
            stack.callback(place.store.close)
            return place

        yield open_


@pytest.mark.parametrize("seconds", [SECONDS, pytest.param(60.0, marks=[pytest.mark.soak, pytest.mark.timeout(300)])])
def test_whatever_is_recorded_beside_a_collection_without_grace_can_be_read(opened, database, seconds):
    api = opened()
    done = run_beside(api.folder, database, ["submit", "collect", "register", "sweep", "sweep"], seconds)
    assert all(done.values()), done
    assert garbage_makers.check_everything(api) > 10
    assert not api.trash.collect(everything=True).warnings
    before = sizes(api.blob_store)
    assert api.trash.collect(everything=True).blob_count == 0
    assert sizes(api.blob_store) == before
    assert garbage_makers.check_everything(api) > 10


@pytest.mark.only_sqlite
def test_nor_is_it_lost_where_the_bytes_are_in_a_store_of_objects(opened, tmp_path):
    blobs = BlobStore(f"memory://{tmp_path}/blobs")
    done: dict[str, int] = {}
    errors: list[BaseException] = []
    roles = ["submit", "collect", "register", "sweep"]
    places = [opened(blobs) for _ in roles]
    put_mark(blobs, "stress")

    def work(role: str, seed: int) -> None:
        own = tmp_path / role
        own.mkdir()
        try:
            done[role] = garbage_makers.work(places[seed], role, own, SECONDS, seed)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(role, seed)) for seed, role in enumerate(roles)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert all(done.values()), done
    assert garbage_makers.check_everything(places[0]) > 5


LEAVING = """
import time
from pathlib import Path
import jupyter_mlws as mlws
run = mlws.Run.get_context()
Path("outputs").mkdir(exist_ok=True)
for i in range(12):
    Path(f"outputs/{i}.bin").write_bytes(bytes([i]) * 3000)
    Path("outputs/again.bin").write_bytes(bytes([i % 3]) * 3000)
    run.log("n", i)
    time.sleep(0.05)
run.upload_file("kept/note.txt", "outputs/3.bin")
run.register_model("net", "outputs/again.bin")
"""


@pytest.mark.only_sqlite
def test_jobs_keep_all_they_leave_while_a_collector_without_grace_never_rests(lab, monkeypatch):
    monkeypatch.setenv("MLWS_GARBAGE_GRACE_S", "0")
    runs = [lab.submit(LEAVING) for _ in range(3)]
    deadline = time.monotonic() + 60
    while not all(run.refresh().status.is_terminal for run in runs):
        assert time.monotonic() < deadline, lab.log()
        lab.api.trash.collect(everything=True)
    for run in runs:
        assert run.status == "Completed", run.get_details()
        assert run.get_metrics()["n"] == list(range(12))
        names = run.get_file_names()
        assert {"outputs/0.bin", "outputs/11.bin", "outputs/again.bin", "kept/note.txt"} <= set(names)
        for file in lab.api.files.list(run.id).items:
            assert len(lab.api.files.download(run.id, file.name, file.kind.value).read()) == file.size_bytes
        assert run.delete().run_count == 1
    lab.api.trash.collect(everything=True)
    assert len(lab.ws.models("net")) == 3
    for model in lab.ws.models("net"):
        assert lab.api.models.download("net", model.version, "again.bin").read() == bytes([2]) * 3000
    # The three models are one blob; all else has gone with the runs.
    assert [blob.size_bytes for blob in BlobStore(lab.folder / "blobs").place.walk()] == [3000]

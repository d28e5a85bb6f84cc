"""A garbage collector beside everybody else: what is recorded can be read, whoever was quicker."""

from __future__ import annotations

import subprocess
import sys
import threading
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

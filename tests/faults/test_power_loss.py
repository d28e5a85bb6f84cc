"""After a power loss at any moment the workspace opens, is sound, and holds everything that had been acknowledged.

The moments are those at which what is safe changes: each sync of a recorded piece of work, and each acknowledgement.
At each of them the disk may hold less or more of what was not synced (`power.Disk`).
"""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import fault_oracles
import fault_works
import pytest
from needs import program
from power import Disk, Event, record
from sqlalchemy import Connection

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher.settings import read_workspace_file
from jupyter_mlws.snapshots import load_manifest
from jupyter_mlws.store import Store, files
from jupyter_mlws.store.runs import get_run, get_submission

# How likely a change of names, and a piece of data, is there although nothing has synced it; whether writes are torn.
LOST = {"names": 0.0, "data": 0.0, "torn": False}
ONLY_NAMES = {"names": 1.0, "data": 0.0, "torn": False}
ONLY_DATA = {"names": 0.0, "data": 1.0, "torn": False}
SOME = {"names": 0.5, "data": 0.5, "torn": True}


def need_strace() -> None:
    program("strace", "it records what is replayed here")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    need_strace()
    place = tmp_path_factory.mktemp("recorded")
    command = [sys.executable, fault_works.__file__, "live_through_power_losses", str(place)]
    return place, record(command, place, place.with_name("trace"))


def is_whole(place: Path, said: Sequence[str]) -> None:
    """The real store and blobs open what is left, and have what was acknowledged."""
    if not said:
        return
    folder = place / "workspace"
    found = read_workspace_file(folder)
    assert found is not None
    assert f"opened {found.id}" == said[0]
    blobs = BlobStore(folder / "blobs")
    with Store.open(folder) as store, store.read() as c:
        fault_oracles.store_is_sound(folder)
        for line in said:
            word, name, *more = line.split(" ")
            if word == "run":
                assert get_run(c, name).snapshot_id == more[0]
            elif word == "tag":
                assert more[0] in get_run(c, name).tags
            elif word == "files":
                assert len(files.list_files(c, name)) == int(more[0])
        # Acknowledged or not: what is recorded has its bytes.
        for (run_id,) in c.exec_driver_sql("SELECT id FROM runs").all():
            has_its_bytes(c, blobs, run_id)


def has_its_bytes(c: Connection, blobs: BlobStore, run_id: str) -> None:
    """All that a run's record names can be read, with the right digests."""
    submission = get_submission(c, run_id)
    assert submission.snapshot_id is not None
    named = [entry.digest for entry in load_manifest(submission.snapshot_id, blobs).entries]
    named += [item.digest for item in (*submission.inputs, *files.list_files(c, run_id))]
    for digest in named:
        blobs.read(digest)


def lose_power(recorded: tuple[Path, list[Event]], place: Path, variants: Sequence[dict], every: int, seed: int) -> int:
    """Replay the work, and lose power at each `every`-th boundary in all these ways; returns how often."""
    root, events = recorded
    disk, chance, boundaries, losses = Disk(root), random.Random(seed), 0, 0
    for event in events:
        if not disk.do(event):
            continue
        boundaries += 1
        if (boundaries + seed) % every:
            continue
        for variant in variants:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            disk.after_power_loss(place, chance, **variant)
            try:
                is_whole(place, disk.said)
            except BaseException as error:
                error.add_note(f"at boundary {boundaries} after {event.call} of {event.path}, with {variant}")
                raise
            losses += 1
    assert any(line.startswith("files") for line in disk.said)
    return losses


def test_F05_what_was_acknowledged_outlives_a_power_loss_that_takes_all_that_was_not_synced(recorded, tmp_path, trials):
    losses = lose_power(recorded, tmp_path / "disk", [LOST], every=6, seed=0)
    trials("power lost at a sync boundary", losses=losses)
    assert losses > 20


@pytest.mark.parametrize("variant", [ONLY_NAMES, ONLY_DATA, SOME], ids=["names", "data", "some"])
def test_F05_and_one_that_leaves_some_of_it(recorded, tmp_path, variant):
    assert lose_power(recorded, tmp_path / "disk", [variant], every=15, seed=1) > 5


@pytest.mark.parametrize(
    "forgotten",
    [("fsync", "/blobs/"), ("fdatasync", "-wal"), ("fsync", "/workspace/.workspace.json")],
    ids=["blobs", "log", "workspace"],
)
def test_the_replay_notices_when_a_sync_is_missing(recorded, tmp_path, forgotten):
    """What cannot fail proves nothing: the same work without these syncs does not pass."""
    root, events = recorded
    call, part = forgotten
    kept = [event for event in events if not (event.call == call and part in event.path)]
    assert len(kept) < len(events)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the damage looks like
        lose_power((root, kept), tmp_path / "disk", [LOST], every=2, seed=0)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2))
def test_F05_at_every_boundary(recorded, tmp_path, seed, trials):
    losses = lose_power(recorded, tmp_path / "disk", [LOST, ONLY_NAMES, ONLY_DATA, SOME], every=1, seed=seed)
    trials("power lost at a sync boundary, in four ways", losses=losses)
    assert losses > 400


def test_F05_what_a_script_logged_is_on_the_disk_after_the_agents_sync(tmp_path):
    """Stores into mapped memory are no system calls. What counts: every file is synced, its name, the state last."""
    place = tmp_path / "workspace" / "runs"
    place.mkdir(parents=True)
    need_strace()
    events = record([sys.executable, fault_works.__file__, "log_and_sync", str(place)], tmp_path, tmp_path / "trace")
    folder = place / "run"
    synced = [event.path for event in events if event.call == "fsync"]
    wanted = {str(path) for path in (folder / "journal").iterdir()}
    assert len(wanted) >= 2
    wanted |= {str(path) for path in (folder / "journal", folder / "logs", folder, place, place.parent)}
    wanted |= {str(folder / "logs" / "std.log"), str(folder / "state.jsonl")}
    assert wanted == set(synced)
    assert synced[-1] == str(folder / "state.jsonl")
    # A second pass need not look at the names again.
    assert synced.count(str(folder)) == 1
    assert synced.count(str(folder / "logs" / "std.log")) == 2

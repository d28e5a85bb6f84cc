"""What a submit promises about disk, time and concurrency."""

from __future__ import annotations

import errno
import os
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asleep import Asleep

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.run import Captured, Run, RunSource, RunSubmission
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.store.later import LaterBodies


class Watched(BlobStore):
    """Remembers what was synced; the disk may refuse."""

    failure: OSError | None = None

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.synced: list[str] = []

    def sync(self, digests: Iterable[str]) -> None:
        digests = list(digests)
        if self.failure is not None:
            raise self.failure
        super().sync(digests)
        self.synced += digests


@dataclass
class Place:
    api: Services
    blobs: Watched

    def submission(self, data: bytes = b"x", **facts: Any) -> RunSubmission:
        captured = tuple(Captured(name=f"v{i}", how="data", type="ndarray") for i in range(20))
        given = self.api.blobs.upload("X.pkl", Upload(data))
        return RunSubmission(
            experiment="digits",
            command=("python", "a.py"),
            inputs=(given,),
            captured=captured,
            inherited_environment=dict(os.environ),
            source=RunSource(cell_source="x = 1\n" * 50, document="a.ipynb"),
            **facts,
        )

    def runs(self) -> tuple[Run, ...]:
        return self.api.runs.list().items


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    blobs = Watched(tmp_path / "blobs")
    with Store.open(tmp_path) as store:
        yield Place(Services(tmp_path, store, blobs, wake=Asleep(), user="ada", host="box"), blobs)


def test_captured_bytes_are_on_the_disk_before_the_record_that_names_them(place: Place) -> None:
    wish = place.submission()
    assert place.blobs.synced == []
    place.api.runs.submit(wish)
    assert place.blobs.synced == [wish.inputs[0].digest]


def test_F06_a_disk_that_refuses_leaves_no_record(place: Place) -> None:
    wish = place.submission()
    place.blobs.failure = OSError(errno.EIO, "Input/output error")
    with pytest.raises(Unavailable, match="did not take the files"):
        place.api.runs.submit(wish)
    assert place.runs() == ()


def test_a_submit_takes_milliseconds(place: Place) -> None:
    wishes = [place.submission(os.urandom(20_000)) for _ in range(21)]
    took = []
    for wish in wishes:
        start = time.thread_time()
        place.api.runs.submit(wish)
        took.append(time.thread_time() - start)
    # 3 ms, and two syncs of the disk; work alone is counted, for the machine may be busy with other things.
    assert statistics.median(took) < 0.02


def test_a_large_sweep_is_recorded_in_one_go(place: Place) -> None:
    wish = place.submission(kind="sweep", sweep=tuple({"lr": str(i)} for i in range(500)))
    sweep = place.api.runs.submit(wish)
    assert sweep.child_count == 500
    ids = {run.id for run in place.api.runs.list(parent="1", limit=1000).items}
    assert len(ids) == 500


def test_what_is_recorded_of_a_run_has_a_limit(place: Place) -> None:
    wish = place.submission(notes=("x" * 9_000_000,))
    with pytest.raises(Exception, match="record of the run would have"):
        place.api.runs.submit(wish)
    assert place.runs() == ()


@pytest.mark.parametrize(("limit", "whole"), [(1000, True), (1001, False)])
def test_only_a_page_that_cannot_leave_the_process_reads_what_was_submitted_later(
    place: Place, limit: int, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mlws.store.run_cards.LAG", 1)
    place.api.runs.submit(place.submission(arguments=("--fast",)))
    for _ in range(40):  # until the run has a card
        place.api.experiments.create("other")
    [found] = place.api.runs.list(limit=limit).items
    assert isinstance(vars(found)["_body"], str if whole else LaterBodies)
    assert found.arguments == ("--fast",)

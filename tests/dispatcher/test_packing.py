"""A dispatcher packs what has ended, once, and goes on where another one left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from points import points
from pretended import Clock, World

from jupyter_mlws import faults
from jupyter_mlws.dispatcher import packing
from jupyter_mlws.dispatcher.packing import Packing
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.store import metrics
from jupyter_mlws.store.packing import packed_through, series_to_pack
from jupyter_mlws.store.run_states import move_run

COUNT = 2_000


class Place:
    """A workspace with runs that have points, and a dispatcher that packs them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.context = world.begin().context
        self.clock = Clock()
        self.passed: list[str] = []

    def run(self, *, ended: bool = True) -> Run:
        run = self.world.api.runs.submit(RunSubmission(experiment="e", command=("true",)))
        with self.store.write() as c:
            metrics.append_points(c, run.id, points(range(COUNT)))
        if ended:
            self.end(run)
        return run

    def end(self, run: Run) -> None:
        with self.store.write() as c:
            move_run(c, run.id, RunStatus.CANCELED)

    def packer(self) -> Packing:
        return Packing(self.context)

    def go_round(self, packer: Packing) -> None:
        """Have it walk all runs once."""
        self.clock.now += self.context.settings.pack_pause_s + 1
        while (pause_s := packer.step()) < self.context.settings.pack_pause_s:
            self.clock.now += pause_s

    def bytes(self) -> int:
        """What the database takes on the disk, but for what its log is about to give back."""
        self.store.settle()
        return (self.world.folder / "mlws.sqlite").stat().st_size

    def left(self, *runs: Run) -> list[int]:
        with self.store.read() as c:
            return [number for number, _ in series_to_pack(c, [run.number for run in runs])]

    def through(self) -> int:
        with self.store.read() as c:
            return packed_through(c)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    world = World(tmp_path, Clock())
    found = Place(world)
    monkeypatch.setattr(packing.time, "monotonic", found.clock.monotonic)
    monkeypatch.setattr(faults, "point", lambda name: found.passed.append(name) if "packing" in name else None)
    yield found
    world.close()


def test_what_has_ended_is_packed_once_and_what_goes_on_when_it_ends(place):
    first, going, last = place.run(), place.run(ended=False), place.run()
    packer = place.packer()
    assert packer.step() > 0
    assert place.left(first, last) == [first.number, last.number]
    place.go_round(packer)
    assert place.left(first, going, last) == [going.number]
    assert place.through() == first.number
    place.passed.clear()
    place.go_round(packer)
    assert place.passed == []
    place.end(going)
    place.go_round(packer)
    assert place.left(first, going, last) == []
    assert place.passed == ["packing.series", "packing.note"]
    assert place.through() == last.number


def test_another_dispatcher_goes_on_and_does_nothing_twice(place):
    first = place.run()
    place.go_round(place.packer())
    second = place.run()
    place.passed.clear()
    place.go_round(place.packer())
    assert place.left(first, second) == []
    assert place.passed.count("packing.series") == 1


def test_what_went_wrong_is_done_later(place, monkeypatch):
    runs = [place.run(), place.run()]
    packer = place.packer()

    def busy(*_: Any) -> None:
        raise Unavailable("The database is busy.")

    for point in ("packing.series", "packing.note"):
        with monkeypatch.context() as patched:
            patched.setattr(faults, "point", lambda name, at=point: busy() if name == at else None)
            place.go_round(packer)
        assert place.through() == 0
    place.go_round(packer)
    assert place.left(*runs) == []
    assert place.through() == runs[-1].number


def test_what_is_in_the_trash_is_left_alone(place):
    run = place.run()
    place.world.api.runs.delete(run.id)
    place.go_round(place.packer())
    assert "packing.series" not in place.passed


def test_what_packing_made_free_is_given_back_to_the_disk(place, monkeypatch):
    count, batch = 300_000, 50_000
    run = place.run(ended=False)
    noise = np.random.default_rng(3).normal(size=count)
    for first in range(0, count, batch):
        with place.store.write() as c:
            part = noise[first : first + batch]
            metrics.append_points(c, run.id, points(part, start=first, stream="b", name="noise"))
    place.end(run)
    before = place.bytes()
    packer = place.packer()
    place.go_round(packer)
    after = place.bytes()
    assert after < 0.9 * before
    assert after / count <= 12
    # Once: where nothing more has ended nobody is kept from writing to look for it.
    asked: list[int] = []
    monkeypatch.setattr(place.store, "give_back", lambda: asked.append(1) or 0)
    place.go_round(packer)
    assert asked == []
    place.run()
    place.go_round(packer)
    assert asked == [1]

"""How soon points are stored: at once after a silence, and then as fast as the disk allows, within bounds."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pretended import Clock, World

from jupyter_mlws.dispatcher import intake as room
from jupyter_mlws.dispatcher.intake import Intake
from jupyter_mlws.dispatcher.interactive import make_notes
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder


class Paced:
    """The intake of a run that a test logs for, by a clock that the test sets; a commit takes `commit_s` by it."""

    def __init__(self, world: World, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.clock, self.commit_s = world, clock, 0.0
        self.run_id = world.api.runs.submit(RunSubmission(experiment="e", command=("true",))).id
        self.context = context = world.begin().context
        folder = RunFolder(context.run_folder(self.run_id)).create()
        run = world.api.runs.get(self.run_id)
        make_notes(context, folder, run)
        self.intake = Intake(context, folder, run)
        self.writer = JournalWriter(folder)
        store = Intake._store

        def slow(intake: Intake, found: list[object]) -> None:
            store(intake, found)
            clock.now += self.commit_s if found else 0.0

        monkeypatch.setattr(Intake, "_store", slow)

    def log(self, value: float) -> None:
        self.writer.log("loss", value)

    def flow(self) -> None:
        """Log twice, so that points are coming; it is time for the next look."""
        for _ in range(2):
            self.log(0.0)
            self.intake.step()
            self.clock.now += 0.4

    def stored(self) -> int:
        found = self.world.api.metrics.list(self.run_id).items
        return found[0].count if found else 0


@pytest.fixture
def paced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paced]:
    world = World(tmp_path, Clock())
    clock = SimpleNamespace(now=time.monotonic())
    monkeypatch.setattr(room, "time", SimpleNamespace(monotonic=lambda: clock.now))
    yield Paced(world, clock, monkeypatch)
    world.close()


def test_the_first_point_is_stored_by_the_first_look_and_silence_hurries_nobody(paced: Paced) -> None:
    paced.intake.step()
    assert paced.intake.due_s() == math.inf
    paced.log(1.0)
    paced.intake.step()
    assert paced.stored() == 1
    # What comes now and then, as measurements of the machine do, hurries nobody either.
    for _ in range(3):
        paced.clock.now += 5
        paced.log(1.0)
        paced.intake.step()
        assert paced.intake.due_s() == math.inf
    assert paced.stored() == 4


@pytest.mark.parametrize(("commit_s", "pause_s"), [(0.001, 0.08), (0.1, 0.15), (1.0, 0.3)])
def test_the_pause_behind_a_commit_follows_what_it_took(paced: Paced, commit_s: float, pause_s: float) -> None:
    paced.flow()
    paced.commit_s = commit_s
    paced.log(1.0)
    paced.intake.step()
    assert paced.intake.due_s() == pytest.approx(pause_s, abs=1e-6)
    paced.log(2.0)
    paced.intake.step()
    assert paced.stored() == 3
    paced.clock.now += paced.intake.due_s()
    paced.intake.step()
    assert paced.stored() == 4


def test_many_runs_that_log_leave_each_other_room(paced: Paced) -> None:
    others = paced.context.logging
    for count, pause_s in ((5, 0.08), (19, 0.2), (99, 0.3)):
        paced.flow()
        others.clear()
        others.update(map(str, range(count)))
        paced.log(1.0)
        paced.intake.step()
        assert paced.intake.due_s() == pytest.approx(pause_s, abs=1e-6)
        assert paced.run_id in others
    paced.clock.now += 1
    paced.intake.step()
    assert paced.run_id not in others


def test_a_point_that_is_late_is_looked_for_soon_and_not_for_long(paced: Paced) -> None:
    paced.flow()
    looks = 0
    while (due := paced.intake.due_s()) < math.inf:
        paced.clock.now += max(due, 1e-3)
        paced.intake.step()
        looks += 1
    assert 5 <= looks <= 20


def test_who_is_behind_goes_on_at_once_when_everything_else_has_had_its_turn(paced: Paced) -> None:
    paced.commit_s = 1.0
    for i in range(12_000):
        paced.log(float(i))
    paced.intake.step()
    assert paced.intake.due_s() == 0
    paced.intake.step()
    assert paced.stored() == 12_000
    assert paced.intake.due_s() > 0

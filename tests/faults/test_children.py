"""A dispatcher dies, or finds the disk full, at any point of its work with children, values, requests and questions."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pretended import Clock, PretendedDispatcher, World

from jupyter_mlws import faults
from jupyter_mlws.api.series import decode_series
from jupyter_mlws.dispatcher import following, leftovers
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder import mailbox
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.values import ValuesWriter

POINTS = 5
# More than anybody passes on the way of one run.
MOST_POINTS = 400


class Script:
    """What a script with children leaves in its run folder, all at once."""

    def __init__(self, root: RunFolder, run_id: str) -> None:
        self.root, self.run_id = root, run_id

    def place(self, child: str) -> RunFolder:
        return RunFolder(self.root.children / f"{self.run_id}_{child}")

    def write(self) -> None:
        self._make(self.root, self.run_id, "1", "2")
        self._make(self.place("1"), f"{self.run_id}_1", "1_1")
        for child in ("1", "2", "1_1"):
            writer = JournalWriter(self.place(child))
            for i in range(POINTS):
                writer.log("loss", i)
            ValuesWriter(self.place(child)).append("rows", "row", {"child": child})
            (self.place(child).outputs / "model.bin").write_text(child)
        end = {"status": "Failed", "error": {"code": "x", "message": "no luck"}}
        update = {"tags": {"told": "once"}}
        self._ask(self.place("2"), "runs.update", run=f"{self.run_id}_2", update=update)
        wish = {"name": "net", "run_id": f"{self.run_id}_2", "path": "outputs/model.bin", "key": self.run_id}
        self._ask(self.place("2"), "models.register", registration=wish)
        self._ask(self.place("2"), "runs.end", run=f"{self.run_id}_2", end=end)
        self._ask(self.root, "runs.list", parent=self.run_id)
        self._ask(self.root, "files.download", run=f"{self.run_id}_2", name="outputs/model.bin")
        self._ask(self.root, "models.fetch", name="net", version=0)

    def _make(self, folder: RunFolder, parent: str, *children: str) -> None:
        for child in children:
            self.place(child).create()
        items = [{"id": f"{self.run_id}_{child}"} for child in children]
        self._ask(folder, "runs.create_children", run=parent, children={"items": items})

    def _ask(self, folder: RunFolder, operation: str, **arguments: object) -> None:
        mailbox.post(folder, operation, arguments)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(following, "_RETRY_S", 0.0)

    found = World(tmp_path, Clock(), lambda run_id: Script(RunFolder(found.folder / "runs" / run_id), run_id).write())
    yield found
    found.close()


@contextmanager
def full_at(nth: int, happened: list[str]) -> Iterator[None]:
    """The disk is full for a moment at the n-th point that lies in front of a write."""
    passes = 0

    def point(name: str) -> None:
        nonlocal passes
        # Tidying up after the end is tried once; what it leaves the next dispatcher removes.
        if name.endswith("ed") or name == "following.tidy":
            return
        passes += 1
        if passes == nth:
            happened.append(name)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before, faults.point = faults.point, point
    try:
        yield
    finally:
        faults.point = before


def claimed(world: World) -> tuple[PretendedDispatcher, str]:
    run = world.api.runs.submit(RunSubmission(experiment="e", command=("true",)))
    dispatcher = world.dispatchers[0] if world.dispatchers else world.begin()
    dispatcher.claim()
    return dispatcher, run.id


def see_through(world: World, dispatcher: PretendedDispatcher, run_id: str) -> None:
    """Follow a run to its end; what its agent does next comes between two looks."""
    while run_id in dispatcher.followers:
        dispatcher.step(run_id)
        go_on(world)


def go_on(world: World) -> None:
    """The agents and scripts take a step. The faults are the dispatcher's, these are other processes."""
    among, faults.point = faults.point, lambda name: None
    try:
        for agent in world.agents:
            agent.go_on(0)
    finally:
        faults.point = among


def is_whole(world: World, run_id: str, where: str) -> None:
    """Everything that the script told is there, once."""
    root = world.api.runs.get(run_id)
    assert root.status is RunStatus.COMPLETED, (where, root.error)
    assert (root.child_count, root.children_ended) == (2, 2), where
    ends = {child: world.api.runs.get(f"{run_id}_{child}") for child in ("1", "2", "1_1")}
    assert [run.status for run in ends.values()] == [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.COMPLETED], where
    assert ends["2"].error is not None
    assert ends["2"].tags == {"told": "once"}, where
    for child, run in ends.items():
        values = decode_series(world.api.metrics.read(run.id, "loss").read()).columns["value"]
        assert list(values) == list(range(POINTS)), where
        assert [v.value for v in world.api.metrics.values(run.id, "rows").items] == [{"child": child}], where
        assert world.api.files.download(run.id, "outputs/model.bin").read() == child.encode(), where
    assert len(world.api.models.list(run=f"{run_id}_2").items) == 1, where
    left = {path.name for path in (world.folder / "runs" / run_id).iterdir()}
    assert left <= {"job.json", "state.jsonl", "agent.lock"}, (where, left)


def die_at_points(world: World, first: int, step: int) -> int:
    """One run for each point; the next dispatcher takes it up, and nothing is missing or there twice."""
    for nth in range(first, MOST_POINTS, step):
        dispatcher, run_id = claimed(world)
        with world.dying(dispatcher, nth):
            see_through(world, dispatcher, run_id)
        died = dispatcher not in world.dispatchers
        if died:
            successor = world.begin()
            see_through(world, successor, run_id)
            leftovers.clear_up(successor.context, ())
        is_whole(world, run_id, f"dead at point {nth}")
        if not died:
            return nth
    raise AssertionError("a run never came to its end")


def be_full_at_points(world: World, first: int, step: int) -> int:
    """One run for each point in front of a write; it is waited out."""
    for nth in range(first, MOST_POINTS, step):
        dispatcher, run_id = claimed(world)
        happened: list[str] = []
        # Once everything has begun: a run that finds no room before is tested elsewhere.
        for _ in range(4):
            dispatcher.step(run_id)
            go_on(world)
        with full_at(nth, happened):
            see_through(world, dispatcher, run_id)
        if "leaving.remove" in happened or "collecting.keep_left" in happened:
            leftovers.clear_up(dispatcher.context, ())
        is_whole(world, run_id, f"full at point {nth}: {happened}")
        if not happened:
            return nth
    raise AssertionError("a run never came to its end")


def test_F04_children_go_through_the_deaths_of_dispatchers(world):
    assert die_at_points(world, 3, 7) > 50


def test_F07_children_go_through_a_disk_that_is_full_for_a_moment(world):
    assert be_full_at_points(world, 2, 5) > 20


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_F04_F07_at_every_single_point(world):
    assert die_at_points(world, 1, 1) > 50
    assert be_full_at_points(world, 1, 1) > 20

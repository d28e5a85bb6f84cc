"""What goes wrong around a run that is followed, with agents that are pretended."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pretended import Clock, PretendedDispatcher, World

from jupyter_mlws.dispatcher import following, leaving, leftovers, starting
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import Unavailable, WorkspaceError, WrongState
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import handover
from jupyter_mlws.store.runs import get_run, move_run


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(following, "_RETRY_S", 0.0)
    found = World(tmp_path, Clock())
    yield found
    found.close()


def claimed(world: World) -> tuple[PretendedDispatcher, str]:
    run = world.api.runs.submit(RunSubmission(experiment="e", command=("true",)))
    dispatcher = world.begin()
    dispatcher.claim()
    return dispatcher, run.id


def status(world: World, run_id: str) -> RunStatus:
    with world.store.read() as c:
        return get_run(c, run_id).status


def failing_once(error: Exception, after: Callable[..., Any]) -> Callable[..., Any]:
    errors = [error]

    def call(*values: Any, **named: Any) -> Any:
        if errors:
            raise errors.pop()
        return after(*values, **named)

    return call


def test_a_run_that_we_failed_to_follow_is_ended_as_soon_as_the_database_can_be_written(world, monkeypatch):
    dispatcher, run_id = claimed(world)
    follower = dispatcher.followers[run_id]
    monkeypatch.setattr(follower, "_see_through", failing_once(RuntimeError("a fault of ours"), lambda: None))
    dispatcher.target.stop = failing_once(Unavailable("Another program is writing."), dispatcher.target.stop)
    journal = follower._folder.path / "journal"
    journal.mkdir(parents=True)
    (journal / "points").write_bytes(b"logged, and not taken in")
    follower.run()
    assert status(world, run_id) is RunStatus.FAILED
    # What it logged may be nowhere else, so no dispatcher empties its folder.
    leftovers.clear_up(world.begin().context, ())
    assert (journal / "points").exists()


def test_a_link_that_a_script_has_put_in_the_place_of_its_folder_is_not_marked(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name, target in (("there", elsewhere), ("round", tmp_path / "round")):
        (tmp_path / name).symlink_to(target)
        leaving.leave_as_it_is(RunFolder(tmp_path / name))
    assert list(elsewhere.iterdir()) == []


def test_a_run_whose_folder_cannot_be_looked_at_for_a_while_keeps_it(world, monkeypatch):
    dispatcher, run_id = claimed(world)
    dispatcher.step(run_id)
    for _ in range(4):
        world.agents[0].go_on(0)
    successor = world.begin()
    monkeypatch.setattr(starting, "take", failing_once(OSError(errno.EIO, "Input/output error"), starting.take))
    follower = successor.followers[run_id]
    agent = follower._start()
    assert agent is not None
    assert follower._folder.state.exists()
    assert not status(world, run_id).is_terminal


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE])
def test_a_run_whose_folder_cannot_be_looked_at_is_not_called_canceled_while_its_script_lives(
    world, monkeypatch, number
):
    dispatcher, run_id = claimed(world)
    dispatcher.step(run_id)
    for _ in range(4):
        world.agents[0].go_on(0)
    successor = world.begin()
    monkeypatch.setattr(starting, "take", failing_once(OSError(number, "no way"), starting.take))
    follower = successor.followers[run_id]
    follower.cancel()
    agent = follower._start()
    assert agent is not None
    assert world.agents[0].script_lives
    assert follower._folder.state.exists()
    assert not status(world, run_id).is_terminal


def test_an_agent_that_comes_late_finds_no_job_where_the_start_has_failed(world, monkeypatch):
    dispatcher, run_id = claimed(world)
    follower = dispatcher.followers[run_id]

    def gone(*values: object) -> bytes:
        assert follower._folder.job.exists()
        raise WrongState("The variables are gone.")

    monkeypatch.setattr(starting, "_payload", gone)
    with pytest.raises(WrongState):
        wanted = starting.Wanted(threading.Event(), threading.Event())
        starting.start(dispatcher.context, dispatcher.target, follower._folder, follower.run_record, wanted)
    assert not follower._folder.job.exists()


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "Permission denied"), FileNotFoundError()])
def test_a_folder_that_cannot_be_listed_keeps_no_dispatcher_from_beginning(world, monkeypatch, error):
    dispatcher, _ = claimed(world)
    for name in ("a", "b"):
        (world.folder / "runs" / name / "code").mkdir(parents=True)
    real = os.listdir

    def listdir(path: Any) -> list[str]:
        if Path(path).name == "a":
            raise error
        return real(path)

    monkeypatch.setattr(leftovers.os, "listdir", listdir)
    assert leftovers._not_tidy(dispatcher.context) == ["b"]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), OverflowError("no date"), Unavailable("")])
def test_a_folder_that_cannot_be_emptied_stays_and_the_others_are_emptied(world, monkeypatch, error):
    dispatcher, first = claimed(world)
    _, second = claimed(world)
    with world.store.write() as c:
        for run_id in (first, second):
            move_run(c, run_id, RunStatus.FAILED)
            (world.folder / "runs" / run_id / "outputs").mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(leftovers, "Intake", failing_once(error, leftovers.Intake))
    leftovers.clear_up(dispatcher.context, ())
    left = [name for name in (first, second) if (world.folder / "runs" / name / "outputs").exists()]
    assert len(left) == 1
    leftovers.clear_up(dispatcher.context, ())
    assert not (world.folder / "runs" / left[0] / "outputs").exists()


def test_a_dispatcher_takes_its_turn_once(world):
    dispatcher, _ = claimed(world)
    number = dispatcher.context.turn.number
    dispatcher.context.turn.take(world.store)
    assert dispatcher.context.turn.number == number
    dispatcher.context.check_turn()


def test_a_script_that_removes_our_notes_goes_on_under_the_next_dispatcher_and_its_end_names_them(world):
    dispatcher, run_id = claimed(world)
    dispatcher.step(run_id)
    agent = world.agents[0]
    for _ in range(6):
        agent.go_on(0)
    dispatcher.followers[run_id]._folder.path.joinpath("plan.json").unlink()
    follower = world.begin().followers[run_id]
    followed = follower._start()
    assert follower._patiently(lambda: follower._step(followed))
    assert agent.script_lives
    assert "plan.json" in follower.trouble
    while not agent.over:
        agent.go_on(0)
    follower.run()
    with world.store.read() as c:
        ended = get_run(c, run_id)
    assert ended.status is RunStatus.FAILED
    assert ended.error.code == "corrupt_data"
    assert "plan.json" in ended.error.message


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_machine_without_room_for_one_more_file_keeps_a_run_waiting_not_ending(world, number):
    dispatcher, run_id = claimed(world)
    follower = dispatcher.followers[run_id]
    assert not follower._patiently(failing_once(OSError(number, "no room"), lambda: None))
    assert "no room" in follower.trouble


def test_a_fault_without_words_is_logged_once(world, monkeypatch, caplog):
    dispatcher, run_id = claimed(world)
    follower = dispatcher.followers[run_id]

    def fail() -> None:
        raise AssertionError

    monkeypatch.setattr(follower, "_opened", fail)
    for _ in range(3):
        follower._patiently(follower._take_in)
    assert follower.trouble == "AssertionError"
    assert len([record for record in caplog.records if "cannot be taken up" in record.message]) == 1


def test_a_workspace_that_cannot_be_opened_for_a_while_ends_no_training(world, monkeypatch):
    """As where its disk was mounted anew for reading only, or is gone."""
    dispatcher, run_id = claimed(world)
    dispatcher.step(run_id)
    agent = world.agents[0]
    for _ in range(6):
        agent.go_on(0)
    while not agent.over:
        agent.go_on(0)
    follower = dispatcher.followers[run_id]
    closed = WorkspaceError("The workspace's database cannot be opened for this.")
    monkeypatch.setattr(follower, "_move_through", failing_once(closed, follower._move_through))
    follower.run()
    assert status(world, run_id) is RunStatus.COMPLETED


def test_what_was_handed_over_stays_until_the_agent_has_begun(world, tmp_path, monkeypatch):
    """Where the dispatcher dies after it was sent, and the agent comes too late, another one needs it."""
    monkeypatch.setenv("MLWS_RUNTIME_DIR", str(tmp_path / "runtime"))
    dispatcher, run_id = claimed(world)
    handover.write((run_id,), handover.Handover(secrets={"TOKEN": "x"}), "w")
    follower = dispatcher.followers[run_id]
    agent = follower._start()
    assert world.agents[0].told
    follower._step(agent)
    assert handover.read(run_id) is not None
    for _ in range(2):
        world.agents[0].go_on(0)
    follower._step(agent)
    assert handover.read(run_id) is None

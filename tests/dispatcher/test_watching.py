"""The agent as the dispatcher sees it, on a target that only pretends."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.dispatcher import watching
from jupyter_mlws.dispatcher.settings import Settings
from jupyter_mlws.dispatcher.watching import Agent
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder import control, state
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import identity_of

SETTINGS = Settings(start_timeout_s=5, silence_s=10, lost_s=30)


class Elsewhere:
    """A target whose agents cannot be looked at, or are dead, as the test says."""

    def __init__(self, alive: bool | None) -> None:
        self.answer = alive

    def alive(self, folder: RunFolder, agent: Any) -> bool | None:
        return self.answer

    def attach(self, folder: RunFolder, agent: Any) -> Any:
        return self

    def end_signal(self) -> None:
        return None

    def explain(self, folder: RunFolder, run_id: str) -> str:
        return ""

    def close(self) -> None:
        return None


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(watching, "time", found)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run").create()


def begin(folder: RunFolder, **changes: str) -> None:
    identity = {**identity_of(1).to_dict(), **changes}
    state.append(folder, "started", identity=identity)
    state.append(folder, "script_started", identity=identity)


def statuses(agent: Agent) -> list[RunStatus]:
    return [status for status, _ in agent.look()]


def test_the_states_of_a_run_are_those_of_its_agent(folder, clock):
    agent = Agent(Elsewhere(True), folder, SETTINGS, None)
    assert statuses(agent) == []
    begin(folder)
    assert statuses(agent) == [RunStatus.RUNNING]
    state.append(folder, "finalizing", exit_code=0, signal=None)
    state.append(folder, "ended", exit_code=0, signal=None, reason=None, message="")
    assert statuses(agent) == [RunStatus.FINALIZING]
    assert agent.over
    assert agent.ended is not None


def test_an_agent_that_cannot_be_looked_at_is_judged_by_the_change_of_its_heartbeat(folder, clock):
    agent = Agent(Elsewhere(None), folder, SETTINGS, None)
    begin(folder)
    folder.heartbeat.write_text(f"{5:020}\n")
    assert statuses(agent) == [RunStatus.RUNNING]
    clock.now += 11
    assert statuses(agent) == [RunStatus.NOT_RESPONDING]
    folder.heartbeat.write_text(f"{6:020}\n")
    assert statuses(agent) == [RunStatus.RUNNING]
    clock.now += 11
    assert statuses(agent) == [RunStatus.NOT_RESPONDING]
    assert not agent.over
    clock.now += 20
    agent.look()
    assert agent.over
    assert "did not" in agent.lost_because or "killed" in agent.lost_because


def test_what_a_dead_agent_wrote_last_still_counts(folder, clock):
    agent = Agent(Elsewhere(False), folder, SETTINGS, None)
    begin(folder)
    agent.look()
    state.append(folder, "ended", exit_code=3, signal=None, reason=None, message="It ended.")
    clock.now += 1
    agent.look()
    assert agent.over
    assert agent.ended["exit_code"] == 3


def test_F02_an_agent_that_died_without_a_word_is_lost_at_the_next_look(folder, clock):
    agent = Agent(Elsewhere(False), folder, SETTINGS, None)
    begin(folder)
    agent.look()
    clock.now += 1
    agent.look()
    assert agent.over
    assert agent.ended is None
    assert "killed" in agent.lost_because


def test_F05_a_restart_of_the_machine_is_named_as_the_reason(folder, clock):
    agent = Agent(Elsewhere(False), folder, SETTINGS, None)
    begin(folder, boot_id="another-boot")
    agent.look()
    clock.now += 1
    agent.look()
    assert "restarted" in agent.lost_because


def test_an_agent_that_never_says_anything_is_given_up(folder, clock):
    agent = Agent(Elsewhere(True), folder, SETTINGS, None)
    agent.look()
    assert not agent.over
    clock.now += 6
    agent.look()
    assert agent.over
    assert "did not start" in agent.lost_because


def test_a_forged_story_harms_nobody(folder, clock):
    agent = Agent(Elsewhere(True), folder, SETTINGS, None)
    folder.state.write_text(
        '{"event": "started", "identity": 3}\n{"event": "started", "identity": {"pid": -1}}\n{"event": "x"}\n[]\n'
        '{"event": "started", "identity": {"pid": 1e400}}\n'
    )
    agent.look()
    folder.state.write_text('{"event": "ended", "at": 1e300}\n')
    agent = Agent(Elsewhere(True), folder, SETTINGS, None)
    agent.look()
    assert agent.over
    assert agent.ended_at is None


@pytest.mark.parametrize(("version", "kind"), [(99, "new"), (0, "old"), ("1", "old")])
def test_F38_an_agent_of_another_protocol_is_not_listened_to(folder, clock, version, kind):
    state.append(folder, "started", identity=identity_of(1).to_dict(), protocol_version=version)
    agent = Agent(Elsewhere(True), folder, SETTINGS, None)
    agent.look()
    assert agent.over
    assert agent.lost_because.startswith(f"The agent is too {kind}: it speaks version {version!r}")


def test_F27_a_dispatcher_that_was_stopped_itself_reads_before_it_judges(folder, clock):
    """It looks again after a long time: the agent has said everything in time."""
    unseen, silent = Elsewhere(None), Elsewhere(True)
    late = Agent(silent, folder, SETTINGS, None)
    late.look()
    agent = Agent(unseen, folder, SETTINGS, None)
    begin(folder, host="elsewhere")
    assert statuses(agent) == [RunStatus.RUNNING]
    clock.now += 100
    folder.heartbeat.write_text(f"{5:020}\n")
    assert statuses(late) == [RunStatus.RUNNING]
    assert not late.over
    assert statuses(agent) == []
    assert not agent.over


def test_F30_an_agent_that_does_not_end_a_canceled_run_is_killed_and_at_last_given_up(folder, clock):
    target = Elsewhere(True)
    signals: list[int] = []
    target.signal = lambda folder, agent, number: signals.append(number)
    agent = Agent(target, folder, SETTINGS, None)
    begin(folder, host="elsewhere")
    agent.look()
    for _ in range(200):
        clock.now += 1
        agent.cancel()
        agent.look()
        if agent.over:
            break
    assert control.cancel_requested(folder)
    assert signals == [signal.SIGCONT, signal.SIGKILL]
    assert agent.remaining == [1]
    # The grace period, some beats of patience, and what SIGKILL may take.
    assert SETTINGS.kill_grace_s < clock.now - 1000 < SETTINGS.kill_grace_s + 15


def test_F32_an_agent_that_did_not_start_in_time_never_does(folder, clock):
    abandoned: list[bool] = []
    target = Elsewhere(True)
    target.abandon = lambda: abandoned.append(True)
    agent = Agent(target, folder, SETTINGS, target)
    clock.now += SETTINGS.start_timeout_s + 1
    agent.look()
    assert agent.over
    assert abandoned == [True]
    assert control.cancel_requested(folder)

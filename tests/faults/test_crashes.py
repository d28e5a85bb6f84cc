"""kill -9 of everybody at random moments, while five runs log a known sequence."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_mlws import workspace as room
from jupyter_mlws.domain.run import Run as RunRecord
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.workspace import wake

from .clients import KernelVictim, ServerVictim
from .crashing import Crashes, until_dead

AT_ONCE = 5


@pytest.fixture
def crashes(lab, monkeypatch):
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", str(AT_ONCE))
    found = Crashes(lab)
    yield found
    found.tell()
    found.check_nothing_lives()


def kill_processes(crashes: Crashes, times: int, which: Callable[[Run], int], code: str) -> None:
    for _ in range(0, times, AT_ONCE):
        begun = crashes.begin(AT_ONCE)
        for run in crashes.random.sample(begun, AT_ONCE):
            pid = which(run)
            crashes.wait_for_the_moment(run)
            crashes.kill(pid)
        for run in begun:
            crashes.check(run, status=RunStatus.FAILED, code=code)
            if code == "killed":
                assert run.refresh().error.signal == "SIGKILL"
    crashes.check_they_logged()


def kill_scripts(crashes: Crashes, times: int) -> None:
    kill_processes(crashes, times, crashes.lab.script, "killed")


def kill_agents(crashes: Crashes, times: int) -> None:
    kill_processes(crashes, times, crashes.lab.agent, "agent_lost")


def kill_dispatchers(crashes: Crashes, times: int, group: int = 25) -> None:
    for first in range(0, times, group):
        begun = crashes.begin(AT_ONCE)
        for number in range(min(group, times - first)):
            if number == 3:  # the first ones die while they start runs, the others while they follow them
                crashes.lab.wait(lambda begun=begun: crashes.all_log(begun))
            crashes.pause(0.4)
            until_dead(crashes.lab, crashes.lab.dispatcher(), crashes.kill)
            crashes.lab.api.workspace.wake()
        crashes.stop()
        for run in begun:
            crashes.check(run, status=RunStatus.COMPLETED)
        (crashes.notes / "stop").unlink()
    crashes.check_they_logged()
    assert sorted(crashes.starts()) == sorted(run.id for run in crashes.runs)


def kill_clients(crashes: Crashes, kind: type[ServerVictim | KernelVictim], times: int, longest_s: float) -> None:
    """Two at a time begin to submit, and are killed at any moment of it or later."""
    crashes.submission(0.2)
    numbers = iter(range(times))
    moments = [crashes.random.uniform(0.0, longest_s) for _ in range(times)]
    victims: list[ServerVictim | KernelVictim] = []

    def kill_one_after_the_other() -> None:
        for number in numbers:
            victim = kind(crashes, number)
            victims.append(victim)
            victim.begin()
            if number % 2 == 0:  # every other one is killed after it has said that the run is submitted
                victim.wait_until_acknowledged()
            time.sleep(moments[number])
            victim.kill()
            crashes.kills += 1

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(kill_one_after_the_other) for _ in range(2)]:
            done.result()
    crashes.runs += [run for victim in victims if (run := victim.run()) is not None]
    for run in crashes.runs:
        crashes.check(run, status=RunStatus.COMPLETED)
    assert sorted(crashes.starts()) == sorted(run.id for run in crashes.runs)
    assert any(victim.acknowledged for victim in victims)


def test_F01_five_killed_scripts_lose_and_repeat_nothing_acknowledged(crashes, trials):
    kill_scripts(crashes, 5)
    trials("script killed at a random moment", kills=crashes.kills)


def test_F02_five_killed_agents_lose_and_repeat_nothing_acknowledged(crashes, trials):
    kill_agents(crashes, 5)
    trials("agent killed at a random moment", kills=crashes.kills)


def test_F03_five_killed_dispatchers_lose_and_repeat_nothing(crashes, trials):
    kill_dispatchers(crashes, 5)
    trials("dispatcher killed at a random moment", kills=crashes.kills)


def test_F03_five_killed_servers_change_nothing_for_the_runs_that_they_submitted(crashes, trials):
    kill_clients(crashes, ServerVictim, 5, longest_s=1.0)
    trials("Jupyter server killed at a random moment", kills=crashes.kills)


def test_F58_five_killed_kernels_change_nothing_for_the_runs_that_they_submitted(crashes, monkeypatch, trials):
    monkeypatch.setenv("MLWS_WORKSPACE", str(crashes.lab.folder))
    kill_clients(crashes, KernelVictim, 5, longest_s=2.0)
    trials("kernel killed at a random moment", kills=crashes.kills)


class AtPoints:
    """Five runs again and again, each time with a dispatcher or an agent that dies at another fault point."""

    def __init__(self, crashes: Crashes, monkeypatch) -> None:
        self.crashes = crashes
        self._patch = monkeypatch
        self._once = crashes.lab.tmp_path / "happened"
        self._once.mkdir()
        monkeypatch.setenv("MLWS_FAULT_ONCE", str(self._once))

    def passed(self) -> list[tuple[str, str]]:
        """Role and name of the points that dispatcher and agents come by."""
        trace = self.crashes.lab.tmp_path / "trace"
        self._patch.setenv("MLWS_FAULT_TRACE", str(trace))
        self._run()
        self._patch.delenv("MLWS_FAULT_TRACE")
        found = {tuple(line.split()) for line in trace.read_text().splitlines()}
        return sorted((role, name) for role, name in found if role in ("dispatcher", "agent"))

    def kill(self, role: str, name: str, nth: int) -> bool:
        """Whether the fault happened; whatever it was, nothing is lost and nothing happens twice."""
        self._patch.setenv("MLWS_FAULT", f"{role}/{name}:{nth}:kill")
        records = self._run()
        lost = [record for record in records if record.status is not RunStatus.COMPLETED]
        assert len(lost) <= (role == "agent"), [record.error for record in lost]
        assert [record.error.code for record in lost] in ([], ["agent_lost"]), lost
        return (self._once / f"{name}.{nth}.kill").exists()

    def _run(self) -> list[RunRecord]:
        crashes = self.crashes
        # Its successor has this test's variables.
        room.stop_dispatcher(crashes.lab.folder)
        begun = crashes.begin(AT_ONCE, seconds=0.25)
        deadline = time.monotonic() + 40
        while not all(run.refresh().status.is_terminal for run in begun):
            assert time.monotonic() < deadline, [run.status for run in begun]
            wake(crashes.lab.folder)
            time.sleep(0.1)
        for run in begun:
            crashes.check_all_is_kept(run)
        return [run.refresh() for run in begun]


def test_F04_five_runs_survive_a_dispatcher_that_dies_when_it_has_claimed_one(crashes, monkeypatch):
    assert AtPoints(crashes, monkeypatch).kill("dispatcher", "dispatcher.claimed", 3)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_F04_five_runs_survive_the_death_of_dispatcher_and_agent_at_every_point(crashes, monkeypatch):
    points = AtPoints(crashes, monkeypatch)
    passed = points.passed()
    happened = [points.kill(role, name, crashes.random.choice((1, 1, 2, 4))) for role, name in passed]
    assert len(passed) > 40
    assert sum(happened) > len(passed) // 2
    assert max(crashes.starts().count(run.id) for run in crashes.runs) == 1


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_F01_nor_do_two_hundred_scripts(crashes, trials):
    kill_scripts(crashes, 200)
    trials("script killed at a random moment", kills=crashes.kills)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_F02_nor_do_two_hundred_agents(crashes, trials):
    kill_agents(crashes, 200)
    trials("agent killed at a random moment", kills=crashes.kills)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_F03_nor_do_two_hundred_dispatchers(crashes, trials):
    kill_dispatchers(crashes, 200)
    trials("dispatcher killed at a random moment", kills=crashes.kills)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_F03_nor_do_two_hundred_servers(crashes, trials):
    kill_clients(crashes, ServerVictim, 200, longest_s=1.0)
    trials("Jupyter server killed at a random moment", kills=crashes.kills)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_F58_nor_do_two_hundred_kernels(crashes, monkeypatch, trials):
    monkeypatch.setenv("MLWS_WORKSPACE", str(crashes.lab.folder))
    kill_clients(crashes, KernelVictim, 200, longest_s=2.0)
    trials("kernel killed at a random moment", kills=crashes.kills)

"""kill -9 of everybody at random moments, while five runs log a known sequence."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_mlws.domain.status import RunStatus

from .clients import KernelVictim, ServerVictim
from .crashing import Crashes, until_dead

AT_ONCE = 5


@pytest.fixture
def crashes(lab, monkeypatch):
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", str(AT_ONCE))
    found = Crashes(lab)
    with found.naming_the_seed():
        yield found
    found.check_nothing_lives()


def kill_scripts(crashes: Crashes, times: int) -> None:
    for _ in range(0, times, AT_ONCE):
        begun = crashes.begin(AT_ONCE)
        for run in crashes.random.sample(begun, AT_ONCE):
            pid = crashes.lab.script(run)
            crashes.wait_for_the_moment(run)
            crashes.kill(pid)
        for run in begun:
            crashes.check(run, status=RunStatus.FAILED, code="killed")
            assert run.refresh().error.signal == "SIGKILL"
    crashes.check_they_logged()


def kill_agents(crashes: Crashes, times: int) -> None:
    for _ in range(0, times, AT_ONCE):
        begun = crashes.begin(AT_ONCE)
        for run in crashes.random.sample(begun, AT_ONCE):
            pid = crashes.lab.agent(run)
            crashes.wait_for_the_moment(run)
            crashes.kill(pid)
        for run in begun:
            crashes.check(run, status=RunStatus.FAILED, code="agent_lost")
    crashes.check_they_logged()


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


def test_F01_five_killed_scripts_lose_and_repeat_nothing_acknowledged(crashes):
    kill_scripts(crashes, 5)


def test_F02_five_killed_agents_lose_and_repeat_nothing_acknowledged(crashes):
    kill_agents(crashes, 5)


def test_F03_five_killed_dispatchers_lose_and_repeat_nothing(crashes):
    kill_dispatchers(crashes, 5)


def test_F03_five_killed_servers_change_nothing_for_the_runs_that_they_submitted(crashes):
    kill_clients(crashes, ServerVictim, 5, longest_s=1.0)


def test_F58_five_killed_kernels_change_nothing_for_the_runs_that_they_submitted(crashes, monkeypatch):
    monkeypatch.setenv("MLWS_WORKSPACE", str(crashes.lab.folder))
    kill_clients(crashes, KernelVictim, 5, longest_s=2.0)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_F01_nor_do_two_hundred_scripts(crashes):
    kill_scripts(crashes, 200)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_F02_nor_do_two_hundred_agents(crashes):
    kill_agents(crashes, 200)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_F03_nor_do_two_hundred_dispatchers(crashes):
    kill_dispatchers(crashes, 200)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_F03_nor_do_two_hundred_servers(crashes):
    kill_clients(crashes, ServerVictim, 200, longest_s=1.0)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_F58_nor_do_two_hundred_kernels(crashes, monkeypatch):
    monkeypatch.setenv("MLWS_WORKSPACE", str(crashes.lab.folder))
    kill_clients(crashes, KernelVictim, 200, longest_s=2.0)

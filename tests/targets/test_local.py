"""The local target: slots, memory, GPUs, names."""

from __future__ import annotations

import errno
import os
import subprocess
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from jupyter_mlws.dispatcher.gpus import GpuPool
from jupyter_mlws.errors import InvalidInput, TargetAway, Unavailable
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.targets import machine, registry
from jupyter_mlws.targets.base import Ground
from jupyter_mlws.targets.local import LocalTarget


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch):
    def have(*names: str) -> None:
        monkeypatch.setattr(machine, "gpu_ids", lambda: names)

    return have


def test_two_jobs_at_a_time_unless_asked_otherwise_and_one_for_each_gpu(monkeypatch, gpus):
    gpus()
    assert LocalTarget().describe().slots == 2
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "5")
    assert LocalTarget().describe().slots == 5
    gpus(*"01234567")
    found = LocalTarget().describe()
    assert (found.slots, found.gpus) == (8, 8)


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_a_number_of_slots_that_makes_no_sense_is_named(monkeypatch, text):
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", text)
    with pytest.raises(InvalidInput, match="MLWS_LOCAL_SLOTS"):
        LocalTarget().describe()


def test_a_second_job_waits_for_memory_and_the_first_never_does(monkeypatch):
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: 100 << 30)
    monkeypatch.setattr(machine, "available_memory_bytes", lambda: 1 << 30)
    assert LocalTarget().obstacle(0) == ""
    assert LocalTarget().obstacle(1) == "waiting for memory"
    monkeypatch.setattr(machine, "available_memory_bytes", lambda: 50 << 30)
    assert LocalTarget().obstacle(1) == ""
    assert LocalTarget().obstacle(1, memory_bytes=60 << 30) == "waiting for memory"


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENOSPC])
def test_a_machine_that_is_crowded_has_a_run_wait(tmp_path: Path, monkeypatch, number):
    folder = RunFolder(tmp_path / "digits_1_ab").create()

    def crowded(*arguments: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(subprocess, "Popen", crowded)
    with pytest.raises(TargetAway, match="could not be started"):
        LocalTarget().launch(folder, "digits_1_ab", Ground())


def test_this_machine_has_memory():
    assert 0 < machine.available_memory_bytes() <= machine.total_memory_bytes()


def test_the_gpus_that_may_be_used_are_those_that_are_visible(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5")
    machine.gpu_ids.cache_clear()
    try:
        assert machine.gpu_ids() == ("3", "5")
        assert LocalTarget().variables((1,)) == {"CUDA_VISIBLE_DEVICES": "5"}
        assert LocalTarget().variables(()) == {"CUDA_VISIBLE_DEVICES": ""}
    finally:
        machine.gpu_ids.cache_clear()


def test_without_gpus_nothing_is_said_of_them(gpus):
    gpus()
    assert LocalTarget().variables(()) == {}


def test_each_gpu_belongs_to_one_run_at_a_time():
    pool = GpuPool(2)
    first = pool.take(1)
    assert pool.take(2) is None
    second = pool.take(1)
    assert {*first, *second} == {0, 1}
    assert pool.take(0) == ()
    pool.give_back(first)
    assert pool.take(1) == first
    with pytest.raises(Unavailable, match="asks for 3 GPUs and its target has 2"):
        pool.take(3)


def test_an_unknown_target_is_answered_with_the_list_and_the_nearest():
    with pytest.raises(InvalidInput, match=r"'lokal'.*local.*Did you mean local"):
        registry.check_name("lokal")
    assert registry.known()[0] == "local"
    assert registry.get("local") is registry.get("local")


def test_a_broken_plugin_is_named_and_takes_nobody_along(monkeypatch):
    broken = EntryPoint("broken", "no_such_package_of_anybody:Target", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([broken]))
    registry._places.cache_clear()
    registry.get.cache_clear()
    try:
        assert registry.known() == ("local", "broken", "docker")
        with pytest.raises(Unavailable, match="no_such_package_of_anybody"):
            registry.get("broken")
        assert registry.get("local").name == "local"
    finally:
        registry._places.cache_clear()
        registry.get.cache_clear()

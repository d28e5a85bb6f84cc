"""Nothing is left of what is not wanted any more: no process, no folder, no half-unpacked file, and no mark."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_indexes import stuck
from wheels import Index

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, locking, patience, uv
from jupyter_mlws.errors import IndexUnavailable

TIMES = 14
# It goes on for ever, with a child that leaves its session, as a compiler's server might.
SLOW = """
import subprocess, time
from pathlib import Path

def build_wheel(folder, settings=None, metadata=None):
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    subprocess.Popen(["sleep", "300"])
    Path({note!r}).write_text("")
    time.sleep(300)
"""


def always() -> bool:
    return True


def processes_of_builds() -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"MLWS_RUN_ID=mlws-build-" in environment and f"HOME={os.environ['HOME']}".encode() in environment:
            found.append(int(entry.name))
    return found


def nothing_is_left(cache: Path) -> None:
    assert processes_of_builds() == []
    assert [each for each in building.root().iterdir() if not each.name.startswith(".")] == []
    # What uv remembers of an interpreter is small, and its own to tidy.
    assert [path for path in cache.rglob(".tmp*") if not path.parts[-3].startswith("interpreter-")] == []


def wanted_until(event: threading.Event) -> Callable[[], bool]:
    return lambda: not event.is_set()


@pytest.fixture
def own_cache(own_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return tmp_path / "uv"


def test_F32_an_index_that_never_answers_holds_nobody_up(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = locking.lock(EnvironmentSpec(packages=("mlws-demo",)), print, always)
    with stuck() as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        with pytest.raises(uv.Stopped):
            locking.lock(EnvironmentSpec(packages=("six",)), print, wanted_until(index.event))
        index.event.clear()
        with pytest.raises(uv.Stopped):
            building.build(lock, print, wanted_until(index.event))
    nothing_is_left(own_cache)


def test_F32_whoever_waits_for_another_builder_can_be_canceled(own_index: Index) -> None:
    lock = locking.lock(EnvironmentSpec(packages=("six",)), print, always)
    said: list[str] = []
    with building.alone(lock.digest, print, always), pytest.raises(uv.Stopped):
        building.build(lock, said.append, lambda: not said)
    assert said == ["Waiting for another run that builds the same environment."]
    assert building.build(lock, print, always)


def test_F32_a_build_is_ended_with_all_that_it_has_started(own_index: Index, own_cache: Path, tmp_path: Path) -> None:
    note = tmp_path / "begun"
    own_index.add_source("slow", "1.0", SLOW.format(note=str(note)))
    lock = locking.lock(EnvironmentSpec(packages=("slow", "six")), print, always)
    with pytest.raises(uv.Stopped):
        building.build(lock, print, lambda: not note.exists())
    nothing_is_left(own_cache)


def test_F32_a_build_is_canceled_at_any_moment(own_index: Index, own_cache: Path, trials: Callable[..., None]) -> None:
    for number in range(8):
        own_index.add("big", f"1.{number}", modules={f"big/m{n}.py": random.randbytes(20_000) for n in range(60)})
    for number in range(TIMES):
        lock = locking.lock(EnvironmentSpec(packages=(f"big==1.{number % 8}", "mlws-demo")), print, always)
        until = time.monotonic() + random.uniform(0.0, 0.25)
        try:
            building.build(lock, print, lambda until=until: time.monotonic() < until)
        except uv.Stopped:
            assert not (building.root() / lock.digest).exists()
        else:
            building.remove(lock.digest)
        nothing_is_left(own_cache)
    trials("a build canceled at a random moment", cancels=TIMES)
    assert building.build(lock, print, always)


def test_waiting_for_the_network_can_be_canceled() -> None:
    said: list[str] = []

    def away() -> None:
        raise IndexUnavailable("Away.")

    began = time.monotonic()
    with pytest.raises(uv.Stopped):
        patience.patiently(away, said.append, lambda: False, 3, 60.0)
    assert time.monotonic() - began < 30
    assert said == ["Away. Trying again in 60 s, 3 more times."]
    with pytest.raises(IndexUnavailable):
        patience.patiently(away, said.append, always, 2, 0.0)
    assert len(said) == 3

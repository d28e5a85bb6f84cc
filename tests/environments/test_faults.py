"""A builder that dies or whose disk fails, at each of its points: nothing half-made is used, the next one succeeds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from jupyter_mlws.environments import building, locking, pruning

WORK = """
import sys
from jupyter_mlws.environments import building, locking, pruning
lock = locking.Lock(text="", python="%d.%d" % sys.version_info[:2], system=locking.system())
building.build(lock, print, lambda: True)
if "prune" in sys.argv:
    pruning.prune()
"""
LOCK = locking.Lock(text="", python=f"{sys.version_info[0]}.{sys.version_info[1]}", system=locking.system())


@pytest.fixture
def work() -> Callable[[str, str], int]:
    def run(point: str, action: str) -> int:
        variables = {**os.environ, "MLWS_FAULT": f"{point}:1:{action}"}
        words = [sys.executable, "-c", WORK, point.rpartition(".")[2]]
        return subprocess.run(words, env=variables, check=False, capture_output=True).returncode

    return run


@pytest.mark.parametrize("action", ["kill", "ENOSPC"])
@pytest.mark.parametrize("point", ["environments.build", "environments.mark", "environments.prune"])
def test_what_is_left_half_made_is_never_used(work: Callable[[str, str], int], point: str, action: str) -> None:
    assert work(point, action) != 0
    assert building.find(LOCK.digest) is None
    made = building.build(LOCK, print, lambda: True)
    assert subprocess.run([made.interpreter, "-c", ""], check=False).returncode == 0
    assert len([each for each in building.root().iterdir() if each.is_dir() and not each.name.startswith(".")]) == 1
    assert [each.digest for each in pruning.prune()] == [LOCK.digest]

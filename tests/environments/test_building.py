from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, locking, uv
from jupyter_mlws.errors import InvalidInput

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def always() -> bool:
    return True


def test_a_lock_names_versions_and_hashes_and_no_address():
    found = locking.lock(EnvironmentSpec(packages=("six",)), print, always)
    assert set(found.packages) == {"six"}
    assert "--hash=sha256:" in found.text
    assert "://" not in found.text


def test_what_cannot_be_had_is_told_in_the_resolvers_words():
    with pytest.raises(InvalidInput, match="resolved"):
        locking.lock(EnvironmentSpec(packages=("six==99.99",)), print, always)


def test_many_that_want_it_at_once_build_it_once():
    found = locking.lock(EnvironmentSpec(packages=("six",)), print, always)
    said: list[str] = []
    made: list[building.Built] = []

    def build() -> None:
        made.append(building.build(found, said.append, always))

    threads = [threading.Thread(target=build) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each.folder for each in made}) == 1
    assert sum(line.startswith("Built in") for line in said) == 1
    said_by_it = subprocess.check_output([made[0].interpreter, "-c", "import six; print(six.__version__)"], text=True)
    assert said_by_it.strip() == found.packages["six"]


def test_a_builder_that_is_stopped_leaves_nothing():
    found = locking.lock(EnvironmentSpec(packages=("scikit-learn",)), print, always)
    began = time.monotonic()
    with pytest.raises(uv.Stopped):
        building.build(found, print, lambda: time.monotonic() - began < 0.05)
    assert building.find(found.digest) is None
    assert not (building.root() / found.digest).exists()

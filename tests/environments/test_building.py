from __future__ import annotations

import fcntl
import subprocess
import sys
import threading

import pytest

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, locking, pruning, using, uv
from jupyter_mlws.errors import InvalidInput, MissingPart, Unavailable

pytestmark = pytest.mark.usefixtures("own_index")
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
    found = locking.lock(EnvironmentSpec(packages=("mlws-demo",)), print, always)
    with pytest.raises(uv.Stopped):
        building.build(found, print, lambda: False)
    assert building.find(found.digest) is None
    assert not (building.root() / found.digest).exists()


def test_what_a_living_run_uses_stays_and_all_else_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(using, "_ON_ITS_WAY_S", 0)
    found = locking.lock(EnvironmentSpec(packages=("six",)), print, always)
    user = tmp_path / "agent.lock"
    made = building.build(found, print, always, user)
    with user.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert pruning.prune() == []
        assert building.find(found.digest) is not None
        assert pruning.prune(unused_for_s=3_600) == []
    (building.root() / ("0" * 64)).mkdir()
    assert [each.digest for each in pruning.prune(dry_run=True)] == [found.digest]
    assert [each.digest for each in pruning.prune()] == [found.digest]
    assert not made.folder.exists()
    assert [each for each in building.root().iterdir() if each.is_dir()] == []
    assert building.build(found, print, always).interpreter.exists()


def test_what_a_killed_builder_left_is_built_anew(tmp_path):
    found = locking.lock(EnvironmentSpec(packages=("six",)), print, always)
    left = building.root() / found.digest / "bin"
    left.mkdir(parents=True)
    (left / "python").write_text("half")
    assert building.find(found.digest) is None
    made = building.build(found, print, always)
    assert subprocess.run([made.interpreter, "-c", "import six"], check=False).returncode == 0


def test_a_cache_that_cannot_be_written_is_told_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLWS_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(Unavailable, match="MLWS_CACHE_DIR"):
        building.build(locking.Lock(text="", python=HERE, system=locking.system()), print, always)


def test_no_index_and_no_uv_are_told_with_the_way_out(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    with pytest.raises(Unavailable, match="cannot be reached"):
        locking.lock(EnvironmentSpec(packages=("six",)), print, always)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(uv.sys, "executable", "/nowhere/python")
    with pytest.raises(MissingPart, match="uv is not installed"):
        locking.lock(EnvironmentSpec(packages=("six",)), print, always)

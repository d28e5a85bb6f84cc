"""Wheels that were brought along are a help, and never in the way."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from wheels import Index, make_wheel

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, locking, wheels
from jupyter_mlws.environments.locking import Lock

pytestmark = pytest.mark.usefixtures("own_index")


def always() -> bool:
    return True


def keep(path: Path) -> Path:
    data = path.read_bytes()
    digest = sha256(data).hexdigest()
    with wheels.Drafts() as drafts:
        drafts.add(io.BytesIO(data), path.name, digest)
        drafts.publish()
    found = wheels.find(digest)
    assert found is not None
    return found


@pytest.fixture
def six(own_index: Index) -> Lock:
    return locking.lock(EnvironmentSpec(packages=("six==1.17.0",)), print, always)


@pytest.mark.parametrize("damage", ["", "PK", "cut"])
def test_a_damaged_one_is_passed_over(six: Lock, damage: str, own_index: Index) -> None:
    kept = keep(next(own_index.folder.glob("files/six-1.17.0*.whl")))
    data = kept.read_bytes()
    kept.chmod(0o600)
    kept.write_bytes(data[: len(data) // 2] if damage == "cut" else damage.encode())
    said: list[str] = []
    made = building.build(six, said.append, always)
    assert (made.folder / "lib").is_dir(), said


def test_two_files_of_one_name_are_offered_as_far_as_they_can_be(tmp_path: Path, six: Lock) -> None:
    digests = []
    for answer in ("1", "2"):
        path = make_wheel(tmp_path, "mine", "1.0", modules={"mine.py": f"answer = {answer}"})
        digests.append(keep(path).parent.name)
    text = "mine==1.0 " + " ".join(f"--hash=sha256:{digest}" for digest in digests) + "\n"
    made = building.build(Lock(text=text, python=six.python, system=six.system), print, always)
    assert list(made.folder.glob("lib/*/site-packages/mine.py"))


def test_those_that_nobody_has_looked_for_are_pruned(tmp_path: Path, six: Lock, own_index: Index) -> None:
    kept = keep(next(own_index.folder.glob("files/six-1.17.0*.whl")))
    other = keep(make_wheel(tmp_path, "mine", "1.0", modules={"mine.py": "answer = 1"}))
    assert wheels.prune() == 0  # what came just now may be about to be used
    for each in (kept, other):
        os.utime(each.parent, (1, 1))
    assert wheels.missing(six.text) == []  # which looks for it
    size = wheels.prune(dry_run=True)
    assert size > 0
    assert other.exists()
    assert wheels.prune() == size
    assert kept.exists()
    assert not other.parent.exists()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder of a wheel that nobody has looked for in a long time."""
    kept = keep(make_wheel(tmp_path, "mine", "1.0", modules={"mine.py": "answer = 1"}))
    os.utime(kept.parent, (1, 1))
    return kept.parent


def lock_of(folder: Path) -> str:
    return f"mine==1.0 --hash=sha256:{folder.name}\n"


def test_one_that_is_looked_for_while_it_is_pruned_stays(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.rename

    def looked_for_first(source: Path, target: Path) -> None:
        if source == old:
            assert wheels.missing(lock_of(old)) == []
        rename(source, target)

    monkeypatch.setattr(os, "rename", looked_for_first)
    assert wheels.prune() == 0
    assert wheels.missing(lock_of(old)) == []
    assert [each.name for each in wheels.root().iterdir()] == [old.name]


def test_two_may_prune_at_the_same_time(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, freed = os.rename, []

    def another_first(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "rename", rename)
        freed.append(wheels.prune())
        rename(source, target)

    monkeypatch.setattr(os, "rename", another_first)
    freed.append(wheels.prune())
    assert freed[0] > 0
    assert freed[1] == 0
    assert list(wheels.root().iterdir()) == []


def test_one_that_is_brought_anew_while_it_is_pruned_is_there(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = next(tmp_path.glob("mine-*.whl"))
    rename = os.rename

    def pruned_first(source: Path, target: Path) -> None:
        try:
            rename(source, target)
        except OSError:
            monkeypatch.setattr(os, "rename", rename)
            assert wheels.prune() > 0
            raise

    monkeypatch.setattr(os, "rename", pruned_first)
    keep(wheel)
    assert wheels.missing(lock_of(old)) == []


def test_what_was_left_of_one_by_a_process_that_died_goes_with_the_next(old: Path) -> None:
    for point in ("wheels.remove:1:ENOSPC", "wheels.remove:1:kill"):
        command = [sys.executable, "-c", "from jupyter_mlws.environments import wheels; wheels.prune()"]
        subprocess.run(command, env={**os.environ, "MLWS_FAULT": point}, check=False)
        assert wheels.missing(lock_of(old)) == []
        os.utime(old, (1, 1))
    left = old.with_name(f".draft-4194304-{old.name}")
    old.rename(left)
    wheels.prune()
    assert list(wheels.root().iterdir()) == []

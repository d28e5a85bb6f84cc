"""Wheels that were brought along are a help, and never in the way."""

from __future__ import annotations

import io
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

"""A cache that several users share: what is run from there was put there by oneself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_mlws.environments import building, locking
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.runfolder import farside

LOCK = locking.Lock(text="", python=f"{sys.version_info[0]}.{sys.version_info[1]}", system=locking.system())
ANOTHER = 54_321
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root gives files to other users")


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "shared"
    cache.mkdir()
    cache.chmod(0o1777)
    monkeypatch.setenv("MLWS_CACHE_DIR", str(cache))
    return cache


def plant(folder: Path, owner: int) -> None:
    """What another user may have left there beforehand."""
    folder.mkdir()
    folder.chmod(0o777)
    os.chown(folder, owner, -1)


@as_root
def test_environments_of_another_user_are_not_run(shared: Path) -> None:
    plant(shared / "environments", ANOTHER)
    with pytest.raises(Unavailable, match="another user's") as caught:
        building.build(LOCK, print, lambda: True)
    assert "MLWS_CACHE_DIR" in caught.value.hint


@as_root
def test_an_agent_of_another_user_is_not_run(shared: Path) -> None:
    plant(shared / "farside", ANOTHER)
    (shared / "farside" / farside.build_zip().name).write_text("import os  # whatever")
    for made in (farside.build_zip(), farside.build_folder()):
        assert shared not in made.parents


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_folder_of_ones_own_is_closed_to_others(shared: Path, mode: int) -> None:
    (shared / "farside").mkdir()
    (shared / "farside").chmod(mode)
    assert shared in farside.build_zip().parents
    assert not (shared / "farside").stat().st_mode & 0o022

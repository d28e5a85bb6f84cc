"""A full disk, and a cache that belongs to somebody else: told as such, and nothing half-made is used."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from small_disk import Disk, apart
from wheels import Index

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, locking
from jupyter_mlws.errors import StorageFull, Unavailable

# Two of these at once: each says the folder that it has, and whether it built it.
BUILD = """
import sys
from jupyter_mlws.environments import building, locking
lock = locking.Lock(text=sys.stdin.read(), python="%d.%d" % sys.version_info[:2], system=locking.system())
said = []
print(building.build(lock, said.append, lambda: True).folder, any(line.startswith("Built") for line in said))
"""


def always() -> bool:
    return True


@pytest.fixture
def lock(own_index: Index) -> locking.Lock:
    own_index.add("large", "1.0", modules={f"large/m{n}.py": os.urandom(200_000) for n in range(10)})
    return locking.lock(EnvironmentSpec(packages=("large", "six")), print, always)


@pytest.mark.parametrize("full", ["cache of environments", "cache of uv"])
def test_a_full_disk_is_told_and_leaves_nothing(
    lock: locking.Lock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    monkeypatch.setenv("MLWS_CACHE_DIR", str(tmp_path / "disk" / "mlws"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / ("disk" if full == "cache of uv" else "other") / "uv"))

    def body() -> None:
        disk = Disk(tmp_path / "disk", 8 << 20)
        building.root().mkdir(parents=True)
        disk.fill()
        disk._ballast.write_bytes(b"\0" * (7 << 20))  # room for a beginning
        with pytest.raises(StorageFull, match="no room") as caught:
            building.build(lock, print, always)
        assert "mlws env prune" in caught.value.hint
        assert not (building.root() / lock.digest).exists()
        disk.free()
        assert building.build(lock, print, always).interpreter.exists()

    apart(body)


def test_two_processes_that_want_it_at_once_build_it_once(lock: locking.Lock) -> None:
    found: list[tuple[str, str]] = []

    def run() -> None:
        said = subprocess.run(
            [sys.executable, "-c", BUILD], input=lock.text, capture_output=True, text=True, check=True
        )
        folder, _, built = said.stdout.strip().rpartition(" ")
        found.append((folder, built))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {folder for folder, _ in found} == {str(building.root() / lock.digest)}
    assert sorted(built for _, built in found) == ["False", "False", "True"]


def test_what_is_built_is_closed_to_other_users_and_theirs_to_us(lock: locking.Lock, tmp_path: Path) -> None:
    made = building.build(lock, print, always)
    assert (building.root().stat().st_mode & 0o077) == 0
    assert made.folder.stat().st_uid == os.getuid()
    if os.getuid() != 0:
        pytest.skip("Only root can be somebody else: run this test as root")
    tmp_path.chmod(0o755)
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            try:
                building.build(lock, lambda line: None, always)
            except Unavailable as error:
                os._exit(0 if "MLWS_CACHE_DIR" in error.hint and building.find(lock.digest) is None else 2)
            os._exit(3)
        except BaseException:
            os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

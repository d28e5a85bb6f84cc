"""Folders as they really are: read-only, without a home, with masks and names and files that nobody expects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65534


class Person:
    """Somebody without a home and without rights, who has a read-only project and an empty environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.temporary = folder / "tmp"
        for place in (self.project, self.temporary):
            place.mkdir()
        self.who: dict[str, Any] = {}
        if os.geteuid() == 0:
            os.chown(self.temporary, NOBODY, NOBODY)
            self.who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self.python = self._python()

    def _python(self) -> str:
        """An interpreter of our version that this person may execute; root's own may lie in root's home."""
        for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
            try:
                subprocess.run([python, "-c", ""], check=True, **self.who)
            except (OSError, subprocess.CalledProcessError):
                continue
            return python
        pytest.skip(f"Nobody may execute {sys.executable}: run this test as a user of your own, not as root.")

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
        times = {"MLWS_HEARTBEAT_S": "0.1", "MLWS_DRAIN_S": "0.5", "MLWS_DISPATCHER_IDLE_S": "1"}
        return {"PATH": os.defpath, "PYTHONPATH": path, "TMPDIR": str(self.temporary), **times}

    def make_home(self) -> Path:
        """A home after all, which others may enter, as homes often are."""
        home = self.temporary / "home"
        home.mkdir(mode=0o755)
        if self.who:
            os.chown(home, NOBODY, NOBODY)
        return home

    def submit(self, umask: int, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-m", "jupyter_mlws.cli", "submit", "--wait", "train.py"],
            cwd=self.project,
            env={**self.environment(), **variables},
            umask=umask,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **self.who,
        )


def open_to_others(folder: Path) -> list[str]:
    """What of ours below `folder` anybody else could read or change: no folder above it is shut."""
    found: list[str] = []
    for entry in os.scandir(folder):
        mode = entry.stat(follow_symlinks=False).st_mode
        if entry.name.startswith("jupyter-mlws") and mode & 0o077:
            found.append(entry.path)
        elif entry.is_dir(follow_symlinks=False) and mode & 0o011:
            found += open_to_others(Path(entry.path))
    return found


@pytest.fixture
def person() -> Iterator[Person]:
    folder = Path(tempfile.mkdtemp(prefix="mlws-person-"))
    folder.chmod(0o755)
    yield Person(folder)
    end = time.monotonic() + 10
    mark = f"TMPDIR={folder / 'tmp'}".encode()
    while any(mark in environment_of(pid) for pid in os.listdir("/proc") if pid.isdigit()) and time.monotonic() < end:
        time.sleep(0.1)
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


def environment_of(pid: str) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


@pytest.mark.parametrize(
    ("umask", "has_home"), [(0o000, True), (0o777, False), pytest.param(0o077, False, marks=pytest.mark.soak)]
)
def test_F42_a_read_only_project_runs_whatever_the_mask_with_a_home_or_without(person, umask, has_home):
    script = "import os\nopen('outputs/made.txt', 'w').write('x')\nprint('it ran', oct(os.stat('outputs').st_mode))\n"
    (person.project / "train.py").write_text(script)
    (person.project / "train.py").chmod(0o444)
    person.project.chmod(0o555)
    done = person.submit(umask, **({"HOME": str(person.make_home())} if has_home else {}))
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert "it ran" in done.stdout
    assert os.listdir(person.project) == ["train.py"]
    assert open_to_others(person.temporary) == []

"""Folders as they really are: read-only, without a home, with masks and names and files that nobody expects."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.domain.status import RunStatus

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
    ("umask", "has_home"),
    [
        (0o000, True),
        pytest.param(0o777, False, marks=pytest.mark.soak),
        pytest.param(0o077, False, marks=pytest.mark.soak),
    ],
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


SHOW = """
import hashlib, os
for here, folders, files in os.walk("."):
    for name in files:
        path = os.path.join(here, name)
        if not path.startswith(("./outputs", "./logs")) and not os.path.islink(path):
            with open(path, "rb") as file:
                print(ascii(os.path.relpath(path, ".")), hashlib.sha256(file.read()).hexdigest())
"""
ORDINARY = {
    "Case.txt": b"upper",
    "case.txt": b"lower",
    "trailing space ": b"1",
    " leading": b"2",
    "dots...": b"3",
    "-rf": b"4",
    "~me": b"5",
    "x" * 251 + ".txt": b"a name of 255 bytes",
    "cafe\u0301.txt": b"6",
    "caf\u00e9.txt": b"7",
    "\U0001f40d/" + "d/" * 62 + "deep.txt": b"64 deep",
    "con": b"8",
    "$(touch pwned)": b"9",
}


def plant(project: Path) -> list[str]:
    """Grow a tree of everything; returns what cannot travel."""
    for number, (name, data) in enumerate(ORDINARY.items()):
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, [(0, 0), (-1, -1), (4_354_819_200, 4_354_819_200), (253_402_300_000,) * 2][number % 4])
    os.link(project / "case.txt", project / "hard link.txt")
    (project / "round").symlink_to(".")
    (project / "link.txt").symlink_to("case.txt")
    (project / "dangling").symlink_to("nowhere")
    os.mkfifo(project / "a pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(project)
        bound.bind("a socket")
        os.chdir(here)
    (project / "new\nline.txt").write_bytes(b"x")
    with open(os.fsencode(project) + b"/no-utf-8-\xff.txt", "wb") as file:
        file.write(b"x")
    return ["a pipe", "a socket", "new\\nline", "no-utf-8"]


def test_F41_F43_F44_a_tree_of_everything_runs_as_it_is_and_says_what_stayed(lab):
    stayed = plant(lab.project)
    began = time.monotonic()
    run = lab.submit(SHOW)
    assert time.monotonic() - began < 5
    record = lab.ended(run)
    assert record.status is RunStatus.COMPLETED, run.get_log()
    found = dict(line.rsplit(" ", 1) for line in run.get_log().splitlines())
    expected = ORDINARY | {"hard link.txt": b"lower", "train.py": SHOW.encode()}
    assert found == {ascii(name): hashlib.sha256(data).hexdigest() for name, data in expected.items()}
    told = "\n".join((*record.notes, *record.warnings))
    report = lab.api.snapshots.create(SnapshotRequest(directory=str(lab.project), rule="directory"))
    told += "\n".join((*report.skipped, *report.unreadable, *report.warnings))
    assert [name for name in stayed if name not in told] == []


def test_F41_a_huge_sparse_file_is_read_in_its_place_and_not_copied(lab):
    with (lab.project / "sparse.bin").open("wb") as file:
        file.truncate(1 << 42)
    before = size_of(lab.folder)
    began = time.monotonic()
    run = lab.submit("import os; print(os.stat('sparse.bin').st_size)")
    assert time.monotonic() - began < 5
    record = lab.ended(run)
    assert record.status is RunStatus.COMPLETED, run.get_log()
    assert [(link.path, link.reason, link.size_bytes) for link in record.links] == [("sparse.bin", "large", 1 << 42)]
    assert run.get_log() == f"{1 << 42}\n"
    assert size_of(lab.folder) - before < 1 << 20


def size_of(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def test_F40_files_that_change_all_the_time_are_taken_as_they_were_at_one_moment(lab):
    """A writer that renames whole versions into place at 1 kHz: each snapshot holds one of them, never a mixture."""
    stop = threading.Event()

    def rewrite() -> None:
        number = 0
        while not stop.wait(0.001):
            number += 1
            draft = lab.project.parent / "draft"
            draft.write_text(f"{number}\n" * 2000)
            draft.replace(lab.project / "busy.txt")

    (lab.project / "busy.txt").write_text("0\n" * 2000)
    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        runs = [lab.submit("print(len(set(open('busy.txt'))), len(list(open('busy.txt'))))") for _ in range(2)]
    finally:
        stop.set()
        writer.join()
    for run in runs:
        assert lab.ended(run).status is RunStatus.COMPLETED, run.get_log()
        assert run.get_log() == "1 2000\n"


@pytest.mark.soak
def test_F43_a_folder_deeper_than_any_path_is_refused_or_works(lab):
    """4,096 bytes are the most that a path may have; the tree goes beyond."""
    here = os.open(lab.project, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("deep.txt", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)
    run = lab.submit("print('ran')")
    assert lab.ended(run).status is RunStatus.COMPLETED, run.get_log()
    subprocess.run(["rm", "-rf", lab.project], check=True)

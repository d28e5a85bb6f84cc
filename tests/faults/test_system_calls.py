"""The N-th write or sync of the database fails, or is the last one: for N = 1, 2, 3... until nothing happens any more.

This is how SQLite tests itself (https://www.sqlite.org/testing.html), one level below: at the system call.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fault_oracles
import fault_works
import pytest
from needs import program
from works.records import write_records
from workshop import FAILED_IN_WORDS

KILLED = (-9, 137)
FAILURES = {
    "sync": "fdatasync:error=EIO",
    "full": "pwrite64:error=ENOSPC",
    "broken": "pwrite64:error=EIO",
    "killed": "pwrite64:signal=SIGKILL",
}
CODE = (
    "import sys; sys.path.insert(0, sys.argv[1]); import workshop, os;"
    "sys.exit(workshop._work({'work': 'write_records', 'place': sys.argv[2], 'said': sys.argv[3]}, dict(os.environ)))"
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    program("strace", "it has system calls fail")
    return tmp_path


def do(place: Path, failure: str) -> tuple[int, list[str], bool]:
    """Do the work with a failure: its exit status, what it acknowledged, whether the failure happened."""
    place.mkdir(exist_ok=True)
    command = [sys.executable, "-c", CODE, str(Path(fault_works.__file__).parent), str(place), str(place / "said")]
    call = failure.partition(":")[0]
    strace = ["strace", "-f", "-o", str(place / "trace"), "-e", f"trace={call}"]
    status = subprocess.run([*strace, "-e", f"inject={failure}", *command], check=False).returncode
    trace = (place / "trace").read_text()
    happened = "INJECTED" in trace or "killed by SIGKILL" in trace
    return status, (place / "said").read_text().splitlines(), happened


def have_it_fail(place: Path, kind: str, nth: int) -> bool:
    """Whether the `nth` call was there to fail; what was acknowledged before it, and after a repeat, is there."""
    status, said, happened = do(place, f"{FAILURES[kind]}:when={nth}")
    assert happened or status == 0, said
    if happened:
        assert status in ((*KILLED,) if kind == "killed" else (0, FAILED_IN_WORDS)), said
        if status == FAILED_IN_WORDS:
            (words,) = [line for line in said if line.startswith("! ")]
            # SQLite takes a full disk for a failing one where it reads back what it has written.
            named = ("! StorageFull", "! Unavailable") if kind == "full" else ("! Unavailable",)
            assert words.startswith(named), words
        fault_oracles.write_records(place, said)
        write_records(place)
        fault_oracles.write_records(place, [*said, "tag0", "tag3"])
    return happened


@pytest.mark.parametrize(("kind", "nth"), [("sync", 6), ("full", 40), ("killed", 40)])
def test_F06_F08_a_call_of_the_database_that_fails_loses_nothing_acknowledged(place, kind, nth):
    assert have_it_fail(place / kind, kind, nth)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "step"), [("sync", 1), ("full", 7), ("broken", 11), ("killed", 7)])
def test_F06_F08_nor_does_any_other(place, kind, step, trials):
    nth = 1
    while have_it_fail(place / str(nth), kind, nth):
        nth += step
    trials(f"a system call of the database: {FAILURES[kind]}", times=nth // step)
    assert nth // step > 5

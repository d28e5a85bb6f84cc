"""Runs that log a known sequence and note what was acknowledged: after any crash one can say what must be there.

The script notes in a mapped file of its own how far each kind of call has returned: what it noted survives its death,
because the pages are the kernel's.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder.processes import identity_of, is_alive
from jupyter_mlws.sdk.run import Run

SCRIPT = """
import hashlib, mmap, os, sys, time
import jupyter_mlws as mlws

notes, seconds = sys.argv[1], float(sys.argv[2])
me = os.environ["MLWS_RUN_ID"]
starts = os.open(os.path.join(notes, "starts"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(starts, (me + "\\n").encode())
with open(os.path.join(notes, me), "w+b") as file:
    file.truncate(64)
    told = memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")
run = mlws.Run.get_context()
stop, until = os.path.join(notes, "stop"), time.monotonic() + seconds


def output(name, number):
    data = f"{me} {name} {number} ".encode() * 100
    temporary = os.path.join(notes, f"{me}.tmp")
    with open(temporary, "wb") as file:
        file.write(data)
    os.rename(temporary, os.path.join("outputs", name))


i = 0
while time.monotonic() < until and not os.path.exists(stop):
    run.log("loss", i)
    told[0] = i + 1
    run.log_metrics({"accuracy": i, "rate": -i})
    told[1] = i + 1
    os.write(1, b"line %d\\n" % i)
    told[2] = i + 1
    if i % 40 == 0:
        j = i // 40
        run.tag(f"t{j % 10}", j)
        told[3] = j + 1
        output(f"part{j % 25}", j)
        told[4] = j + 1
    i += 1
    time.sleep(0.002)
told[5] = 1
"""


class Told(NamedTuple):
    """How far the script's calls have returned."""

    loss: int
    both: int
    lines: int
    tags: int
    outputs: int
    ended: int


class Crashes:
    """Several runs under way, and the one who looks whether everything that they were told is kept.

    Parameters
    ----------
    lab : Lab
    seed : int
        Of the moments; printed, so that a failure can be had again.
    """

    def __init__(self, lab: Any, seed: int | None = None) -> None:
        self.lab = lab
        self.seed = random.randrange(1 << 32) if seed is None else seed
        self.random = random.Random(self.seed)
        self.notes = lab.tmp_path / "notes"
        self.notes.mkdir()
        self.runs: list[Run] = []
        self.kills = 0
        self._submissions: dict[float, Any] = {}

    def submission(self, seconds: float = 60.0) -> Any:
        if seconds not in self._submissions:
            self._submissions[seconds] = self.lab.prepare(SCRIPT, arguments=[self.notes, seconds])
        return self._submissions[seconds]

    def begin(self, count: int = 5, seconds: float = 60.0) -> list[Run]:
        """Submit so many runs at once."""
        submission = self.submission(seconds)
        begun = [Run(self.lab.ws, self.lab.api.runs.submit(submission)) for _ in range(count)]
        self.runs += begun
        return begun

    def pause(self, longest_s: float) -> None:
        time.sleep(self.random.uniform(0.0, longest_s))

    def kill(self, pid: int) -> None:
        self.kills += 1
        os.kill(pid, signal.SIGKILL)

    def wait_for_the_moment(self, run: Run) -> None:
        """Most runs are killed while they log, some of them while they begin."""
        if self.random.random() < 0.8:
            self.lab.wait(lambda: self.told(run).loss)
        self.pause(0.3)

    def all_log(self, runs: list[Run]) -> bool:
        return all(self.told(run).loss for run in runs)

    def stop(self) -> None:
        """Have all scripts end by themselves."""
        (self.notes / "stop").touch()

    def tell(self) -> None:
        """For a failure's report."""
        print(f"seed {self.seed}, {self.kills} kills; the dispatcher said:\n{self.lab.log()[-6000:]}")

    # -- afterwards

    def told(self, run: Run) -> Told:
        try:
            data = (self.notes / run.id).read_bytes()
        except FileNotFoundError:
            data = b""
        return Told(*memoryview(data.ljust(64, b"\0")).cast("Q")[:6])

    def check(self, run: Run, *, status: RunStatus, code: str | None = None, deadline_s: float = 30.0) -> None:
        """The run is over, for the true reason, with all that its script was told is kept, and once."""
        record = self.lab.ended(run, deadline_s)
        assert record.status is status, record.error
        assert (record.error and record.error.code) == code, record.error
        self.check_all_is_kept(run)

    def check_all_is_kept(self, run: Run) -> None:
        """An ended run has all that its script was told is kept, once, and no process."""
        told = self.told(run)
        if run.refresh().status is RunStatus.COMPLETED:
            assert told.ended
        self._check_points(run, told)
        self._check_log(run, told)
        self._check_tags(run, told)
        self._check_outputs(run, told)
        assert self.lab.marked(run) == []
        assert self.starts().count(run.id) <= 1

    def starts(self) -> list[str]:
        path = self.notes / "starts"
        return path.read_text().split() if path.exists() else []

    def _check_points(self, run: Run, told: Told) -> None:
        counts = {metric.name: metric.count for metric in self.lab.api.runs.get(run.id).metrics}
        for name, acknowledged, sign in (
            ("loss", told.loss, 1), ("accuracy", told.both, 1), ("rate", told.both, -1),
        ):  # fmt: skip
            stored = counts.get(name, 0)
            assert acknowledged <= stored <= acknowledged + 1, (name, stored, told, run.record.error)
            if stored:
                assert list(self.lab.series(run.id, name)) == [sign * i for i in range(stored)]

    def _check_log(self, run: Run, told: Told) -> None:
        lines = run.get_log().splitlines(keepends=True) if told.lines else []
        assert told.lines <= len(lines) <= told.lines + 1
        assert lines == [f"line {i}\n" for i in range(len(lines))]

    def _check_tags(self, run: Run, told: Told) -> None:
        tags = self.lab.api.runs.get(run.id).tags
        assert tags in [_latest("t", 10, count) for count in (told.tags, told.tags + 1)]

    def _check_outputs(self, run: Run, told: Told) -> None:
        stored = {file.name: file.digest for file in self.lab.api.files.list(run.id, kind="output", limit=1000).items}
        expected = [_digests(run.id, count) for count in (told.outputs, told.outputs + 1)]
        assert stored in expected, (stored, expected)

    def check_they_logged(self) -> None:
        """A test whose runs are killed before they do anything proves nothing."""
        assert sum(self.told(run).loss > 0 for run in self.runs) > len(self.runs) // 2

    def check_nothing_lives(self) -> None:
        assert [pid for run in self.runs for pid in self.lab.marked(run)] == []


def _latest(prefix: str, places: int, count: int) -> dict[str, str]:
    return {f"{prefix}{j % places}": str(j) for j in range(count)}


def _digests(run_id: str, count: int) -> dict[str, str]:
    found = {}
    for name, j in _latest("part", 25, count).items():
        data = f"{run_id} {name} {j} ".encode() * 100
        found[f"outputs/{name}"] = hashlib.sha256(data).hexdigest()
    return found


def until_dead(lab: Any, pid: int, kill: Callable[[int], None]) -> None:
    """Kill a process and wait until it is gone."""
    identity = identity_of(pid)
    kill(pid)
    lab.wait(lambda: not is_alive(identity))

"""Runs that are canceled at chosen moments, many at a time, and everything that has to be true of each of them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from run_model import ENDS, can_get
from sqlalchemy import select

from jupyter_mlws.dispatcher import client
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.runfolder import places, state
from jupyter_mlws.store import Store
from jupyter_mlws.store.tables import runs as table

__all__ = ["GRACE_S", "Canceling", "Phase"]

# Given to scripts that want to save something; short for those that ignore it.
GRACE_S = 2.0
# F29: nothing is left so long after a cancel. The rest is what a machine may take that has something else to do.
_GONE_S = 15.0
_BUSY_S = 15.0
_AT_ONCE = 12
_LONG_S = 60.0
# Cancels each run of its standard input as soon as it reads its id.
_CANCELER = """
import sys
from jupyter_mlws.workspace import connect
api = connect(sys.argv[1]).api
for line in sys.stdin:
    api.runs.cancel(line.strip())
    print("done", flush=True)
"""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A moment of a run's life and what a cancel may make of it.

    Attributes
    ----------
    command : tuple of str
        `{notes}` is a folder for what the script wants to say, `{token}` a word that names this test's processes.
    ready : callable
        Whether the moment has come.
    within_s : float
        The cancel comes at a random time so long after it.
    before, after : callable
        What is done to the run just before the cancel, and again and again after it until it has ended.
    ends : set of str
    never_starts : bool
        Not one instruction of the script was executed.
    sweep : int
        So many children.
    """

    command: tuple[str, ...] = ("sh", "-c", ": > {notes}/$MLWS_RUN_ID; exec sleep 300")
    ready: Callable[[Canceling, str], Any] = lambda bench, run_id: True
    within_s: float = 0.0
    before: Callable[[Canceling, str], Any] = lambda bench, run_id: None
    after: Callable[[Canceling, str], Any] = lambda bench, run_id: None
    ends: frozenset[str] = frozenset({"Canceled"})
    never_starts: bool = False
    sweep: int = 0
    often: bool = False
    check: Callable[[Canceling, str, Run], Any] = lambda bench, run_id, record: None


class Canceling:
    """A workspace in which runs are canceled.

    Parameters
    ----------
    lab : Lab
        Of tests/faults/conftest.py.
    """

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self.notes = lab.tmp_path / "notes"
        self.notes.mkdir()
        self.token = f"token{os.getpid()}x{random.randrange(10**9)}"
        self.ids: list[str] = []
        self.phases: dict[str, Phase] = {}
        self.seen: dict[str, list[tuple[str, int]]] = {}
        self.ended_at: dict[str, float] = {}
        self.canceled_at: dict[str, float] = {}
        self.faults: list[str] = []
        self._store = Store.open(lab.folder)
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        self._cancelers: list[subprocess.Popen[str]] = []
        self._turn = threading.Lock()

    def close(self) -> None:
        self._over.set()
        self._watcher.join()
        self._store.close()
        for process in self._cancelers:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
            process.stdout.close()

    # -- looking on

    def _watch(self) -> None:
        """Follow the states of all runs; each step has to be one of the model, and be counted."""
        while not self._over.wait(0.01):
            try:
                self._look()
            except Exception as error:  # the test's own thread tells it
                self.faults.append(f"{type(error).__name__}: {error}")

    def _look(self) -> None:
        with self._store.read() as c:
            rows = c.execute(select(table.c.id, table.c.status, table.c.status_sequence)).all()
        now = time.time()
        for run_id, status, sequence in rows:
            self._take(run_id, status, sequence, now)

    def _take(self, run_id: str, status: str, sequence: int, now: float) -> None:
        story = self.seen.setdefault(run_id, [("Queued", 1)])
        before, count = story[-1]
        if (status, sequence) == (before, count):
            return
        if sequence <= count or not can_get(before, status, sequence - count):
            self.faults.append(f"{run_id}: from {before} ({count}) to {status} ({sequence})")
        story.append((status, sequence))
        if status in ENDS:
            self.ended_at[run_id] = now

    def status(self, run_id: str) -> str:
        return self.seen.get(run_id, [("", 0)])[-1][0]

    def events(self, run_id: str) -> dict[str, Any]:
        found, _ = state.read(self.lab.folder / "runs" / run_id, 0)
        return {event["event"]: event for event in found}

    def agent(self, run_id: str) -> int | None:
        events = self.events(run_id)
        return events["started"]["identity"]["pid"] if "started" in events else None

    def script(self, run_id: str) -> int | None:
        events = self.events(run_id)
        return events["script_started"]["identity"]["pid"] if "script_started" in events else None

    def has_noted(self, run_id: str) -> bool:
        return (self.notes / run_id).exists()

    # -- doing

    def run(self, phase: Phase, times: int) -> None:
        """Have `times` runs canceled in this phase, and look at what became of each."""
        self.run_all([phase] * times)

    def run_all(self, phases: list[Phase]) -> None:
        """One run for each of these, several at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in [pool.submit(self._one, phase) for phase in phases]:
                done.result()
        self._look_over()

    def submit(self, phase: Phase) -> str:
        command = tuple(word.format(notes=self.notes, token=self.token) for word in phase.command)
        wish = RunSubmission(experiment="faults", command=command, secrets={"MINE": self.token})
        if phase.sweep:
            wish = replace(wish, kind="sweep", sweep=tuple({"n": str(i)} for i in range(phase.sweep)), parallel=2)
        run_id: str = self.lab.api.runs.submit(wish).id
        self.ids.append(run_id)
        self.phases[run_id] = phase
        for child in self.children(run_id) if phase.sweep else ():
            self.phases[child] = replace(phase, sweep=0, never_starts=False, ends=phase.ends | {"Completed"})
            self.ids.append(child)
        return run_id

    def children(self, run_id: str) -> list[str]:
        return [run.id for run in self.lab.api.runs.list(parent=run_id, limit=100).items]

    def _one(self, phase: Phase) -> None:
        run_id = self.submit(phase)
        self.wait(lambda: phase.ready(self, run_id) or self.status(run_id) in ENDS, f"{run_id} is not ready")
        time.sleep(random.uniform(0, phase.within_s))
        phase.before(self, run_id)
        self.canceled_at[run_id] = time.time()
        self.cancel(run_id, often=phase.often)
        while self.status(run_id) not in ENDS:
            assert time.time() - self.canceled_at[run_id] < _GONE_S + _BUSY_S, self._story(run_id)
            phase.after(self, run_id)
            time.sleep(0.02)
        if phase.often:
            self.cancel(run_id, often=True)

    def cancel(self, run_id: str, *, often: bool = False) -> None:
        """Cancel a run; often: from two other processes at the same moment, and twice from here."""
        if not often:
            self.lab.api.runs.cancel(run_id)
            return
        with self._turn:
            if not self._cancelers:
                command = [sys.executable, "-c", _CANCELER, str(self.lab.folder)]
                self._cancelers = [
                    subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                    for _ in range(2)
                ]
            for process in self._cancelers:
                process.stdin.write(run_id + "\n")
                process.stdin.flush()
            self.lab.api.runs.cancel(run_id)
            for process in self._cancelers:
                assert process.stdout.readline() == "done\n"
        self.lab.api.runs.cancel(run_id)

    def wait(self, what: Callable[[], Any], otherwise: str, deadline_s: float = _LONG_S) -> Any:
        until = time.monotonic() + deadline_s
        while not (found := what()):
            assert not self.faults
            assert time.monotonic() < until, f"{otherwise}\n{self.lab.log()}"
            time.sleep(0.01)
        return found

    def _story(self, run_id: str) -> str:
        return f"{run_id} does not end: {self.seen.get(run_id)}\n{self.lab.log()}"

    # -- the oracle

    def _look_over(self) -> None:
        ids, self.ids = self.ids, []
        self.wait(lambda: all(self.status(run_id) in ENDS for run_id in ids), "Some child has not ended")
        self.wait(lambda: not self._left(ids), f"Processes are left: {self._left(ids)}", _BUSY_S)
        dispatcher = client.state(self.lab.folder).pid
        self.wait(lambda: not _zombies_of(dispatcher), "The dispatcher leaves zombies", _BUSY_S)
        assert not self.faults
        for run_id in ids:
            self._look_at(run_id, self.phases[run_id])
        handed = {path.stem for path in (places.runtime_dir() / "handover").glob("*.json")}
        assert not handed & set(ids)

    def _look_at(self, run_id: str, phase: Phase) -> None:
        record = self.lab.api.runs.get(run_id)
        assert record.status.value in phase.ends, (self.seen[run_id], record.error, self.lab.log())
        assert (record.status.value, record.error is None) in {
            ("Canceled", True),
            ("Completed", True),
            ("Failed", False),
        }
        note = self.notes / run_id
        if note.exists():
            assert not phase.never_starts
            assert note.stat().st_mtime <= self.ended_at[run_id]
        folder = self.lab.folder / "runs" / run_id
        self.wait(
            lambda: not folder.exists() or {path.name for path in folder.iterdir()} <= {"job.json", "state.jsonl"},
            f"{run_id} leaves {list(folder.iterdir()) if folder.exists() else ''}",
            _BUSY_S,
        )
        phase.check(self, run_id, record)

    def _left(self, ids: list[str]) -> list[str]:
        """Processes of these runs: by the marker, by the token, and by the session of their agents."""
        wanted = set(ids)
        sessions = {pid for run_id in ids if (pid := self.agent(run_id))}
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError, ValueError):
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                if fields[0] in "ZX":
                    continue
                words = (place / "cmdline").read_bytes().split(b"\0")
                marks = dict(each.partition(b"=")[::2] for each in (place / "environ").read_bytes().split(b"\0"))
                if (
                    marks.get(b"MLWS_RUN_ID", b"").decode() in wanted
                    or self.token.encode() in words
                    or int(fields[3]) in sessions
                ):
                    found.append(f"{place.name}: {b' '.join(words)!r}")
        return found


def _zombies_of(parent: int | None) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            if fields[0] == "Z" and int(fields[1]) == parent:
                found.append(place.name)
    return found


def stop(pid: int | None) -> None:
    """SIGSTOP, where there is somebody to stop."""
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)

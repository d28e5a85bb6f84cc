"""Two dispatchers that both believe to be the one: a lock removed, a process stopped and woken, a workspace copied."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher import client
from jupyter_mlws.dispatcher.main import Dispatcher
from jupyter_mlws.dispatcher.place import host_name, lock_path, user_name
from jupyter_mlws.dispatcher.records import Records
from jupyter_mlws.dispatcher.settings import Settings, read_workspace_file
from jupyter_mlws.dispatcher.turn import Superseded, Turn
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder import places
from jupyter_mlws.runfolder.processes import identity_of, is_alive
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.store import Store
from jupyter_mlws.store.runs import claim_queued, move_run

from .crashing import Crashes

# How often two dispatchers take the turn from each other.
TURNS = 8
DEADLINE_S = 90.0


@pytest.fixture
def crashes(lab, monkeypatch) -> Iterator[Crashes]:
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "5")
    found = Crashes(lab)
    yield found
    found.tell()
    found.check_nothing_lives()


def state_of(process: Path) -> str:
    try:
        return (process / "stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return "X"


def stop_between_two_transactions(lab, pid: int) -> None:
    """Stop a dispatcher that writes nothing: one that is stopped in a transaction has everybody wait for it."""
    with closing(sqlite3.connect(lab.folder / "mlws.sqlite", timeout=DEADLINE_S, isolation_level=None)) as mine:
        mine.execute("BEGIN IMMEDIATE")
        os.kill(pid, signal.SIGSTOP)
        # The signal is on its way when `kill` returns; a thread may begin a transaction until it is there.
        lab.wait(lambda: all(state_of(task) in "TtZX" for task in Path(f"/proc/{pid}/task").iterdir()))
        mine.execute("ROLLBACK")


def test_F26_a_dispatcher_whose_lock_was_removed_while_it_was_stopped_writes_nothing_when_it_goes_on(crashes):
    """Both of them live, both follow the same five runs; only the second may write."""
    lab = crashes.lab
    begun = crashes.begin(5)
    lab.wait(lambda: crashes.all_log(begun))
    first = lab.dispatcher()
    identity = identity_of(first)
    for _ in range(3):
        stop_between_two_transactions(lab, first)
        lock_path(lab.folder).unlink()
        places.socket_path(lab.folder).unlink(missing_ok=True)
        lab.api.workspace.wake()
        second = lab.dispatcher()
        assert second != first
        os.kill(first, signal.SIGCONT)
        lab.wait(lambda identity=identity: not is_alive(identity))
        first, identity = second, identity_of(second)
    crashes.stop()
    for run in begun:
        crashes.check(run, status=RunStatus.COMPLETED)
    assert sorted(crashes.starts()) == sorted(run.id for run in begun)


@contextmanager
def two_dispatchers(lab) -> Iterator[tuple[Dispatcher, Dispatcher]]:
    """Two in this process, each with a lock of its own making: neither knows of the other."""
    facts = read_workspace_file(lab.folder)
    stores = [Store.open(lab.folder) for _ in range(2)]
    locks = [os.open(lab.tmp_path / f"lock{i}", os.O_RDWR | os.O_CREAT) for i in range(2)]
    settings = Settings(idle_poll_s=0.02, poll_s=0.02, heartbeat_s=0.1, local_slots=3)
    pair = [
        Dispatcher(lab.folder, facts, settings, Records(store, BlobStore(lab.folder / "blobs")), lock)
        for store, lock in zip(stores, locks, strict=True)
    ]
    for dispatcher in pair:
        dispatcher._look_where_we_are = lambda: None
    try:
        yield pair[0], pair[1]
    finally:
        for dispatcher, store, lock in zip(pair, stores, locks, strict=True):
            dispatcher._listener.close()
            dispatcher._let_go()
            store.close()
            os.close(lock)


def test_F26_of_two_dispatchers_forced_onto_one_workspace_each_run_is_claimed_and_run_once(lab, monkeypatch):
    """They take the turn from each other again and again, which no lock would let them; still nothing happens twice."""
    from jupyter_mlws.workspace.waking import Wake

    monkeypatch.setattr(Wake, "__call__", lambda self: None)
    started = lab.tmp_path / "started"
    one = lab.prepare(
        f"import os, time\nos.write(os.open({str(started)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT),"
        " (os.environ['MLWS_RUN_ID'] + '\\n').encode())\nimport jupyter_mlws as mlws\n"
        "for i in range(100):\n  mlws.log(n=i); time.sleep(0.003)\n"
    )
    runs = [Run(lab.ws, lab.api.runs.submit(one)) for _ in range(8)]
    over = threading.Event()
    turns = []

    def serve(dispatcher: Dispatcher) -> None:
        while not over.is_set():
            # A process would end when it has lost its turn. This one begins anew, without the followers that it had.
            for follower in dispatcher._followers.values():
                follower.leave()
                follower.join(5)
            dispatcher._followers.clear()
            dispatcher._turn.lost.clear()
            dispatcher._turn.number = 0
            try:
                dispatcher._begin()
                turns.append(dispatcher)
                # Long enough that something happens on a busy machine, and in the end one of them is left alone.
                until = time.monotonic() + (0.5 if len(turns) < TURNS else 60.0)
                while time.monotonic() < until and not over.is_set() and not dispatcher._turn.lost.is_set():
                    dispatcher._step()
            except Superseded:
                pass
            if len(turns) >= TURNS:
                return
            time.sleep(0.1)

    with two_dispatchers(lab) as pair:
        threads = [threading.Thread(target=serve, args=(dispatcher,)) for dispatcher in pair]
        for thread in threads:
            thread.start()
        try:
            records = [lab.ended(run) for run in runs]
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert set(turns) == set(pair)
    assert {record.status for record in records} == {RunStatus.COMPLETED}
    assert sorted(started.read_text().split()) == sorted(run.id for run in runs)
    for run in runs:
        assert list(lab.series(run.id, "n")) == list(range(100))


def test_F26_all_that_a_stale_dispatcher_writes_is_refused(lab, monkeypatch):
    from jupyter_mlws.workspace.waking import Wake

    monkeypatch.setattr(Wake, "__call__", lambda self: None)
    run = lab.submit("print(1)")
    with two_dispatchers(lab) as (stale, current):
        stale._turn.take(stale._context.store)
        with stale._context.write() as c:
            (claimed,) = claim_queued(c, user=user_name(), owner=f"{host_name()}:1:1", limit=1, target="local")
        current._turn.take(current._context.store)
        for attempt in (RunStatus.RUNNING, RunStatus.FAILED):
            with pytest.raises(Superseded), stale._context.write() as c:
                move_run(c, claimed.id, attempt)
        with pytest.raises(Superseded):
            stale._claim("local")
        assert stale._turn.lost.is_set()
        assert run.refresh().status is RunStatus.PREPARING
        with current._context.write() as c:
            assert move_run(c, claimed.id, RunStatus.RUNNING) is not None
            assert move_run(c, claimed.id, RunStatus.FAILED) is not None


def test_turns_of_other_users_and_hosts_are_their_own(lab):
    with Store.open(lab.folder) as store:
        here, elsewhere = Turn("ada", "here", lambda: None), Turn("ada", "elsewhere", lambda: None)
        here.take(store)
        elsewhere.take(store)
        with store.write() as c:
            here.check(c)
            elsewhere.check(c)


@pytest.mark.parametrize("left_out", [["runs"], []])
def test_F26_a_copy_of_a_workspace_does_nothing_to_the_runs_of_the_original(crashes, left_out):
    from jupyter_mlws.sdk.workspace import Workspace

    lab = crashes.lab
    (run,) = crashes.begin(1)
    lab.wait(lambda: crashes.all_log([run]))
    copy = lab.tmp_path / "copy"
    shutil.copytree(lab.folder, copy, ignore=shutil.ignore_patterns("dispatcher*", *left_out))
    try:
        other = Workspace(copy)
        other.api.workspace.wake()
        lab.wait(lambda: other.api.runs.get(run.id).status.is_terminal)
        assert other.api.runs.get(run.id).status is RunStatus.FAILED
    finally:
        client.stop(copy)
    assert lab.marked(run) != []
    crashes.stop()
    crashes.check(run, status=RunStatus.COMPLETED)


def test_the_gpus_of_a_run_that_is_taken_up_are_not_given_to_another(lab, monkeypatch):
    from jupyter_mlws.targets import machine
    from jupyter_mlws.workspace.waking import Wake

    monkeypatch.setattr(Wake, "__call__", lambda self: None)
    monkeypatch.setattr(machine, "gpu_ids", lambda: ("GPU-a", "GPU-b"))
    go_on = lab.tmp_path / "go on"
    waiting = (
        "import os, time\nprint(os.environ['CUDA_VISIBLE_DEVICES'])\n"
        f"while not os.path.exists({str(go_on)!r}): time.sleep(0.02)"
    )

    def submit() -> Run:
        return Run(lab.ws, lab.api.runs.submit(replace(lab.prepare(waiting), gpus=1)))

    first = submit()
    with two_dispatchers(lab) as (before, after):
        before._begin()
        before._step()
        lab.wait(lambda: first.refresh().status is RunStatus.RUNNING)
        for follower in before._followers.values():
            follower.leave()
            follower.join(10)
        after._begin()
        assert after._context.gpus.take(2) is None
        second = submit()
        after._wanted = True
        lab.wait(lambda: after._step() or second.refresh().status is RunStatus.RUNNING)
        go_on.touch()
        lab.wait(lambda: after._step() or all(run.refresh().status.is_terminal for run in (first, second)))
        seen = {run.get_log().strip() for run in (first, second)}
        assert seen == {"GPU-a", "GPU-b"}
        lab.wait(lambda: after._context.gpus.take(2) == (0, 1))

"""Connections: who reads cannot write, who writes holds the lock from the start, and failures have names."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from points import points
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from jupyter_mlws.domain.run import Run, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import CorruptData, InvalidName, StorageFull, Unavailable, WorkspaceError
from jupyter_mlws.store import Store, changes, experiments, files, metrics, model_search, runs, sqlite

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")


def everything(store: Store, submit: Callable[..., Run]) -> None:
    """Use every kind of reading and writing once."""
    run = submit(tags={"a": "b"}, params={"lr": "1"})
    with store.write() as c:
        experiments.ensure(c, "other")
        metrics.append_points(c, run.id, points([1.0, 2.0]))
        runs.update_run(c, run.id, RunUpdate(tags={"x": "y"}))
        runs.claim_queued(c, user="ada", owner="me", limit=1, target="local")
        runs.move_run(c, run.id, RunStatus.RUNNING)
        runs.cancel_run(c, run.number)
    with store.read() as c:
        runs.get_run(c, "1")
        runs.get_submission(c, "1")
        runs.page_runs(c, search="digits", document="a.ipynb")
        runs.summaries(c, [run.id])
        runs.runs_in(c, RunStatus)
        metrics.read_series(c, "1", "loss")
        metrics.offsets(c, "1")
        metrics.page_metrics(c, "1", 10, None)
        files.list_files(c, "1")
        model_search.page_models(c, model_search.ModelWish(), 10, None)
        experiments.page_experiments(c, 10, None)
        changes.since(c, 0, 10)


def test_reading_never_writes_and_every_write_begins_with_the_lock(
    store: Store, submit: Callable[..., Run], database_kind: str
) -> None:
    said: dict[str, list[str]] = {"read": [], "write": []}
    for name, engine in (("read", store._reader), ("write", store._writer)):

        @event.listens_for(engine, "before_cursor_execute")
        def note(_c: object, _cursor: object, statement: str, *_: object, name: str = name) -> None:
            said[name].append(statement)

    everything(store, submit)
    assert said["read"]
    assert not [statement for statement in said["read"] if statement.lstrip().upper().startswith(WRITES)]
    lock = "BEGIN IMMEDIATE" if database_kind == "sqlite" else "SELECT pg_advisory_xact_lock"
    assert said["write"][0].startswith(lock)
    assert not [statement for statement in said["write"] if statement.startswith("BEGIN") and statement != lock]


def test_a_read_connection_refuses_to_write(store: Store) -> None:
    with pytest.raises(WorkspaceError, match="cannot be opened for this"), store.read() as c:
        c.execute(text("DELETE FROM runs"))


@pytest.mark.only_sqlite
def test_the_database_is_durable_and_keeps_its_references(store: Store) -> None:
    with store.write() as c:
        settings = {
            name: c.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.only_sqlite
def test_room_is_given_back_by_thousands_of_pages_in_a_transaction(store: Store) -> None:
    """Each transaction waits for the disk: page by page, a gigabyte would take an hour."""
    with store.write() as c:
        c.exec_driver_sql("CREATE TABLE filling (bytes BLOB)")
        for _ in range(10):
            c.exec_driver_sql("INSERT INTO filling VALUES (zeroblob(1000000))")
        c.exec_driver_sql("DROP TABLE filling")
    given = []
    while not given or given[-1]:
        with store.write():
            given.append(store.give_back())
    assert sum(given) >= 9_000_000
    assert len(given) < 5, given


def write_and_fail(store: Store, name: str) -> None:
    with store.write() as c:
        experiments.ensure(c, name)
        experiments.ensure(c, "not a name")


def test_a_block_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(InvalidName):
        write_and_fail(store, "gone")
    with store.read() as c:
        assert experiments.find_experiment(c, "gone") is None


def test_inner_blocks_join_the_transaction_and_undo_only_themselves(store: Store) -> None:
    with store.write() as c:
        experiments.ensure(c, "kept")
        with pytest.raises(InvalidName):
            write_and_fail(store, "undone")
        with store.read() as seen:
            assert experiments.find_experiment(seen, "kept") is not None
    with store.read() as c:
        assert [item.name for item in experiments.page_experiments(c, 10, None).items] == ["kept"]


def test_a_reader_sees_one_state_however_long_it_looks(store: Store, submit: Callable[..., Run]) -> None:
    submit()
    with store.read() as c:
        before = experiments.count_all_runs(c)
        other = threading.Thread(target=submit)
        other.start()
        other.join()
        assert experiments.count_all_runs(c) == before


def test_F11_a_locked_database_is_waited_for_then_answered_as_unavailable(store_factory: Callable[..., Store]) -> None:
    store = store_factory(busy_timeout_s=0.2)
    with store_factory().write() as c:
        experiments.ensure(c, "first")
        with pytest.raises(Unavailable, match="has not finished"), store.write():
            pass
        with store.read() as seen:  # readers wait for nobody
            assert experiments.find_experiment(seen, "first") is None
    with store.write() as c:
        experiments.ensure(c, "after")


@pytest.mark.only_sqlite
def test_a_lock_is_taken_soon_after_it_was_given_back(store_factory: Callable[..., Store]) -> None:
    """SQLite looks after 228 and 328 ms: 90 ms late here, and seconds late beside threads that take turns."""
    store, other = store_factory(), store_factory()
    late = []
    for _ in range(3):
        given_back: list[float] = []
        is_held = threading.Event()

        def hold(given_back: list[float] = given_back, is_held: threading.Event = is_held) -> None:
            with other.write():
                is_held.set()
                time.sleep(0.24)
            given_back.append(time.monotonic())

        holder = threading.Thread(target=hold)
        holder.start()
        assert is_held.wait(10)
        with store.write():
            taken = time.monotonic()
        holder.join()
        late.append(taken - given_back[0])
    assert min(late) < 0.05, late


def test_F11_writers_in_threads_and_processes_wait_for_each_other_and_lose_nothing(store: Store, database: str) -> None:
    code = (
        "import sys; from jupyter_mlws.store import Store, counters\n"
        "with Store.open(sys.argv[1]) as store:\n"
        "    for _ in range(50):\n"
        "        with store.write() as c: counters.take(c, 'shared')\n"
    )
    from jupyter_mlws.store import counters

    def here() -> None:
        for _ in range(50):
            with store.write() as c:
                counters.take(c, "shared")

    process = subprocess.Popen([sys.executable, "-c", code, database])
    threads = [threading.Thread(target=here) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert process.wait(60) == 0
    with store.read() as c:
        assert counters.last(c, "shared") == 200


@pytest.mark.only_sqlite
def test_F08_a_full_disk_is_storage_full_and_nothing_of_the_block_stays(
    store: Store, submit: Callable[..., Run]
) -> None:
    run = submit()
    with store.write() as c:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar()
        c.exec_driver_sql(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(StorageFull, match="full"), store.write() as c:
        metrics.append_points(c, run.id, points(range(100_000)))
    with store.write() as c:
        assert metrics.offsets(c, run.id) == {}
        assert c.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        c.exec_driver_sql("PRAGMA max_page_count=1073741823")
        metrics.append_points(c, run.id, points(range(100_000)))
    with store.read() as c:
        assert metrics.offsets(c, run.id) == {"s": 100_000}


@pytest.mark.only_sqlite
def test_F08_a_disk_that_fills_up_in_an_inner_block_is_storage_full_too(store: Store) -> None:
    def fill() -> None:
        with store.write(), store.write() as inner:
            for i in range(100_000):
                experiments.ensure(inner, f"e{i}" + "x" * 200)

    with store.write() as c:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar()
        c.exec_driver_sql(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(StorageFull):
        fill()
    with store.read() as c:
        assert experiments.page_experiments(c, 10, None).items == ()


def test_data_version_tells_of_commits_by_anybody(store: Store, store_factory: Callable[..., Store]) -> None:
    first = store.data_version()
    assert store.data_version() == first
    with store.write() as c:
        experiments.ensure(c, "one")
    second = store.data_version()
    assert second != first
    with store_factory().write() as c:
        experiments.ensure(c, "two")
    assert store.data_version() != second


def test_a_fork_has_connections_of_its_own(store: Store) -> None:
    with store.write() as c:
        experiments.ensure(c, "parent")
    store.data_version()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with store.write() as c:
                experiments.ensure(c, "child")
            with store.read() as c:
                status = 0 if experiments.count_all_runs(c) == 0 and store.data_version() else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    with store.write() as c:
        assert experiments.find_experiment(c, "child") is not None
        if c.dialect.name == "sqlite":
            assert c.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_fork_while_another_thread_writes_does_not_hang(store: Store) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store.write():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(30)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with store.read() as c:
                status = int(experiments.count_all_runs(c))
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    leave.set()
    thread.join()


def test_F13_a_network_file_system_gets_the_rollback_journal_and_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    folder = tmp_path / "my share" / "workspace"
    folder.mkdir(parents=True)
    share = str(tmp_path / "my share").replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nbox:/x {share} nfs4 rw 0 0\ntmpfs {tmp_path}/my tmpfs rw 0 0\n")
    monkeypatch.setattr(sqlite, "_MOUNTS", mounts)
    assert sqlite.on_network(tmp_path) == ""
    with Store.open(folder) as store, store.write() as c:
        assert "network file system (nfs4)" in store.warnings[0]
        assert c.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
        experiments.ensure(c, "works")


@pytest.mark.only_sqlite
def test_damage_found_while_reading_is_named(store: Store, submit: Callable[..., Run]) -> None:
    for _ in range(30):
        submit(params={"text": "x" * 900})
    store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs'").fetchone()[0]
    with open(store.path, "r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    with Store.open(store.path.parent) as again, pytest.raises(CorruptData, match="damaged"), again.read() as c:
        runs.page_runs(c)


def test_faults_of_the_program_are_not_dressed_up(store: Store) -> None:
    with pytest.raises(DBAPIError, match="no_table"), store.read() as c:
        c.execute(text("SELECT * FROM no_table"))


@pytest.mark.only_sqlite
def test_a_store_that_is_forgotten_holds_no_file(tmp_path: Path) -> None:
    def open_files() -> list[str]:
        links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
        return [os.readlink(link) for link in links if os.path.exists(link) and str(tmp_path) in os.readlink(link)]

    forgotten = Store.open(tmp_path)
    with forgotten.read() as c:
        c.exec_driver_sql("SELECT 1")
    assert open_files()
    del forgotten, c
    gc.collect()
    assert open_files() == []


@pytest.mark.only_sqlite
def test_what_is_moved_away_is_neither_read_nor_written_until_it_is_back(store: Store) -> None:
    away = store.path.with_name("away")
    with store.write() as c:
        experiments.ensure(c, "before")
    store.path.rename(away)
    for use in (store.read, store.write):
        with pytest.raises(Unavailable, match="moved, removed or replaced"), use():
            pass
    store.path.touch()
    assert not store.is_in_place()
    away.replace(store.path)
    with store.write() as c:
        experiments.ensure(c, "after")
    with store.read() as c:
        assert {each.name for each in experiments.page_experiments(c, 10, None).items} == {"before", "after"}


only_linux = pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere no lock of a file outlives its closing.")
IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from jupyter_mlws.store import Store, experiments
with Store.open(Path(sys.argv[1])) as store, store.write() as c:
    experiments.ensure(c, sys.argv[2])
    print(*sorted(item.name for item in experiments.page_experiments(c, 10, None).items))
"""


def names_after(folder: Path, name: str) -> list[str]:
    """What another process, which has the database open for a moment, finds there when it has added this name."""
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(folder), name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.only_sqlite
@only_linux
def test_a_process_that_reads_the_database_as_a_file_goes_on_with_the_others(store: Store) -> None:
    """As Jupyter does, whose server is told to download it: POSIX then takes SQLite's own locks from the process."""
    folder = store.path.parent
    with store.write() as c:
        experiments.ensure(c, "a")
    for name, other in (("b", "c"), ("d", "e")):
        store.path.read_bytes()
        assert names_after(folder, other)[-1] == other
        with store.write() as c:
            experiments.ensure(c, name)
    assert names_after(folder, "f") == ["a", "b", "c", "d", "e", "f"]
    store.close()
    assert names_after(folder, "g") == ["a", "b", "c", "d", "e", "f", "g"]


@pytest.mark.only_sqlite
@only_linux
def test_the_last_one_to_close_leaves_one_file(store: Store) -> None:
    with store.write() as c:
        experiments.ensure(c, "a")
    store.path.read_bytes()
    pid = os.fork()
    if pid == 0:
        store.close()  # of a child: it takes nothing from its parent
        os._exit(0)
    os.waitpid(pid, 0)
    names_after(store.path.parent, "b")
    assert store.path.with_name("mlws.sqlite-wal").exists()
    store.close()
    assert [path.name for path in store.path.parent.glob("mlws.sqlite*")] == ["mlws.sqlite"]

"""A damaged database is read and no longer written, and one whose log grows without end says so."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from works.place import environment, services
from works.records import write_records
from workshop import Workshop

from jupyter_mlws.cli.doctor import records as doctor
from jupyter_mlws.domain.run import RunUpdate
from jupyter_mlws.errors import CorruptData, Unavailable, WorkspaceError
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store, integrity

PAGE = 4096


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A workspace with a run and an output, and nobody who has it open."""
    write_records(tmp_path)
    with closing(sqlite3.connect(database(tmp_path))) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return tmp_path


def database(place: Path) -> Path:
    return place / "workspace" / "mlws.sqlite"


@pytest.fixture
def opened(place: Path) -> Iterator[Services]:
    api = services(place)
    yield api
    api.store.close()


def damage(path: Path, page: int) -> None:
    """Flip the bytes of one page, from 1."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        data = file.read(PAGE)
        file.seek((page - 1) * PAGE)
        file.write(bytes(255 - byte for byte in data))


def page_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as c:
        return int(c.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0])


def test_F14_damage_that_is_met_ends_writing_and_not_reading(place, opened, capsys):
    damage(database(place), page_of(database(place), "models"))
    opened.store.close()
    api = services(place)
    with pytest.raises(CorruptData):
        api.models.list()
    run = api.runs.list().items[0]
    with pytest.raises(Unavailable, match="damaged.*read, and not written"):
        api.runs.update(run.id, RunUpdate(tags={"new": "x"}))
    # What is whole is still given out: records, and the bytes that they name.
    assert api.runs.get(run.id).tags
    assert api.snapshots.get(run.snapshot_id).entries
    assert any("damaged" in sentence for sentence in api.workspace.info().warnings)
    assert any("damaged" in finding.message for finding in doctor.examine(place / "workspace"))
    api.store.close()


def test_F14_a_restored_database_is_written_again(place):
    whole = database(place).read_bytes()
    damage(database(place), page_of(database(place), "models"))
    assert integrity.examine(database(place))
    with Store.open(place / "workspace") as store, pytest.raises(Unavailable), store.write():
        pass
    database(place).write_bytes(whole)
    with Store.open(place / "workspace") as store, store.write():
        assert store.troubles() == ()


def test_F14_any_page_may_be_damaged(place):
    """Whatever is damaged, it is an error with a sentence, or an answer; and once it is known nobody writes."""
    path = database(place)
    whole = path.read_bytes()
    found = 0
    for page in range(1, len(whole) // PAGE + 1):
        path.write_bytes(whole)
        Path(f"{path}.damaged").unlink(missing_ok=True)
        damage(path, page)
        found += bool(integrity.examine(path))
        try:
            with Store.open(path.parent) as store, store.read() as c:
                c.exec_driver_sql("SELECT count(*), max(search_text) FROM runs").all()
        except (CorruptData, Unavailable, WorkspaceError):
            continue
    assert found > 0.9 * page


def test_F14_a_dispatcher_that_follows_one_that_was_killed_looks_for_damage(place, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLWS_DISPATCHER_IDLE_S", "1")
    shop = Workshop()
    try:
        assert shop.do("serve", place, "dispatcher/dispatcher.turn:1:kill").status == -9
        damage(database(place), page_of(database(place), "models"))
        done = shop.do("serve", place, "dispatcher/dispatcher.turn:9:kill")
        assert "is damaged" in " ".join(done.said)
        assert os.path.exists(f"{database(place)}.damaged")
    finally:
        shop.close()


def test_F12_a_reader_that_does_not_end_makes_the_log_grow_and_is_told_of(place, opened, monkeypatch):
    monkeypatch.setenv("MLWS_LOG_WARNING_BYTES", "1000000")
    path = database(place)
    log = Path(f"{path}-wal")
    run = opened.runs.list().items[0]
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchall()
        for i in range(60):
            opened.runs.update(run.id, RunUpdate(description=f"{i}" * 2_000))
        assert log.stat().st_size > 1_000_000
        assert any("has grown to" in sentence for sentence in opened.workspace.info().warnings)
        assert any("has grown to" in finding.message for finding in doctor.examine(place / "workspace"))
        reader.execute("COMMIT")
    for i in range(3):
        opened.runs.update(run.id, RunUpdate(description=f"{i}"))
    with closing(sqlite3.connect(path)) as c:
        busy, pages, done = c.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    assert (busy, pages) == (0, done)
    monkeypatch.delenv("MLWS_LOG_WARNING_BYTES")
    assert opened.workspace.info().warnings == ()

"""Being woken by what somebody writes, so that a commit is told at once and not at the next look."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_mlws.domain.workspace import Change, ChangePage
from jupyter_mlws.server import watcher as watching
from jupyter_mlws.server.stirring import Stirring
from jupyter_mlws.server.watcher import Watcher
from jupyter_mlws.store import Store, changes

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


@pytest.fixture
def stirring() -> Iterator[Stirring]:
    made = Stirring()
    yield made
    made.close()


@linux
def test_who_writes_to_a_file_that_is_listened_to_ends_a_wait(stirring: Stirring, tmp_path: Path) -> None:
    file, other = tmp_path / "log", tmp_path / "other"
    stirring.listen(file)  # which there is not yet
    other.write_text("x")
    assert not stirring.wait(0)
    file.write_text("x")
    assert stirring.wait(5)
    assert not stirring.wait(0)
    file.unlink()
    file.write_text("y")
    assert stirring.wait(5)


@linux
def test_what_was_written_meanwhile_is_known_to_the_next_wait_that_asks(stirring: Stirring, tmp_path: Path) -> None:
    stirring.listen(tmp_path / "log")
    (tmp_path / "log").write_text("x")
    assert not stirring.wait(0.01, files=False)
    assert stirring.wait(0)


@linux
def test_of_two_files_in_a_folder_one_may_be_forgotten(stirring: Stirring, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    stirring.listen(one)
    stirring.listen(two)
    stirring.forget(one)
    one.write_text("x")
    assert not stirring.wait(0)
    two.write_text("x")
    assert stirring.wait(5)
    stirring.forget(two)
    two.write_text("y")
    assert not stirring.wait(0)


@linux
def test_a_folder_that_goes_away_ends_nothing(stirring: Stirring, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    stirring.listen(folder / "log")
    folder.rmdir()
    assert not stirring.wait(0)
    stirring.listen(folder / "log")  # nothing to listen to
    stirring.forget(folder / "log")
    folder.mkdir()
    stirring.listen(folder / "log")
    (folder / "log").write_text("x")
    assert stirring.wait(5)


def test_a_bell_ends_a_wait_from_any_thread_and_may_be_rung_too_late(stirring: Stirring) -> None:
    threading.Timer(0.05, stirring.ring).start()
    began = time.monotonic()
    assert not stirring.wait(30)
    assert time.monotonic() - began < 10
    for _ in range(100_000):
        stirring.ring()  # into a pipe that is full
    assert not stirring.wait(0)
    stirring.close()
    stirring.ring()


def test_where_the_system_tells_of_no_files_the_bell_is_heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("jupyter_mlws.server.stirring._libc", lambda: None)
    # Windows has neither.
    monkeypatch.delattr("os.set_blocking")
    monkeypatch.delattr("select.poll")
    stirring = Stirring()
    try:
        stirring.listen(tmp_path / "log")
        (tmp_path / "log").write_text("x")
        stirring.ring()
        assert not stirring.hears
        assert not stirring.wait(30)
        stirring.forget(tmp_path / "log")
    finally:
        stirring.close()


class Opened:
    """The feed of a store."""

    id = "here"

    def __init__(self, store: Store) -> None:
        self._store = store
        self.commit_log = store.commit_log
        self.data_version = store.data_version
        self.looked = threading.Event()
        self.api: Any = SimpleNamespace(workspace=SimpleNamespace(info=self._info, changes=self._since))

    def _info(self) -> Any:
        with self._store.read() as c:
            found = SimpleNamespace(last_change=changes.last(c))
        self.looked.set()
        return found

    def _since(self, since: int, limit: int) -> ChangePage:
        with self._store.read() as c:
            return changes.since(c, since, limit)

    def close(self) -> None:
        pass


@linux
@pytest.mark.only_sqlite
def test_a_commit_is_told_without_waiting_for_the_next_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PERIOD_S", "QUIET_PERIOD_S"):
        monkeypatch.setattr(watching, name, 60.0)
    told = threading.Event()
    found: list[dict[str, Any]] = []

    def emit(data: dict[str, Any]) -> None:
        found.append(data)
        told.set()

    with Store.open(tmp_path) as store, Store.open(tmp_path) as another:
        opened = Opened(store)
        watcher = Watcher(emit, lambda: True)
        watcher.watch(opened)
        try:
            assert opened.looked.wait(10)
            for i in range(3):
                with another.write() as c:
                    changes.note(c, "run", f"r{i}")
                    time.sleep(0.03 * i)  # what is written is not committed yet
                assert told.wait(10), f"commit {i} was not told"
                told.clear()
        finally:
            watcher.close()
    assert [change for event in found for change in event["changes"]] == [
        {"kind": "run", "subject": f"r{i}"} for i in range(3)
    ]


@linux
@pytest.mark.only_sqlite
def test_who_writes_to_a_workspace_that_nobody_asks_about_wakes_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "CALM_AFTER_S", 0.0)
    monkeypatch.setattr(watching, "CALM_PERIOD_S", 60.0)
    listening: list[bool] = []
    asked = threading.Event()
    wait = Stirring.wait

    def waiting(stirring: Stirring, timeout_s: float, *, files: bool = True) -> bool:
        listening.append(files)
        asked.set()
        return wait(stirring, timeout_s, files=files)

    monkeypatch.setattr(Stirring, "wait", waiting)
    with Store.open(tmp_path) as store:
        watcher = Watcher(lambda data: None, lambda: True)
        watcher.watch(Opened(store))
        try:
            assert asked.wait(10)
        finally:
            watcher.close()
    assert not any(listening)


def test_a_full_page_of_changes_is_followed_by_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PAGE", 2)
    all_of_them = [Change(cursor=i + 1, kind="run", subject=f"r{i}") for i in range(5)]

    def since(since: int, limit: int) -> ChangePage:
        page = tuple(all_of_them[since : since + limit])
        return ChangePage(changes=page, cursor=page[-1].cursor if page else since)

    feed = SimpleNamespace(info=lambda: SimpleNamespace(last_change=0), changes=since)
    opened: Any = SimpleNamespace(
        id="here", commit_log=None, data_version=lambda: 1, api=SimpleNamespace(workspace=feed)
    )
    told: list[dict[str, Any]] = []
    watcher = Watcher(told.append, lambda: False)
    watcher.watch(opened)
    try:
        for _ in range(6):
            watcher.look()
            opened.data_version = lambda: 2
    finally:
        watcher.close()
    assert [len(event["changes"]) for event in told] == [2, 2, 1]

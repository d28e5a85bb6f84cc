"""A machine that has no room for what a dispatcher follows a run with."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import workspace
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher import following
from jupyter_mlws.dispatcher.following import Follower
from jupyter_mlws.dispatcher.main import Dispatcher
from jupyter_mlws.dispatcher.place import lock_path
from jupyter_mlws.dispatcher.records import Records
from jupyter_mlws.dispatcher.settings import Settings, read_workspace_file
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store import Store
from jupyter_mlws.workspace.waking import Wake


class Place:
    """A workspace with a run that waits, and dispatchers that take one step after the other."""

    def __init__(self, folder: Path, api: Any, store: Store) -> None:
        self.folder, self.api = folder, api
        self.records = Records(store, BlobStore(folder / "blobs"))
        self.run: Run = api.runs.submit(RunSubmission(experiment="digits", command=("true",)))
        self._begun: list[tuple[Dispatcher, int]] = []

    def dispatcher(self) -> Dispatcher:
        facts, lock = read_workspace_file(self.folder), os.open(lock_path(self.folder), os.O_RDWR | os.O_CREAT)
        assert facts is not None
        made = Dispatcher(self.folder, facts, Settings(idle_poll_s=0.05), self.records, lock)
        self._begun.append((made, lock))
        return made

    def see_through(self, dispatcher: Dispatcher) -> RunStatus:
        until = time.monotonic() + 90
        while not (record := self.api.runs.get(self.run.id)).status.is_terminal and time.monotonic() < until:
            dispatcher._step()
        return RunStatus(record.status)

    def close(self) -> None:
        for dispatcher, lock in self._begun:
            dispatcher._listener.close()
            dispatcher._let_go()
            os.close(lock)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(Wake, "__call__", lambda self: None)
    folder = tmp_path / "ws"
    with workspace.connect(folder) as opened, Store.open(folder) as store:
        found = Place(folder, opened.api, store)
        yield found
        found.close()


def no_thread(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setattr(Follower, "start", failing(times, RuntimeError("can't start new thread"), Follower.start))


def no_file(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setattr(following, "bell", failing(times, OSError(errno.EMFILE, "no room"), following.bell))


def failing(times: int, error: Exception, after: Callable[..., Any]) -> Callable[..., Any]:
    errors = [error] * times

    def call(*values: Any) -> Any:
        if errors:
            raise errors.pop()
        return after(*values)

    return call


@pytest.mark.parametrize("crowded", [no_thread, no_file])
def test_a_run_that_cannot_be_followed_yet_is_followed_as_soon_as_there_is_room(place, monkeypatch, crowded):
    dispatcher = place.dispatcher()
    dispatcher._begin()
    crowded(monkeypatch, 2)
    assert place.see_through(dispatcher) is RunStatus.COMPLETED


@pytest.mark.parametrize("crowded", [no_thread, no_file])
def test_what_a_dead_dispatcher_has_left_is_taken_up_as_soon_as_there_is_room(place, monkeypatch, crowded):
    first = place.dispatcher()
    first._begin()
    assert [run.id for run, _ in first._queue.claim("local")] == [place.run.id]
    crowded(monkeypatch, 2)
    second = place.dispatcher()
    second._begin()
    assert place.see_through(second) is RunStatus.COMPLETED

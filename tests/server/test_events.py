"""What the server tells the pages by itself: changes in a workspace, and a kernel's wish for its notebook."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_mlws.api.http import ServerApi
from jupyter_mlws.domain.document import Document, DocumentRequest
from jupyter_mlws.domain.workspace import Change, ChangePage
from jupyter_mlws.errors import InvalidName
from jupyter_mlws.server.documents import Documents
from jupyter_mlws.server.watcher import MAX_CHANGES, Watcher

from .conftest import in_thread

KERNEL = "4b6e0b6c-6f1c-4b39-9d0a-1f6f4a3a1c11"


@pytest.fixture
def subscribe(jp_ws_fetch: Callable[..., Any]) -> Callable[..., Any]:
    """A page that listens: its next event."""

    async def start() -> Callable[..., Any]:
        socket = await jp_ws_fetch("api", "events", "subscribe")

        async def next_event(name: str) -> dict[str, Any]:
            while True:
                event: dict[str, Any] = json.loads(await asyncio.wait_for(socket.read_message(), 5))
                if f"/{name}/" in event["schema_id"]:
                    return event

        return next_event

    return start


async def test_a_kernel_gets_its_notebook_as_it_is_on_screen(server: ServerApi, subscribe: Any) -> None:
    next_event = await subscribe()
    asked = asyncio.ensure_future(in_thread(server.documents.request, DocumentRequest(kernel_id=KERNEL, timeout_s=2.0)))
    event = await next_event("document-request")
    assert event["kernel_id"] == KERNEL
    shown = Document(path="a.ipynb", text='{"cells": []}', document_id="d", cell_id="c", answered=True)
    taken = await in_thread(server.documents.answer, event["request"], shown)
    assert taken.answered
    assert taken.text == ""
    assert await asked == shown


async def test_without_a_page_the_kernel_does_not_wait(server: ServerApi) -> None:
    took = []
    for _ in range(3):  # of which one is not held up by others
        start = time.perf_counter()
        found = await in_thread(server.documents.request, DocumentRequest(kernel_id=KERNEL, timeout_s=2.0))
        assert not found.answered
        took.append(time.perf_counter() - start)
    assert min(took) < 1


async def test_a_kernel_waits_no_longer_than_it_wants_and_the_server_goes_on(
    server: ServerApi, subscribe: Any, jp_fetch: Any
) -> None:
    next_event = await subscribe()
    asked = asyncio.ensure_future(in_thread(server.documents.request, DocumentRequest(kernel_id=KERNEL, timeout_s=0.2)))
    event = await next_event("document-request")
    assert (await jp_fetch("mlws", "api", "v1", "openapi.json")).code == 200
    assert not (await asked).answered
    late = await in_thread(server.documents.answer, event["request"], Document(text="x", answered=True))
    assert not late.answered


def test_the_first_answer_counts_and_ids_cannot_be_guessed() -> None:
    names: list[str] = []

    def ask(name: str, kernel_id: str) -> bool:
        names.append(name)
        assert documents.answer(name, Document(text="1", answered=True)).answered
        assert not documents.answer(name, Document(text="2", answered=True)).answered
        return True

    documents = Documents(ask)
    assert documents.request(DocumentRequest(kernel_id=KERNEL)).text == "1"
    documents.request(DocumentRequest(kernel_id=KERNEL))
    assert len(set(names)) == 2
    assert min(map(len, names)) >= 32
    assert not documents.answer("1", Document(answered=True)).answered


def test_a_page_that_does_not_show_the_notebook_does_not_end_the_wait() -> None:
    def ask(name: str, kernel_id: str) -> bool:
        assert not documents.answer(name, Document(answered=False)).answered
        assert documents.answer(name, Document(text="1", answered=True)).answered
        return True

    documents = Documents(ask)
    assert documents.request(DocumentRequest(kernel_id=KERNEL)).text == "1"


def test_P24_a_kernel_id_is_no_path() -> None:
    with pytest.raises(InvalidName):
        Documents(lambda name, kernel_id: True).request(DocumentRequest(kernel_id="../../etc"))


class Feed:
    """A workspace whose changes a test makes."""

    id = "here"
    commit_log: Path | None = None

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.reads = 0
        self.api: Any = SimpleNamespace(workspace=SimpleNamespace(info=self._info, changes=self._since))

    def add(self, subject: str) -> None:
        self.changes.append(Change(cursor=len(self.changes) + 1, kind="run", subject=subject))

    def data_version(self) -> int:
        return len(self.changes)

    def _info(self) -> Any:
        return SimpleNamespace(last_change=len(self.changes))

    def _since(self, since: int, limit: int = 500) -> ChangePage:
        self.reads += 1
        found = tuple(change for change in self.changes if change.cursor > since)
        return ChangePage(changes=found, cursor=found[-1].cursor if found else since)

    def close(self) -> None:
        pass


@pytest.fixture
def feed() -> Feed:
    return Feed()


def told(feed: Feed) -> tuple[Watcher, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    watcher = Watcher(events.append, lambda: False)
    watcher.watch(feed)
    return watcher, events


def test_a_change_is_told_once_and_silence_costs_no_reading(feed: Feed) -> None:
    feed.add("old")
    watcher, events = told(feed)
    try:
        watcher.look()
        feed.add("r1")
        feed.add("r2")
        watcher.look()
        assert events == [
            {
                "workspace": "here",
                "cursor": 3,
                "changes": [{"kind": "run", "subject": "r1"}, {"kind": "run", "subject": "r2"}],
            }
        ]
        watcher.look()
        reads = feed.reads
        for _ in range(5):
            watcher.look()
        assert (len(events), feed.reads) == (1, reads)
    finally:
        watcher.close()


def test_many_changes_are_one_short_event(feed: Feed) -> None:
    watcher, events = told(feed)
    try:
        watcher.look()
        for number in range(1000):
            feed.add(f"r{number}")
        watcher.look()
        assert (len(events), len(events[0]["changes"]), events[0]["cursor"]) == (1, MAX_CHANGES, 1000)
    finally:
        watcher.close()


def test_a_broken_workspace_rests_and_does_not_silence_the_others(feed: Feed) -> None:
    class Broken(Feed):
        id = "broken"
        looks = 0

        def data_version(self) -> int:
            Broken.looks += 1
            raise OSError("the disk has gone")

    watcher, events = told(feed)
    try:
        watcher.watch(Broken())
        watcher.look()
        feed.add("r1")
        watcher.look()
        watcher.look()
        assert [event["workspace"] for event in events] == ["here"]
        assert Broken.looks == 1
    finally:
        watcher.close()


def test_a_closed_workspace_is_not_looked_at(feed: Feed) -> None:
    watcher, events = told(feed)
    try:
        watcher.look()
        watcher.forget(feed)
        feed.add("r1")
        watcher.look()
        assert events == []
    finally:
        watcher.close()


def test_a_workspace_is_looked_at_the_less_the_quieter_it_is(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("jupyter_mlws.server.watcher.time", SimpleNamespace(monotonic=lambda: clock.now))
    looks: list[float] = []
    version = feed.data_version

    def looked_at() -> int:
        looks.append(clock.now)
        return version()

    monkeypatch.setattr(feed, "data_version", looked_at)

    def looks_within(seconds: int, is_changing: bool = False) -> int:
        looks.clear()
        end = clock.now + seconds
        while clock.now < end:
            if is_changing:
                feed.add("r1")
            clock.now += max(0.01, watcher.look_when_due())
        return len(looks)

    watcher = Watcher(lambda data: None, lambda: False)
    watcher.watch(feed)
    try:
        assert 95 <= looks_within(10, is_changing=True) <= 101
        looks_within(5)
        assert 38 <= looks_within(10) <= 42
        assert 90 <= looks_within(10, is_changing=True) <= 101
        # Nobody has asked about it for a minute.
        clock.now += 60
        assert 9 <= looks_within(10) <= 12
        watcher.want(feed.id)
        assert watcher.look_when_due() <= 0.25
        assert 38 <= looks_within(10) <= 42
        watcher.want("unknown")
    finally:
        watcher.close()


def test_an_event_is_small(feed: Feed) -> None:
    watcher, events = told(feed)
    try:
        watcher.look()
        feed.add("digits_1795304617_e6d1829c")
        watcher.look()
        assert len(json.dumps(events[0])) < 200
        for number in range(1000):
            feed.add(f"digits_1795304617_{number:08x}")
        watcher.look()
        assert len(json.dumps(events[1])) < 8000
    finally:
        watcher.close()


async def test_a_page_hears_of_changes_in_the_workspaces_it_uses(
    server: ServerApi, backend: Any, subscribe: Any, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Opener:
        locations = staticmethod(lambda: {"here": "/nowhere"})
        exists = staticmethod(lambda location: True)
        open = staticmethod(lambda location: feed)

        def find(self, document: Path) -> str:
            return "/nowhere"

    monkeypatch.setattr(backend._workspaces, "_opener", Opener())
    looked = threading.Event()

    def info() -> Any:
        found = feed._info()
        looked.set()
        return found

    feed.api.workspace.info = info
    next_event = await subscribe()
    await in_thread(server.workspace("here").workspace.changes, 0)
    # From the watcher's first look on, what is new is told.
    assert await asyncio.to_thread(looked.wait, 5)
    feed.add("r1")
    event = await next_event("changes")
    assert event["changes"] == [{"kind": "run", "subject": "r1"}]

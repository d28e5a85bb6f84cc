"""Files, models, mailbox: small tables with their promises."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest

from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import Model, ModelFile, ModelRegistration
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import InvalidInput, InvalidPath, NotFound
from jupyter_mlws.store import Store, files, mailbox, models
from jupyter_mlws.store.model_search import ModelWish, page_models

RUN = Callable[..., Run]
AT = datetime(2026, 1, 1, tzinfo=timezone.utc)


def file(name: str, kind: FileKind = FileKind.OUTPUT, digest: str = "a" * 64) -> RunFile:
    return RunFile(name=name, kind=kind, size_bytes=3, digest=digest, mode=0o644, modified_at=AT)


def put(store: Store, run: Run, *items: RunFile) -> None:
    with store.write() as c:
        files.put_files(c, run.id, items)


def test_a_file_is_replaced_by_one_of_the_same_kind_and_name(store: Store, submit: RUN) -> None:
    run = submit()
    put(store, run, file("a"), file("a", FileKind.RESULT), file("b"))
    put(store, run, file("a", digest="b" * 64))
    with store.read() as c:
        assert [(item.kind, item.name, item.digest[0]) for item in files.list_files(c, run.id)] == [
            (FileKind.OUTPUT, "a", "b"),
            (FileKind.OUTPUT, "b", "a"),
            (FileKind.RESULT, "a", "a"),
        ]
        assert [item.name for item in files.list_files(c, run.id, FileKind.RESULT)] == ["a"]
        with pytest.raises(NotFound, match="no log file 'a'"):
            files.get_file(c, run.id, FileKind.LOG, "a")


def test_pages_of_files_go_by_name_over_all_kinds(store: Store, submit: RUN) -> None:
    run = submit()
    everything = [file(name, kind) for name in ("ä", "B", "a/b", "a") for kind in FileKind]
    put(store, run, *everything)
    found, cursor = [], None
    with store.read() as c:
        while True:
            page = files.page_files(c, run.id, None, 5, cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    assert found == sorted(everything, key=lambda item: (item.name, item.kind.value))


def test_a_folder_is_what_lies_below_it_and_nothing_else(store: Store, submit: RUN) -> None:
    run = submit()
    put(
        store, run, *map(file, ("outputs/m", "outputs/m/a", "outputs/m/b/c", "outputs/mm", "outputs/M/a", "outputs/m%"))
    )
    with store.read() as c:
        below = [item.name for item in files.files_below(c, run.id, FileKind.OUTPUT, "outputs/m")]
        assert below == ["outputs/m", "outputs/m/a", "outputs/m/b/c"]
        assert files.files_below(c, run.id, FileKind.OUTPUT, "outputs/%") == []


def test_P01_P05_a_name_that_leaves_the_run_is_not_recorded(store: Store, submit: RUN) -> None:
    run = submit()
    for name in ("../x", "/etc/passwd", "a\\..\\b", "a//b", "."):
        with pytest.raises(InvalidPath):
            put(store, run, file(name))
    with pytest.raises(InvalidInput):
        put(store, run, file("a", digest="../../etc"))


def register(store: Store, run: Run, name: str = "digits", **facts: str) -> Model:
    wish = ModelRegistration(name=name, run_id=run.id, path="outputs/m", **facts)
    with store.write() as c:
        return models.create_model(c, wish, [ModelFile(path="m", size_bytes=3, digest="a" * 64)])


def test_versions_count_up_under_each_name_however_many_register_at_once(store: Store, submit: RUN) -> None:
    run = submit()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: register(store, run).version, range(24)))
    assert sorted(made) == list(range(1, 25))
    assert register(store, run, "other").version == 1


def test_the_same_key_gives_the_same_version(store: Store, submit: RUN) -> None:
    run = submit()
    first = register(store, run, key="k", description="first")
    again = register(store, run, key="k", description="again")
    assert again == first
    assert register(store, run).version == 2


def test_models_are_listed_newest_first_by_name_and_by_run(store: Store, submit: RUN) -> None:
    one, two = submit(), submit()
    for run, name in ((one, "a"), (two, "b"), (one, "a")):
        register(store, run, name)
    with store.read() as c:
        page = page_models(c, ModelWish(), 2, None)
        rest = page_models(c, ModelWish(), 2, page.next_cursor)
        assert [item.id for item in (*page.items, *rest.items)] == ["a:2", "b:1", "a:1"]
        assert [item.id for item in page_models(c, ModelWish(run=two.id), 9, None).items] == ["b:1"]
        assert [item.id for item in page_models(c, ModelWish(name="a"), 9, None).items] == ["a:2", "a:1"]
        assert models.get_model(c, "a").version == 2
        with pytest.raises(NotFound, match="version 3 of model 'a'"):
            models.get_model(c, "a", 3)


def test_an_answer_is_kept_with_what_the_request_changed(store: Store, submit: RUN) -> None:
    run = submit()
    with pytest.raises(ZeroDivisionError), store.write() as c:
        mailbox.put_reply(c, run.id, "r1", {"value": 1 / 0})
    with store.write() as c:
        assert mailbox.find_reply(c, run.id, "r1") is None
        mailbox.put_reply(c, run.id, "r1", {"value": 1})
    with store.read() as c:
        assert mailbox.find_reply(c, run.id, "r1") == {"value": 1}

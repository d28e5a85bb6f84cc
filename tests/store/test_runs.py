"""Runs as records: complete, findable, and cheap to list however many there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from jupyter_mlws.domain.child import NewChild
from jupyter_mlws.domain.run import Run, RunSource, RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import Snapshot
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, InvalidName, NotFound, TooLarge
from jupyter_mlws.services.filters import parse_filter
from jupyter_mlws.store import Store, changes, deletion, experiments, run_children, runs, snapshots

from .conftest import make_store

AT, DIGEST, submission = make_store.AT, make_store.DIGEST, make_store.submission
RUN = Callable[..., Run]


def numbers(store: Store, **how: Any) -> list[int]:
    with store.read() as c:
        return [run.number for run in runs.page_runs(c, **how).items]


def test_a_run_comes_back_whole(store: Store) -> None:
    wish = submission(inherited_environment={"HOME": "/h", "TOKEN": "s3cret"}, secrets={"DB": "hunter2"})
    with store.write() as c:
        snapshots.put_snapshot(c, Snapshot(id=DIGEST, file_count=1, size_bytes=5, created_at=AT))
        made = runs.create_run(c, wish, run_id="digits_1", user="ada", host="box")
    with store.read() as c:
        run, kept = runs.get_run(c, "digits_1"), runs.get_submission(c, "1")
    assert run == made
    for name in (
        "command",
        "arguments",
        "tags",
        "params",
        "links",
        "git",
        "captured",
        "notes",
        "source",
        "display_name",
    ):
        assert getattr(run, name) == getattr(wish, name)
    assert run.environment_variables == ("DB", "HOME", "OMP_NUM_THREADS", "TOKEN")
    assert (kept.inherited_environment, kept.secrets) == (None, {})
    assert kept == submission(inherited_environment=None, key="")


def test_Z05_values_of_variables_and_secrets_are_in_no_byte_of_the_database(store: Store, tmp_path: Path) -> None:
    with store.write() as c:
        snapshots.put_snapshot(c, Snapshot(id=DIGEST, file_count=1, size_bytes=5, created_at=AT))
        wish = submission(inherited_environment={"HOME": "CANARY-env"}, secrets={"DB": "CANARY-secret"})
        runs.create_run(c, wish, run_id="digits_1", user="ada", host="box")
    for file in tmp_path.glob("mlws.sqlite*"):
        assert b"CANARY" not in file.read_bytes()


def test_runs_are_named_by_id_number_and_number_sign(store: Store, submit: RUN) -> None:
    run = submit()
    with store.read() as c:
        assert {runs.get_run(c, name).id for name in (run.id, "1", "#1")} == {run.id}
        for unknown in ("2", "#0", "digits_1", "9" * 40):
            with pytest.raises(NotFound, match="no run"):
                runs.get_run(c, unknown)
        for wrong in ("", "../1", "#", "1 ", "١"):
            with pytest.raises(InvalidName):
                runs.get_run(c, wrong)


def test_children_of_a_sweep_have_their_own_params_and_share_the_rest(store: Store, submit: RUN) -> None:
    sweep = submit(kind="sweep", sweep=({"lr": "1"}, {"lr": "2"}), params={"lr": "0", "depth": "3"}, parallel=1)
    with store.read() as c:
        children = runs.page_runs(c, parent=sweep.id).items
        kept = [runs.get_submission(c, child.id) for child in children]
        rows = c.exec_driver_sql("SELECT count(*) FROM submissions").scalar()
    assert (sweep.kind, sweep.child_count) == ("sweep", 2)
    assert [child.params for child in children] == [{"lr": "2", "depth": "3"}, {"lr": "1", "depth": "3"}]
    assert [item.params for item in kept] == [child.params for child in children]
    assert {(item.kind, item.sweep) for item in kept} == {("script", ())}
    assert {child.parent_id for child in children} == {sweep.id}
    assert rows == 1


def test_lists_are_newest_first_and_paged_without_gaps_while_runs_are_added(store: Store, submit: RUN) -> None:
    for _ in range(7):
        submit()
    with store.read() as c:
        first = runs.page_runs(c, limit=3)
    submit()
    with store.read() as c:
        second = runs.page_runs(c, limit=3, cursor=first.next_cursor)
        third = runs.page_runs(c, limit=3, cursor=second.next_cursor)
    assert [run.number for page in (first, second, third) for run in page.items] == [7, 6, 5, 4, 3, 2, 1]
    assert third.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "é", "W10", "bnVsbA", "ImEi", "LTE", "dHJ1ZQ", "MWU5OQ", "A" * 5000])
def test_a_made_up_cursor_is_refused(store: Store, cursor: str) -> None:
    with store.read() as c, pytest.raises(InvalidInput, match="cursor"):
        runs.page_runs(c, cursor=cursor)


def test_conditions_can_be_combined(store: Store, submit: RUN) -> None:
    submit("a", source=RunSource(document="x.ipynb", document_id="1"))
    submit("b", source=RunSource(document="y.ipynb", document_id="1"), tags={"Kind": "Föhn"})
    sweep = submit("b", source=RunSource(document="x.ipynb"), kind="sweep", sweep=({"lr": "7"},))
    with store.write() as c:
        runs.move_run(c, runs.get_run(c, "1").id, RunStatus.FAILED)
    assert numbers(store) == [3, 2, 1]
    assert numbers(store, experiment="b") == [3, 2]
    assert numbers(store, experiment="none") == []
    assert numbers(store, statuses=[RunStatus.FAILED]) == [1]
    assert numbers(store, document="x.ipynb") == [3, 1]
    assert numbers(store, document="1") == [2, 1]
    assert numbers(store, document="x.ipynb", experiment="b", statuses=[RunStatus.QUEUED]) == [3]
    assert numbers(store, parent=sweep.id) == [4]
    assert numbers(store, include_children=True) == [4, 3, 2, 1]
    assert numbers(store, search="föhn") == [2]
    assert numbers(store, search="KIND=f") == [2]
    assert numbers(store, search="lr=7", include_children=True) == [4]


def test_what_is_said_below_a_run_finds_it_in_a_list_without_children(store: Store, submit: RUN) -> None:
    submit("a", tags={"kind": "plain"})
    submit("b", kind="sweep", sweep=({"lr": "7"}, {"lr": "8"}))
    with store.write() as c:
        for status in (RunStatus.PREPARING, RunStatus.RUNNING):
            runs.move_run(c, runs.get_run(c, "3").id, status)
        run_children.create_children(c, "3", [NewChild(id="below_1_0a0b0c0d", tags={"fold": "nine"})])
    assert numbers(store, search="lr=7") == numbers(store, search="fold=nine") == [2]
    assert numbers(store, search="#5") == [2]
    assert numbers(store, search="kind=plain") == [1]
    assert numbers(store, search="fold=nine", include_children=True) == [5]
    assert numbers(store, search="fold=nine", parent="2") == [3]
    assert numbers(store, search="fold=nine", parent="2", recursive=True) == [5]
    assert numbers(store, search="no such thing") == []
    with store.read() as c:
        assert runs.count_runs(c, search="fold=nine") == 1
    other = submit("b", kind="sweep", sweep=({"lr": "9"},))
    assert numbers(store, search="lr=9") == [other.number]
    with store.write() as c:
        runs.cancel_run(c, other.number)
        deletion.delete_run(c, "7")
    assert numbers(store, search="lr=9") == []


def test_there_are_as_many_as_all_pages_have_by_whatever_they_are_found(store: Store, submit: RUN) -> None:
    for i in range(6):
        submit(params={"lr": str(i % 3)}, source=RunSource(document=f"{i % 2}.ipynb", document_id=f"d{i % 2}"))
    ways: list[dict[str, object]] = [
        {},
        {"document": "1.ipynb"},
        {"document": "d1", "wanted": parse_filter("params.lr = 0")},
        {"wanted": parse_filter("params.lr = '1' or number > 5")},
        {"search": "lr=2"},
        {"statuses": [RunStatus.RUNNING]},
        {"include_children": True},
    ]
    for how in ways:
        with store.read() as c:
            assert runs.count_runs(c, **how) == len(numbers(store, **how))


def test_V07_wildcards_in_a_search_are_only_characters(store: Store, submit: RUN) -> None:
    submit(tags={"rate": "50%"})
    submit(tags={"name": "a_b"})
    submit(tags={"name": "aXb", "slash": "\\"})
    assert numbers(store, search="0%") == [1]
    assert numbers(store, search="a_b") == [2]
    assert numbers(store, search="\\") == [3]
    assert numbers(store, search="#2") == [2]
    assert numbers(store, search="'; DROP TABLE runs; --") == []


def test_tags_are_changed_one_by_one_and_found_afterwards(store: Store, submit: RUN) -> None:
    run = submit(tags={"keep": "1", "drop": "2"})
    with store.write() as c:
        after = runs.update_run(c, run.id, RunUpdate(tags={"drop": None, "new": "3"}, display_name="Cafe\u0301"))
    assert after.tags == {"keep": "1", "new": "3"}
    assert after.display_name == "Caf\u00e9"
    with store.write() as c:
        assert "\u00e9" in runs.update_run(c, run.id, RunUpdate(tags={"e\u0301": "x"})).tags
        assert runs.update_run(c, run.id, RunUpdate(tags={"e\u0301": None})).tags == {"keep": "1", "new": "3"}
    assert numbers(store, search="CAFÉ") == [1]
    assert numbers(store, search="drop") == []
    with store.write() as c, pytest.raises(TooLarge, match="51 tags"):
        runs.update_run(c, run.id, RunUpdate(tags={f"t{i}": "" for i in range(49)}))


def test_a_key_belongs_to_one_run(store: Store, submit: RUN) -> None:
    run = submit(key="k")
    with store.read() as c:
        found = runs.find_by_key(c, "k")
        assert found is not None
        assert found.id == run.id
        assert runs.find_by_key(c, "other") is None


def test_what_changed_is_told_once_for_each_subject_in_order(store: Store, submit: RUN) -> None:
    first, second = submit(), submit()
    with store.write() as c:
        runs.update_run(c, first.id, RunUpdate(description="x"))
        page = changes.since(c, 0, 100)
        assert [(item.kind, item.subject) for item in page.changes] == [
            ("run", second.id),
            ("experiment", "digits"),
            ("run", first.id),
        ]
        assert changes.since(c, page.cursor, 100).changes == ()
        assert changes.since(c, 10**12, 100).cursor == page.cursor
        half = changes.since(c, 0, 1)
        assert [item.subject for item in changes.since(c, half.cursor, 100).changes] == ["digits", first.id]


def test_experiments_count_their_runs(store: Store, submit: RUN) -> None:
    submit("a", kind="sweep", sweep=({"x": "1"}, {"x": "2"}))
    submit("b")
    with store.read() as c:
        page = experiments.page_experiments(c, 1, None)
        rest = experiments.page_experiments(c, 1, page.next_cursor)
        assert [(item.name, item.run_count) for item in (*page.items, *rest.items)] == [("b", 1), ("a", 3)]
        assert experiments.count_all_runs(c) == 4


@pytest.mark.only_sqlite  # whose planner says what it will do with a table of any size
@pytest.mark.parametrize(
    ("how", "index"),
    [
        ({}, "ix_runs_parent_number_number"),
        ({"include_children": True}, "sqlite_autoindex|PRIMARY KEY"),
        ({"experiment": "digits"}, "ix_runs_experiment_id_parent_number_number"),
        ({"experiment": "digits", "include_children": True}, "ix_runs_experiment_id_number"),
        ({"document": "a.ipynb", "include_children": True}, "ix_runs_document_id_number"),
        ({"parent": "1"}, "ix_runs_parent_number_number"),
        ({"statuses": [RunStatus.RUNNING], "include_children": True}, "ix_runs_status_number"),
    ],
)
def test_every_list_walks_an_index_in_its_order(store: Store, submit: RUN, how: dict[str, object], index: str) -> None:
    submit()
    said: list[tuple[str, object]] = []

    @event.listens_for(store._reader, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        said.append((statement, parameters))

    numbers(store, **how)
    statement, parameters = next(item for item in said if "LIMIT" in item[0])
    with store.read() as c:
        plan = [row[3] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    if index.startswith("ix"):
        assert any(index in line for line in plan), plan
    sorts = [line for line in plan if "TEMP B-TREE FOR ORDER BY" in line]
    # Two short walks of a document are merged; nothing else is sorted.
    assert len(sorts) == (1 if "document" in how else 0), plan


def test_the_first_schema_is_read_as_it_was_written(first_schema: Path) -> None:
    from jupyter_mlws.api.series import decode_series
    from jupyter_mlws.store import files, mailbox, metrics, models

    with Store.open(first_schema) as old, old.write() as c:
        run = runs.get_run(c, "1")
        assert (run.status, run.display_name, run.description) == (RunStatus.COMPLETED, "baseline µ", "the first")
        assert run.source.cell_source == "x = 1"
        assert (run.warnings, run.tags, run.links[0].modified_at) == (("one link",), {"owner": "ada", "bare": ""}, AT)
        values = decode_series(*metrics.read_series(c, "1", "loss")).columns["value"]
        assert json.dumps(list(values)) == "[1.0, NaN, Infinity, -0.5]"
        assert files.list_files(c, "1")[0].digest == DIGEST
        assert models.get_model(c, "digits").id == "digits:1"
        assert mailbox.find_reply(c, "1", "request-1") == {"value": None}
        error = runs.get_run(c, "2").error
        assert error is not None
        assert error.signal == "SIGKILL"
        sweep = runs.get_run(c, "3")
        assert (sweep.child_count, sweep.status) == (4, RunStatus.PREPARING)
        made = runs.create_run(
            c, RunSubmission(experiment="new", command=("x",)), run_id="new_1", user="ada", host="box"
        )
        assert made.number == 8

"""The databases that released versions left: every one is opened, shows what is in it, and takes more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from jupyter_mlws.domain.run import RunSubmission, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import NotFound
from jupyter_mlws.services.filters import parse_filter
from jupyter_mlws.store import (
    Store,
    deletion,
    environments,
    experiment_trash,
    experiments,
    models,
    run_cards,
    runs,
    schema,
    tables,
    typed_metrics,
)
from jupyter_mlws.store.run_record import load_runs, run_query
from jupyter_mlws.store.stored_run import StoredRun

from .conftest import ASSETS, make_store

RELEASED = sorted(ASSETS.glob("store-*.sqlite"))


def opened(released: Path, folder: Path) -> Store:
    shutil.copyfile(released, folder / "mlws.sqlite")
    return Store.open(folder)


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Store]:
    with opened(ASSETS / "store-2.sqlite", tmp_path) as store:
        yield store


def test_each_version_of_the_tables_has_left_one() -> None:
    assert [f"{int(version)}" for version in tables.SCHEMA_VERSIONS] == [path.stem.split("-")[1] for path in RELEASED]


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
def test_it_is_read_and_written(released: Path, tmp_path: Path) -> None:
    with opened(released, tmp_path) as store:
        with store.read() as c:
            assert schema.stored_version(c) == tables.SCHEMA_VERSION
            assert c.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            listed = runs.page_runs(c, include_children=True, limit=100).items
            numbers = [run.number for run in listed]
            fresh = load_runs(c, c.execute(run_query().where(tables.runs.c.number.in_(numbers))).all(), 12)
            assert sorted(listed, key=lambda run: run.number) == sorted(fresh, key=lambda run: run.number)
            assert {1, 2, 3} <= set(numbers)
            found = runs.page_runs(c, wanted=parse_filter("metrics.loss is not null and params.lr = 0.1")).items
            assert [run.number for run in found] == [1]
        with store.write() as c:
            while run_cards.catch_up(c):
                pass
            runs.update_run(c, "2", RunUpdate(tags={"new": "tag"}, properties={"new": "property"}))
            made = runs.create_run(
                c, RunSubmission(experiment="new", command=("x",)), run_id="new_1", user="ada", host="box"
            )
            deletion.delete_run(c, "1")
        with store.read() as c:
            now = [run.number for run in runs.page_runs(c, include_children=True, limit=100).items]
            assert now == [made.number, *(number for number in numbers if number != 1)]
            assert runs.get_run(c, "2").properties == {"new": "property"}


@pytest.fixture
def newest(tmp_path: Path) -> Iterator[Store]:
    with opened(ASSETS / f"store-{int(tables.SCHEMA_VERSION)}.sqlite", tmp_path) as store:
        yield store


def test_the_newest_schema_has_something_in_every_table(newest: Store) -> None:
    with newest.read() as c:
        counts = {
            table.name: c.scalar(select(func.count()).select_from(table)) for table in tables.metadata.sorted_tables
        }
    assert [name for name, count in counts.items() if not count] == []


def test_the_second_schema_is_read_as_it_was_written(second: Store) -> None:
    with second.write() as c:
        typed = runs.get_run(c, "8")
        assert (typed.child_count, typed.children_ended, typed.properties) == (2, 2, {"team": "a"})
        children = {run.number: run for run in runs.page_runs(c, parent="8").items}
        assert {run.kind for run in children.values()} == {"child"}
        error = children[10].error
        assert error is not None
        assert (children[9].status, error.message) == (RunStatus.COMPLETED, "The second child failed.")
        names = [metric.name for metric in typed_metrics.page_typed(c, "8", 100, None).items]
        assert names == sorted(make_store.VALUES)
        for name, value in make_store.VALUES.items():
            found = typed_metrics.read_values(c, "8", name).items
            assert [(each.value, each.step, each.at, each.type) for each in found] == [
                (value, i, make_store.AT, name) for i in range(2)
            ]
        described, archived = (experiments.get_experiment(c, name) for name in ("described", "archived"))
        assert (described.description, described.tags, described.run_count) == ("All of it.", {"team": "a"}, 1)
        assert archived.archived_at is not None
        with pytest.raises(NotFound, match="in the trash"):
            experiments.get_experiment(c, "gone")
        assert experiment_trash.restore_experiment(c, "gone", None).run_count == 1
        assert deletion.restore_run(c, "14").experiment == "described"
        model = models.get_by_alias(c, "digits", "production")
        assert (model.version, model.framework, model.framework_version) == (2, "sklearn", "1.5")
        assert (model.tags, model.properties["f1"]) == ({"stage": "test"}, "0.9")
        assert models.restore_model(c, "digits", 3).version == 3


def test_the_third_schema_is_read_as_it_was_written(newest: Store) -> None:
    with newest.read() as c:
        found = environments.get_environment(c, "sk", label="stable")
        assert (found.id, found.user, found.description, found.labels) == ("sk:1", "ada", "All of it.", ("stable",))
        assert (found.spec.packages, found.spec.environment_variables) == (("six>=1.16",), {"A": "b"})
        assert environments.find_lock(c, found, "linux-x86_64") == "six==1.16.0\n"


def test_the_cards_of_the_second_schema_are_good(second: Store) -> None:
    with second.read() as c:
        assert all(isinstance(run, StoredRun) for run in runs.page_runs(c, include_children=True, limit=100).items)

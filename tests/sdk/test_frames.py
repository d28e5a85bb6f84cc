"""Runs and metrics as tables of pandas: everything is there once, typed, and the same as the records say."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_mlws.api.metric_table import MAGIC, Block, decode_blocks, encode_block, encode_end
from jupyter_mlws.domain.run import RunSubmission, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import CorruptData, InvalidFilter, InvalidInput, MissingPart
from jupyter_mlws.sdk import frames
from jupyter_mlws.sdk.workspace import Workspace
from jupyter_mlws.store import Store, deletion, metric_export, metrics
from jupyter_mlws.store import runs as store_runs


@pytest.fixture
def here(workspace_folder: Path) -> Iterator[Workspace]:
    """A workspace whose runs are recorded by `Recorder`."""
    opened = Workspace(workspace_folder)
    yield opened
    opened.api.store.close()


class Recorder:
    """Records runs and their points straight in the store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.count = 0

    def run(self, points: dict[str, list[float]], *, steps: list[int] | None = None, **facts: Any) -> str:
        self.count += 1
        run_id = f"run_{self.count}"
        submission = RunSubmission(experiment=facts.pop("experiment", "digits"), command=("python",), **facts)
        children = [f"{run_id}_{i}" for i in range(len(submission.sweep))]
        with self.store.write() as c:
            store_runs.create_run(c, submission, run_id=run_id, user="ada", host="box", children=children)
            for new in (RunStatus.PREPARING, RunStatus.RUNNING, RunStatus.COMPLETED):
                store_runs.move_run(c, run_id, new)
            for name, values in points.items():
                self.log(c, run_id, name, values, steps)
        return run_id

    def log(self, c: Any, run_id: str, name: str, values: list[float], steps: list[int] | None = None) -> None:
        start = metrics.offsets(c, run_id).get(name, 0)
        count = len(values)
        batch = SimpleNamespace(
            stream=name,
            start=start,
            end=start + count,
            names=[name],
            name_index=np.zeros(count, np.int64),
            step=np.zeros(count, np.int64) if steps is None else np.array(steps),
            implicit=bytes([steps is None]) * count,
            time=1.5e9 + np.arange(count) + 0.25,
            value=np.array(values, float),
        )
        metrics.append_points(c, run_id, batch)


@pytest.fixture
def recorder(store_factory: Callable[..., Store]) -> Recorder:
    return Recorder(store_factory())


@pytest.mark.only_sqlite
def test_one_row_for_each_run_and_a_column_for_whatever_any_has(here: Workspace, recorder: Recorder) -> None:
    recorder.run({"acc": [0.5, 0.9], "odd": [math.nan]}, params={"lr": "0.1"}, tags={"owner": "ada"})
    recorder.run({"acc": [0.7]}, params={"depth": "3"}, properties={"git": "abc"}, display_name="second")
    found = here.runs_dataframe()
    assert list(found["run_number"]) == [2, 1]
    assert list(found["run_id"]) == ["run_2", "run_1"]
    assert list(found["display_name"]) == ["second", ""]
    assert list(found["status"]) == ["Completed", "Completed"]
    assert [name for name in found.columns if "." in name] == [
        "params.depth",
        "params.lr",
        "tags.owner",
        "metrics.acc",
        "metrics.odd",
        "properties.git",
    ]
    assert list(found["metrics.acc"]) == [0.7, 0.9]
    assert found["metrics.odd"].isna().all()
    assert found["params.lr"].isna().tolist() == [True, False]
    assert found["params.lr"][1] == "0.1"
    record = here.run(1).record
    assert found["created_at"][1] == pd.Timestamp(record.created_at)
    assert found["duration_s"][1] == record.duration_s
    assert (found["duration_s"] >= 0).all()


@pytest.mark.only_sqlite
def test_filter_order_limit_and_children_are_those_of_the_list(here: Workspace, recorder: Recorder) -> None:
    for value in (0.1, 0.5, 0.3):
        recorder.run({"acc": [value]})
    recorder.run({}, experiment="other", kind="sweep", sweep=({"a": "1"}, {"a": "2"}))
    best = here.runs_dataframe("metrics.acc > 0.2", "metrics.acc desc", 1)
    assert list(best["metrics.acc"]) == [0.5]
    assert len(here.runs_dataframe(experiment="other")) == 1
    children = here.runs_dataframe(experiment="other", include_children=True)
    assert list(children["params.a"].dropna()) == ["2", "1"]
    assert list(children["parent_id"].dropna()) == ["run_4", "run_4"]
    assert here.runs(order_by="metrics.acc desc", limit=2).to_dataframe()["metrics.acc"].tolist() == [0.5, 0.3]
    with pytest.raises(InvalidFilter):
        here.runs_dataframe("metrics.acc >")


@pytest.mark.only_sqlite
@pytest.mark.parametrize("one_by_one", [0, 20])
def test_all_metrics_are_there_and_not_only_those_that_a_list_shows(
    here: Workspace, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, one_by_one: int
) -> None:
    monkeypatch.setattr(frames, "_ONE_BY_ONE", one_by_one)
    recorder.run({f"m{i:02}": [float(i)] for i in range(15)})
    recorder.run({"few": [1.0]})
    found = here.runs_dataframe(order_by="number asc")
    assert found.loc[0, [f"metrics.m{i:02}" for i in range(15)]].tolist() == list(range(15))
    assert math.isnan(found["metrics.few"][0])
    assert found["metrics.few"][1] == 1.0


@pytest.mark.only_sqlite
def test_an_empty_list_has_the_same_typed_columns(here: Workspace, recorder: Recorder) -> None:
    recorder.run({"acc": [1.0]})
    empty, full = here.runs_dataframe("number < 0"), here.runs_dataframe()
    assert len(empty) == 0
    assert set(empty.columns) == {name for name in full.columns if "." not in name}
    for name in ("run_number", "created_at", "ended_at", "duration_s"):
        assert empty[name].dtype == full[name].dtype
    points = here.metrics_dataframe("number < 0")
    assert len(points) == 0
    assert (points["run_number"].dtype, points["value"].dtype) == ("int64", "float64")


def test_every_point_is_a_row_as_it_was_logged(here: Workspace, recorder: Recorder) -> None:
    recorder.run({"loss": [3.0, math.nan, math.inf], "acc": [0.5]}, steps=None)
    recorder.run({"loss": [1.0, 2.0]}, steps=[10, 2**53 + 1])
    found = here.metrics_dataframe()
    assert list(found.columns) == ["run_id", "run_number", "name", "step", "time", "value"]
    assert list(found["run_number"]) == [1, 1, 1, 1, 2, 2]
    assert list(found["run_id"]) == ["run_1"] * 4 + ["run_2"] * 2
    assert list(found["name"]) == ["acc", "loss", "loss", "loss", "loss", "loss"]
    assert list(found["step"]) == [0, 0, 1, 2, 10, 2**53 + 1]
    assert found["value"].tolist()[1] == 3.0
    assert math.isnan(found["value"][2])
    assert found["value"][3] == math.inf
    assert found["time"][0] == pd.Timestamp("2017-07-14T02:40:00.25Z")
    assert found["step"].dtype == "int64"


def test_names_and_runs_are_chosen(here: Workspace, recorder: Recorder) -> None:
    for i in range(3):
        recorder.run({"loss": [float(i)], "a,b": [1.0]}, experiment=f"e{i}", params={"i": str(i)})
    assert set(here.metrics_dataframe(names="loss")["name"]) == {"loss"}
    assert set(here.metrics_dataframe(names=["a,b", "nothing"])["name"]) == {"a,b"}
    assert len(here.metrics_dataframe(names=[])) == 0
    assert set(here.metrics_dataframe("params.i = '1'")["run_number"]) == {2}
    assert set(here.metrics_dataframe("metrics.loss >= 1", experiment="e2")["run_number"]) == {3}
    assert len(here.metrics_dataframe(experiment="unknown")) == 0
    with pytest.raises(InvalidInput, match="names of metrics are text"):
        here.metrics_dataframe(names=[1])
    for names in ("{}", "loss", '[""]', "[1]"):
        with pytest.raises(InvalidInput):
            here.api.metrics.export(names=names)


def test_long_series_of_many_runs_come_whole_in_slices(
    here: Workspace, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "CHUNK_POINTS", 100)
    monkeypatch.setattr(metric_export, "CHUNKS_AT_ONCE", 3)
    monkeypatch.setattr(metric_export, "RUNS_AT_ONCE", 2)
    for i in range(5):
        recorder.run({"a": list(range(i * 150 + 1)), "b": [1.0] * 7})
    found = here.metrics_dataframe()
    for i in range(5):
        mine = found[(found["run_number"] == i + 1) & (found["name"] == "a")]
        assert mine["value"].tolist() == list(range(i * 150 + 1))
    assert (found["name"] == "b").sum() == 35


@pytest.mark.only_sqlite
def test_what_is_logged_while_the_table_is_read_is_left_out(
    here: Workspace, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "CHUNK_POINTS", 10)
    monkeypatch.setattr(metric_export, "CHUNKS_AT_ONCE", 1)
    run = recorder.run({"a": list(range(15)), "b": list(range(5))})
    blocks = decode_blocks(here.api.metrics.export().chunks)
    first = next(blocks)
    with recorder.store.write() as c:
        recorder.log(c, run, "a", list(range(15, 40)))
        recorder.log(c, run, "b", list(range(5, 40)))
    rest = [first, *blocks]
    values: dict[str, list[float]] = {}
    for block in rest:
        assert [count for _, _, count in block.series] in ([len(block.value) // 8], [])
        for _, name, _ in block.series:
            values.setdefault(name, []).extend(memoryview(block.value).cast("d").tolist())
    assert values == {"a": list(range(15)), "b": list(range(5))}


@pytest.mark.only_sqlite
def test_a_table_of_points_may_be_written_to(here: Workspace, recorder: Recorder) -> None:
    run = recorder.run({"a": [1.0, 2.0], "b": [3.0]})
    found = here.metrics_dataframe()
    found.loc[0, "value"] = 7.0
    found.loc[:, "step"] += 1
    found.loc[0, ["run_number", "time"]] = [9, pd.Timestamp("2026-01-01", tz="UTC")]
    assert found["value"].tolist() == [7.0, 2.0, 3.0]
    assert found["step"].tolist() == [1, 2, 1]
    assert list(found["run_id"]) == [run] * 3
    assert here.metrics_dataframe()["value"].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.only_sqlite
def test_what_is_in_the_trash_is_in_no_table(here: Workspace, recorder: Recorder) -> None:
    recorder.run({"a": [1.0]})
    gone = recorder.run({"a": [2.0]})
    with recorder.store.write() as c:
        deletion.delete_run(c, gone)
    assert list(here.runs_dataframe()["run_number"]) == [1]
    assert list(here.metrics_dataframe()["value"]) == [1.0]


@pytest.mark.only_sqlite
def test_without_pandas_the_error_says_what_to_install(
    here: Workspace, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.run({"a": [1.0]})
    imported = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for ask in (here.runs_dataframe, here.metrics_dataframe, here.runs().to_dataframe):
        with pytest.raises(MissingPart, match="pandas"):
            ask()


def test_a_table_that_ends_too_early_is_not_taken_for_whole() -> None:
    block = Block([(1, "a", 2)], {1: "run_1"}, b"\1" * 16, b"\2" * 16, b"\3" * 16)
    pieces = [MAGIC, *encode_block(block), encode_end()]
    assert list(decode_blocks(pieces)) == [block]
    whole = b"".join(pieces)
    assert list(decode_blocks(whole[i : i + 5] for i in range(0, len(whole), 5))) == [block]
    for end in (0, 5, 20, len(whole) - 1, len(whole) - len(encode_end())):
        with pytest.raises(CorruptData):
            list(decode_blocks([whole[:end]]))
    with pytest.raises(CorruptData, match="not a table"):
        list(decode_blocks([b"something else"]))


@pytest.mark.only_sqlite
def test_tags_that_changed_are_shown_as_they_were_found(here: Workspace, recorder: Recorder) -> None:
    run = recorder.run({}, tags={"a": "1"})
    found = here.runs()
    with recorder.store.write() as c:
        store_runs.update_run(c, run, RunUpdate(tags={"a": "2"}))
    assert found.to_dataframe()["tags.a"].tolist() == ["1"]
    assert here.runs_dataframe()["tags.a"].tolist() == ["2"]

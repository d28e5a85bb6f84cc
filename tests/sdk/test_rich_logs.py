"""Texts, histograms, figures, pictures, sounds and large tables: what is taken, what comes back, what is refused."""

from __future__ import annotations

import io
import json
import math
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jupyter_mlws.api.parquet import read_table
from jupyter_mlws.errors import MlwsError, StorageFull
from jupyter_mlws.runfolder import own_secrets
from jupyter_mlws.runfolder.journal_reader import JournalReader
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.sdk import uploading
from jupyter_mlws.sdk.histograms import histogram_of
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.sdk.sounds import sound_of
from jupyter_mlws.sdk.tables import table_of


@pytest.fixture
def run(tmp_path: Path) -> ActiveRun:
    """A run that nobody follows: its folder answers."""
    folder = RunFolder(tmp_path / "run").create()
    facts = {"run_id": "lone", "run_number": 0, "experiment": "alone", "protocol_version": 1}
    folder.job.write_text(json.dumps(facts))
    return ActiveRun(folder, facts)


# -- texts


def test_texts_come_back_whatever_they_say(run):
    run.log_text("sample", "NaN", step=3)
    run.log_text("sample", "a\nb é")
    assert run.get_metrics("sample") == {"sample": ["NaN", "a\nb é"]}
    assert [(value.step, value.value, value.file) for value in run.values("sample")] == [
        (3, "NaN", ""),
        (None, "a\nb é", ""),
    ]


# -- histograms


def test_a_histogram_is_that_of_numpy(run):
    weights = np.random.default_rng(0).normal(size=(40, 50)).astype("float32")
    run.log_histogram("weights", weights, step=1, bins=10)
    counts, edges = np.histogram(weights, bins=10)
    found = run.get_metrics("weights")["weights"]
    assert found["counts"] == counts.tolist()
    assert np.allclose(found["edges"], edges)


def test_lists_are_counted_as_arrays_are():
    values = [0.5, 1, 1.5, math.nan, 2, math.inf, True]
    of_list = histogram_of("It", values, None, None, 3)
    of_array = histogram_of("It", np.array(values), None, None, 3)
    assert of_list == of_array == {"edges": [0.5, 1.0, 1.5, 2.0], "counts": [1, 2, 2], "left_out": 2}
    alone = histogram_of("It", [3.0], None, None, 4)
    assert sum(alone["counts"]) == 1
    assert alone["edges"][0] < 3.0 < alone["edges"][-1]


def test_counts_are_taken_as_they_are(run):
    run.log_histogram("ages", counts=np.array([3, 9, 4]), edges=[0, 30, 60.5, 90])
    assert run.get_metrics("ages")["ages"] == {"edges": [0, 30, 60.5, 90], "counts": [3, 9, 4]}


# -- figures


def test_figures_of_matplotlib_are_pictures(run):
    figure = pytest.importorskip("matplotlib.figure").Figure(figsize=(2, 1))
    axes = figure.subplots(1, 2)
    for given in (figure, axes, axes[0], SimpleNamespace(fig=figure)):
        run.log_figure("figure", given)
    assert all(data.startswith(b"\x89PNG") for data in run.get_metrics("figure", populate=True)["figure"])


class Plotly:
    """What `log_figure` needs of a figure of plotly."""

    def to_plotly_json(self) -> dict[str, Any]:
        return {"data": []}

    def to_json(self) -> str:
        return json.dumps({"data": [{"type": "bar", "y": [1, 2]}], "layout": {}})


def test_figures_of_plotly_are_kept_as_what_they_are_drawn_from(run):
    run.log_figure("figure", Plotly(), step=2)
    (value,) = run.values("figure")
    assert json.loads(value.read())["data"][0]["y"] == [1, 2]
    assert value.facts["media_type"] == "application/vnd.plotly.v1+json"
    assert value.file == "figure/0.plotly.json"


# -- sounds


def test_samples_become_a_sound(run, tmp_path):
    tone = np.sin(np.arange(800) / 10)
    run.log_audio("tone", tone, sample_rate=8_000, step=1)
    run.log_audio("tone", np.stack([tone, -2 * tone], axis=1), 8_000)
    first, second = run.values("tone")
    assert first.facts == {"media_type": "audio/wav", "sample_rate": 8_000, "channels": 1, "duration_s": 0.1}
    path = second.save(tmp_path / "tone.wav")
    with wave.open(path) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8_000, 800)
        samples = np.frombuffer(file.readframes(800), "<i2").reshape(-1, 2)
    assert np.allclose(samples[:, 0] / 32_767, tone, atol=1e-4)
    assert samples[:, 1].min() == -32_767
    assert sound_of("It", path) == sound_of("It", Path(path).read_bytes())


def test_lists_sound_as_arrays_do():
    samples = [0.0, 0.5, -1.0, 2.0, math.nan]
    assert sound_of("It", samples, 10).data == sound_of("It", np.array(samples), 10).data
    assert sound_of("It", [1, -2, 300], 10).data == sound_of("It", np.array([1, -2, 300], dtype="int16"), 10).data


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(b"OggS...", "audio/ogg"), (b"fLaC", "audio/flac"), (b"ID3\x04", "audio/mpeg"), (b"\xff\xfb\x90", "audio/mpeg")],
)
def test_sounds_are_known_by_their_first_bytes(data, media_type):
    assert sound_of("It", data).media_type == media_type


# -- tables


def test_a_large_table_is_a_file_and_comes_back_as_it_went_in(run, tmp_path):
    pandas = pytest.importorskip("pandas")
    count = 3_000
    columns = {
        "i": np.arange(count),
        "f": np.linspace(0, 1, count).astype("float32"),
        "s": [f"é{i}" for i in range(count)],
        "b": [i % 2 == 0 for i in range(count)],
        "mixed": [None if i % 7 == 0 else i if i % 2 else "x" for i in range(count)],
        "gaps": [None if i % 5 == 0 else i / 2 for i in range(count)],
    }
    run.log_table("big", pandas.DataFrame(columns, dtype=object), step=5)
    run.log_table("arrays", columns)
    given = {name: list(map(lambda v: getattr(v, "item", lambda: v)(), values)) for name, values in columns.items()}
    assert run.get_metrics("big")["big"] == given
    assert run.get_metrics("arrays")["arrays"] == given
    (value,) = run.values("big")
    assert (value.step, value.file) == (5, "big/0.parquet")
    assert value.facts["rows"] == count
    assert value.facts["columns"][:2] == [{"name": "i", "type": "int"}, {"name": "f", "type": "float"}]
    duckdb = pytest.importorskip("duckdb")
    path = value.save(tmp_path / "big.parquet")
    assert duckdb.sql(f"select sum(i) from '{path}'").fetchall() == [(sum(range(count)),)]


def test_long_texts_make_a_table_a_file(run):
    run.log_table("long", {"text": ["x" * 100_000] * 10})
    (value,) = run.values("long")
    assert value.file == "long/0.parquet"
    assert value.value == {"text": ["x" * 100_000] * 10}


def test_secrets_are_masked_in_texts_and_in_large_tables(run, monkeypatch):
    monkeypatch.setattr(own_secrets, "_added", {"hunter2-hunter2"})
    monkeypatch.setattr(own_secrets, "_known_for", None)  # what another test knew is not known here
    run.log_text("text", "it is hunter2-hunter2")
    run.log_table("table", {"word": ["hunter2-hunter2", "plain"] * 6_000})
    (table,) = run.values("table")
    assert "hunter2" not in str(run.get_metrics("text"))
    assert b"hunter2" not in table.read()
    assert set(table.value["word"]) == {"***", "plain"}


def test_a_small_table_with_a_column_named_file_is_a_table(run):
    run.log_table("small", {"file": ["a", "b"]})
    (value,) = run.values("small")
    assert (value.file, value.value) == ("", {"file": ["a", "b"]})


# -- what is refused

CODES = {
    "text that is a number": (lambda run: run.log_text("x", 5), "invalid_input"),
    "text of half a character": (lambda run: run.log_text("x", "\ud800"), "invalid_input"),
    "text that is too long": (lambda run: run.log_text("x", "y" * 1_000_001), "too_large"),
    "text at no step": (lambda run: run.log_text("x", "y", step=1.5), "invalid_input"),
    "a name of 10 MB": (lambda run: run.log_text("x" * 10_000_000, "y"), "too_large"),
    "histogram of nothing": (lambda run: run.log_histogram("x"), "invalid_input"),
    "histogram of an empty array": (lambda run: run.log_histogram("x", np.array([])), "invalid_input"),
    "histogram of NaN": (lambda run: run.log_histogram("x", [math.nan]), "invalid_input"),
    "histogram of text": (lambda run: run.log_histogram("x", "abc"), "invalid_input"),
    "histogram of texts": (lambda run: run.log_histogram("x", ["a"]), "invalid_input"),
    "histogram of objects": (lambda run: run.log_histogram("x", np.array([object()])), "invalid_input"),
    "histogram of complex numbers": (lambda run: run.log_histogram("x", np.array([1j])), "invalid_input"),
    "histogram of a number": (lambda run: run.log_histogram("x", 5), "invalid_input"),
    "histogram of no bins": (lambda run: run.log_histogram("x", [1], bins=0), "invalid_input"),
    "histogram of both": (lambda run: run.log_histogram("x", [1], counts=[1], edges=[0, 1]), "invalid_input"),
    "counts without edges": (lambda run: run.log_histogram("x", counts=[1]), "invalid_input"),
    "counts with too few edges": (lambda run: run.log_histogram("x", counts=[1, 2], edges=[0, 1]), "invalid_input"),
    "counts below zero": (lambda run: run.log_histogram("x", counts=[-1], edges=[0, 1]), "invalid_input"),
    "edges that fall": (lambda run: run.log_histogram("x", counts=[1], edges=[1, 0]), "invalid_input"),
    "edges that are none": (lambda run: run.log_histogram("x", counts=[1], edges=[0, math.nan]), "invalid_input"),
    "figure that is none": (lambda run: run.log_figure("x", [1, 2]), "invalid_input"),
    "sound that is none": (lambda run: run.log_audio("x", b"text"), "invalid_input"),
    "sound that is not there": (lambda run: run.log_audio("x", "nowhere.wav"), "not_found"),
    "samples without a rate": (lambda run: run.log_audio("x", [0.1]), "invalid_input"),
    "samples of nothing": (lambda run: run.log_audio("x", [], 8_000), "invalid_input"),
    "samples of text": (lambda run: run.log_audio("x", ["a"], 8_000), "invalid_input"),
    "samples too loud": (lambda run: run.log_audio("x", [40_000], 8_000), "invalid_input"),
    "channels before samples": (lambda run: run.log_audio("x", np.zeros((2, 800)), 8_000), "invalid_input"),
    "no sound at a time": (lambda run: run.log_audio("x", 5, 8_000), "invalid_input"),
    "large table of unequal columns": (
        lambda run: run.log_table("x", {"a": np.zeros(9_000), "b": np.zeros(9_001)}),
        "invalid_input",
    ),
    "large table of complex numbers": (
        lambda run: run.log_table("x", {"a": np.zeros(20_000, complex)}),
        "invalid_input",
    ),
    "table of too many cells": (lambda run: run.log_table("x", {"a": range(50_000_001)}), "too_large"),
}  # fmt: skip


@pytest.mark.parametrize("case", CODES)
def test_bad_input_is_refused_by_its_code_and_leaves_nothing(run, case):
    call, code = CODES[case]
    with pytest.raises(MlwsError) as caught:
        call(run)
    assert caught.value.code == code
    assert caught.value.message.endswith((".", ")")), caught.value.message
    left = {path.name for path in Path(run._folder.path).rglob("*") if path.is_file()}
    assert left == {"job.json"}


def test_a_name_belongs_to_one_kind_of_value(run):
    run.log_text("text", "x")
    for call in (
        lambda: run.log("text", 1),
        lambda: run.log_histogram("text", [1]),
        lambda: run.log_audio("text", [1]),
    ):
        with pytest.raises(MlwsError, match="belongs to a text"):
            call()


# -- where the script goes on


def test_files_beyond_the_limit_are_counted_and_the_script_goes_on(run, monkeypatch, capfd):
    monkeypatch.setattr(uploading, "MAX_VALUE_FILES", 3)
    for step in range(10):
        run.log_image("picture", plot=[[step]], step=step)
    run.log_image("other", plot=[[1]])
    assert len(run.get_metrics("picture")["picture"]) == 3
    assert run.get_metrics("other")["other"] == "other/0.png"
    said = capfd.readouterr().err
    assert said.count("jupyter-mlws:") == 1
    assert "'picture' has 3 files" in said
    reader = JournalReader(run._folder)
    assert (reader.surplus(), reader.dropped()) == (7, 0)


def test_files_without_room_are_counted_and_the_script_goes_on(run, monkeypatch, capfd):
    def full(*_: Any) -> None:
        raise StorageFull("There is no room on the disk.")

    with monkeypatch.context() as patched:
        patched.setattr(uploading, "place", full)
        run.log_image("picture", plot=[[1]])
        run.log_audio("sound", [0.5], 8_000)
    run.log_image("picture", plot=[[2]])
    assert run.get_metrics() == {"picture": "picture/0.png"}
    assert JournalReader(run._folder).dropped() == 2
    assert "values are kept again; 2 were dropped" in capfd.readouterr().err


def test_pictures_of_numpy_are_those_of_lists(run):
    image = pytest.importorskip("PIL.Image")
    for array in (np.random.default_rng(0).random((5, 4, 3)), np.arange(20, dtype="uint8").reshape(5, 4)):
        run.log_image("picture", plot=array)
        run.log_image("picture", plot=array.tolist())
        one, other = run.get_metrics("picture", populate=True)["picture"][-2:]
        assert (np.asarray(image.open(io.BytesIO(one))) == np.asarray(image.open(io.BytesIO(other)))).all()


def test_masked_cells_of_a_large_table_are_empty():
    column = np.ma.array(np.arange(20_000.0), mask=np.arange(20_000) % 2 == 0)
    assert read_table(table_of("t", {"a": column}).data)["a"][:3] == [None, 1.0, None]


def test_secrets_in_the_names_of_columns_are_masked_in_the_file_of_a_large_table(monkeypatch):
    monkeypatch.setattr(own_secrets, "_added", {"hunter2-hunter2", "hunter3-hunter3"})
    monkeypatch.setattr(own_secrets, "_known_for", None)  # what another test knew is not known here
    columns = {f"key {name}": list(range(20_000)) for name in ("hunter2-hunter2", "hunter3-hunter3")}
    data = table_of("t", columns).data
    assert b"hunter" not in data
    assert list(read_table(data)) == ["key ***", "key *** 2"]

"""What may be logged beside numbers, checked where it is logged; and what is not, by class and code."""

from __future__ import annotations

import io
import json
import math
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.sdk import quality
from jupyter_mlws.sdk.charts import check_chart
from jupyter_mlws.sdk.job import ActiveRun
from jupyter_mlws.sdk.pictures import picture_of

NAN = math.nan


@pytest.fixture
def run(tmp_path: Path) -> ActiveRun:
    """A run that nobody follows: its folder answers."""
    folder = RunFolder(tmp_path / "run").create()
    facts = {"run_id": "lone", "run_number": 0, "experiment": "alone", "protocol_version": 1}
    folder.job.write_text(json.dumps(facts))
    return ActiveRun(folder, facts)


class Color(str, Enum):
    RED = "red"


LISTS = {
    "list": ([1, 2.5, "x", True, None, NAN, math.inf], None),
    "tuple": ((1, 2), [1, 2]),
    "range": (range(3), [0, 1, 2]),
    "generator": ((i * i for i in range(3)), [0, 1, 4]),
    "array": (np.array([1.5, NAN]), [1.5, NAN]),
    "whole numbers": (np.array([1, 2], dtype="int8"), [1, 2]),
    "scalars": ([np.float32(0.5), np.int64(3), np.bool_(True)], [0.5, 3, True]),
    "others": (
        [Decimal("0.5"), Color.RED, datetime(2026, 1, 31, tzinfo=timezone.utc)],
        [0.5, "red", "2026-01-31T00:00:00Z"],
    ),
    "empty": ([], []),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_comes_back_as_plain_values(run, kind):
    value, back = LISTS[kind]
    run.log_list("l", value)
    assert same(run.get_metrics("l")["l"], value if back is None else back)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return one == other or (one != one and other != other)


def test_lists_rows_and_tables_come_back_in_the_shape_they_went_in(run):
    run.log_list("twice", [1])
    run.log_list("twice", [2, 3])
    run.log_row("rows", a=1, b="x")
    run.log_row("rows", a=2, c=None)
    run.log_table("table", {"x": [1, 2], "y": np.array([0.5, 0.25]), "z": ["a", None]})
    run.log_table("one", {"x": 1, "y": "text"})
    assert run.get_metrics() == {
        "one": {"x": [1], "y": ["text"]},
        "rows": {"a": [1, 2], "b": ["x", None], "c": [None, None]},
        "table": {"x": [1, 2], "y": [0.5, 0.25], "z": ["a", None]},
        "twice": [[1], [2, 3]],
    }


def test_a_data_frame_is_a_table(run):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1, 2], "y": ["a", None], "t": pandas.to_datetime(["2026-01-31", None])})
    run.log_table("frame", frame)
    back = run.get_metrics("frame")["frame"]
    assert back["x"] == [1, 2]
    assert back["y"][0] == "a"
    assert back["t"][0] == "2026-01-31T00:00:00"


CODES = {
    "no name": (lambda run: run.log_list("", [1]), "invalid_input"),
    "name of another type": (lambda run: run.log_list(5, [1]), "invalid_input"),
    "name too long": (lambda run: run.log_list("x" * 256, [1]), "too_large"),
    "name with a NUL": (lambda run: run.log_row("a\0", x=1), "invalid_input"),
    "description too long": (lambda run: run.log_list("x", [1], "d" * 5001), "too_large"),
    "list that is text": (lambda run: run.log_list("x", "abc"), "invalid_input"),
    "list that is a number": (lambda run: run.log_list("x", 5), "invalid_input"),
    "list that is an array of no dimension": (lambda run: run.log_list("x", np.array(5.0)), "invalid_input"),
    "list that is a dict": (lambda run: run.log_list("x", {"a": 1}), "invalid_input"),
    "list of lists": (lambda run: run.log_list("x", [[1], [2]]), "invalid_input"),
    "list of objects": (lambda run: run.log_list("x", [object()]), "invalid_input"),
    "list of complex numbers": (lambda run: run.log_list("x", [1j]), "invalid_input"),
    "list with half a character": (lambda run: run.log_list("x", ["\ud800"]), "invalid_input"),
    "list with a giant integer": (lambda run: run.log_list("x", [10**30]), "invalid_input"),
    "list that is too large": (lambda run: run.log_list("x", ["y" * 1000] * 5000), "too_large"),
    "row without columns": (lambda run: run.log_row("x"), "invalid_input"),
    "row of lists": (lambda run: run.log_row("x", a=[1, 2]), "invalid_input"),
    "row with a nameless column": (lambda run: run.log_row("x", **{"": 1}), "invalid_input"),
    "row with a long column": (lambda run: run.log_row("x", **{"c" * 256: 1}), "too_large"),
    "row with too many columns": (lambda run: run.log_row("x", **{f"c{i}": 1 for i in range(1001)}), "too_large"),
    "table of no columns": (lambda run: run.log_table("x", {}), "invalid_input"),
    "table of unequal columns": (lambda run: run.log_table("x", {"a": [1], "b": [1, 2]}), "invalid_input"),
    "table that is a list": (lambda run: run.log_table("x", [1, 2]), "invalid_input"),
    "table with a column without text for a name": (lambda run: run.log_table("x", {5: [1]}), "invalid_input"),
    "no picture": (lambda run: run.log_image("x"), "invalid_input"),
    "two pictures": (lambda run: run.log_image("x", "a.png", plot=[[1]]), "invalid_input"),
    "picture that is not there": (lambda run: run.log_image("x", "nowhere.png"), "not_found"),
    "picture that is none": (lambda run: run.log_image("x", __file__), "invalid_input"),
    "picture out of range": (lambda run: run.log_image("x", plot=[[256]]), "invalid_input"),
    "picture of five channels": (lambda run: run.log_image("x", plot=np.zeros((2, 2, 5))), "invalid_input"),
    "picture of nothing": (lambda run: run.log_image("x", plot=np.zeros((0, 3))), "invalid_input"),
    "picture at no step": (lambda run: run.log_image("x", plot=[[1]], step="one"), "invalid_input"),
    "chart of nothing": (lambda run: run.log_confusion_matrix("x"), "invalid_input"),
    "chart of half of it": (lambda run: run.log_residuals("x", y_true=[1]), "invalid_input"),
    "chart of both": (lambda run: run.log_residuals("x", {}, y_true=[1], y_pred=[1]), "invalid_input"),
    "chart that is no JSON": (lambda run: run.log_residuals("x", "{"), "invalid_input"),
    "chart of another kind": (
        lambda run: run.log_predictions("x", quality.residuals([1, 2], [1, 2])),
        "invalid_input",
    ),
    "chart of unequal lengths": (lambda run: run.log_residuals("x", y_true=[1, 2], y_pred=[1]), "invalid_input"),
    "chart of text": (lambda run: run.log_residuals("x", y_true=["a"], y_pred=["b"]), "invalid_input"),
    "chart with no bins": (lambda run: run.log_residuals("x", y_true=[1], y_pred=[1], bins=0), "invalid_input"),
    "chart with bins that fall": (
        lambda run: run.log_residuals("x", y_true=[1], y_pred=[1], bins=[2, 1]),
        "invalid_input",
    ),
    "chart with unknown labels": (
        lambda run: run.log_confusion_matrix("x", y_true=[1], y_pred=[2], labels=[1]),
        "invalid_input",
    ),
    "chart with scores of other classes": (
        lambda run: run.log_accuracy_table("x", y_true=[0, 1, 2], y_score=[[0.5, 0.5]] * 3),
        "invalid_input",
    ),
    "chart of one class": (lambda run: run.log_accuracy_table("x", y_true=[1], y_score=[0.5]), "invalid_input"),
    "tags that are none": (lambda run: run.set_tags("a"), "invalid_input"),
    "tags to remove that are none": (lambda run: run.remove_tags("a"), "invalid_input"),
    "too many tags": (lambda run: run.set_tags({str(i): i for i in range(51)}), "too_large"),
    "a property without a name": (lambda run: run.add_properties({"": 1}), "invalid_input"),
    "a name that is too long": (lambda run: setattr(run, "display_name", "x" * 257), "too_large"),
    "a child with a bad id": (lambda run: run.child_run(run_id="../x"), "invalid_name"),
    "a child with a long id": (lambda run: run.child_run(run_id="x" * 250), "too_large"),
    "a child with bad params": (lambda run: run.child_run(params=[1]), "invalid_input"),
    "a child with too many tags": (lambda run: run.child_run(tags={str(i): i for i in range(51)}), "too_large"),
    "no children": (lambda run: run.create_children(0), "invalid_input"),
    "children of nothing": (lambda run: run.create_children(), "invalid_input"),
    "children twice": (lambda run: run.create_children(2, tag_key="a", tag_values=[1]), "invalid_input"),
    "children of no values": (lambda run: run.create_children(tag_key="a", tag_values=[]), "invalid_input"),
    "children by text": (lambda run: run.create_children(tag_key="a", tag_values="abc"), "invalid_input"),
    "too many children": (lambda run: run.create_children(10_001), "too_large"),
    "an upload out of the run": (lambda run: run.upload_file("../x", __file__), "invalid_path"),
    "an upload of nothing": (lambda run: run.upload_file("x", "nowhere"), "not_found"),
    "an upload of a folder": (lambda run: run.upload_file("x", "."), "not_found"),
    "names without files": (lambda run: run.upload_files(["a", "b"], [__file__]), "invalid_input"),
    "one name twice": (lambda run: run.upload_files(["a", "a"], [__file__, __file__]), "invalid_input"),
    "a folder that is none": (lambda run: run.upload_folder("x", "nowhere"), "not_found"),
    "a question": (lambda run: run.workspace.info(), "unavailable"),
    "waiting for itself": (lambda run: run.wait_for_completion(), "wrong_state"),
    "a metric that is not there": (lambda run: run.get_metrics("nothing"), "not_found"),
    "a file that is not there": (lambda run: run.download_file("nothing"), "not_found"),
    "files that are not there": (lambda run: run.download_files("nothing"), "not_found"),
}  # fmt: skip


@pytest.mark.parametrize("case", CODES)
def test_bad_input_is_refused_by_its_code_and_leaves_nothing(run, case):
    call, code = CODES[case]
    with pytest.raises(MlwsError) as caught:
        call(run)
    assert caught.value.code == code
    assert caught.value.message.endswith((".", ")", "!")), caught.value.message
    left = {path.name for path in Path(run._folder.path).rglob("*") if path.is_file()}
    assert left == {"job.json"}
    assert run.get_children() == []


def test_a_name_belongs_to_one_kind_of_value(run):
    run.log("number", 1)
    run.log_list("list", [1])
    run.log_row("row", a=1)
    for call in (
        lambda: run.log_list("number", [1]),
        lambda: run.log_row("list", a=1),
        lambda: run.log("row", 1),
        lambda: run.log_metrics({"fine": 1, "list": 2}),
    ):
        with pytest.raises(MlwsError, match="belongs to a") as caught:
            call()
        assert caught.value.code == "invalid_input"
    assert run.get_metrics() == {"number": 1, "list": [1], "row": {"a": [1]}}


# -- pictures


def test_pictures_are_kept_as_files_and_named(run, tmp_path):
    run.log_image("a/b", plot=np.zeros((4, 6, 3), dtype="uint8"))
    run.log_image("a/b", plot=[[0.0, 0.5]], step=7)
    run.log_image("../odd name", plot=[[1]])
    first, second = run.get_metrics("a/b")["a/b"]
    odd = run.get_metrics("../odd name")["../odd name"]
    assert (first, second) == ("a/b/0.png", "a/b/1.png")
    assert set(run.get_file_names()) == {first, second, odd}
    pictures = run.get_metrics("a/b", populate=True)["a/b"]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    (value, _) = run._values_of("a/b")
    assert value.value == {"file": first, "media_type": "image/png", "width": 6, "height": 4}
    assert run.download_file(first, tmp_path / "back.png") == str(tmp_path / "back.png")
    assert picture_of("x", tmp_path / "back.png").width == 6


def test_a_figure_and_an_image_are_pictures():
    figure = pytest.importorskip("matplotlib.figure").Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    assert picture_of("x", plot=figure).media_type == "image/png"
    image = pytest.importorskip("PIL.Image")
    assert picture_of("x", image.new("CMYK", (3, 4)))[2:] == (".png", 3, 4)
    jpeg = io.BytesIO()
    image.new("RGB", (7, 9)).save(jpeg, "JPEG")
    array = np.arange(24, dtype="uint8").reshape(2, 4, 3)
    back = image.open(io.BytesIO(picture_of("x", array).data))
    assert (np.asarray(back) == array).all()


def test_the_format_is_read_from_the_bytes(tmp_path):
    files = {
        b"GIF89a\x05\0\x06\0": ("image/gif", 5, 6),
        b"RIFF\0\0\0\0WEBP": ("image/webp", 0, 0),
        b"BM" + bytes(16) + (3).to_bytes(4, "little") + (2).to_bytes(4, "little"): ("image/bmp", 3, 2),
        b"<?xml version='1.0'?><svg xmlns='x'/>": ("image/svg+xml", 0, 0),
        b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x09\0\x07": ("image/jpeg", 7, 9),
    }
    for data, (media_type, width, height) in files.items():
        (tmp_path / "misnamed.png").write_bytes(data)
        found = picture_of("x", tmp_path / "misnamed.png")
        assert (found.media_type, found.width, found.height) == (media_type, width, height)


# -- charts


def test_a_confusion_matrix_counts_true_rows_and_predicted_columns():
    found = quality.confusion_matrix(["a", "b", "b"], ["b", "b", "a"])
    assert found["data"] == {"class_labels": ["a", "b"], "matrix": [[0, 1], [1, 1]]}
    found = quality.confusion_matrix([0, 1], [0, 1], labels=[1, 0, 2])
    assert found["data"] == {"class_labels": [1, 0, 2], "matrix": [[1, 0, 0], [0, 1, 0], [0, 0, 0]]}


def test_an_accuracy_table_counts_as_one_would_by_hand():
    rng = np.random.default_rng(0)
    true, scores = rng.integers(0, 3, 200), rng.random((200, 3))
    data = quality.accuracy_table(true, scores)["data"]
    for label in range(3):
        for threshold, counts in zip(data["probability_thresholds"], data["probability_tables"][label], strict=True):
            hit, positive = true == label, scores[:, label] >= threshold
            by_hand = [
                (hit & positive).sum(),
                (~hit & positive).sum(),
                (~hit & ~positive).sum(),
                (hit & ~positive).sum(),
            ]
            assert counts == by_hand
        for share, counts in zip(data["percentile_thresholds"], data["percentile_tables"][label], strict=True):
            positive = scores[:, label] >= np.quantile(scores[:, label], share)
            assert abs(counts[0] + counts[1] - positive.sum()) <= 1
    assert data["class_labels"] == ["0", "1", "2"]
    two = quality.accuracy_table([False, True], [0.2, 0.9])["data"]
    assert two["probability_tables"][1][50] == [1, 0, 1, 0]


def test_residuals_and_predictions_agree_with_numpy():
    rng = np.random.default_rng(1)
    true = rng.random(500)
    predicted = true + rng.normal(size=500)
    residuals = quality.residuals(true, predicted, bins=7)["data"]
    counts, edges = np.histogram(predicted - true, bins=7)
    assert residuals["bin_counts"] == counts.tolist()
    assert np.allclose(residuals["bin_edges"], edges)
    found = quality.predictions(true, predicted, bins=[0, 0.25, 1, 2])["data"]
    low = predicted[true < 0.25]
    assert math.isclose(found["bin_averages"][0], low.mean())
    assert math.isclose(found["bin_errors"][0], low.std())
    assert found["bin_counts"] == [len(low), 500 - len(low), 0]
    assert found["bin_averages"][2] == "NaN"
    assert quality.residuals([1, NAN], [1, 2])["data"]["bin_counts"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_documents_of_charts_come_back_as_they_went_in(run):
    documents = {
        "confusion_matrix": quality.confusion_matrix([0, 1], [1, 1]),
        "accuracy_table": quality.accuracy_table([0, 1], [0.1, 0.9]),
        "residuals": quality.residuals([1, 2], [1, 2.5]),
        "predictions": {
            "schema_type": "predictions",
            "schema_version": "1.0.0",
            "data": {"bin_averages": [0.25], "bin_errors": [0.01], "bin_counts": [56], "bin_edges": [0.0, 0.5]},
        },
    }
    for kind, document in documents.items():
        getattr(run, f"log_{kind}")(kind, document)
        getattr(run, f"log_{kind}")(f"{kind} as text", json.dumps(document))
        assert run.get_metrics(kind)[kind] == run.get_metrics(f"{kind} as text")[f"{kind} as text"] == document
        for missing in document["data"]:
            lacking = {**document, "data": {key: value for key, value in document["data"].items() if key != missing}}
            with pytest.raises(MlwsError, match="needs"):
                check_chart(kind, "It", lacking)

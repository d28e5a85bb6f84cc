"""What a run logged besides numbers, its children, and what is written on it."""

from __future__ import annotations

import math

from .suite import Ground, body, refused


@body
def what_is_more_than_a_number_comes_back_in_the_shape_it_went_in(g: Ground) -> None:
    found = g.done.get_metrics()
    assert found["words"][:2] == ["a", 1]
    assert math.isnan(found["words"][2])
    assert found["epochs"] == {"epoch": [0, 1], "note": ["warm-up", None]}
    assert found["table"] == {"x": [1, 2], "y": ["a", None]}
    assert found["matrix"]["data"] == {"class_labels": [0, 1], "matrix": [[1, 0], [1, 1]]}
    assert found["picture"] == "picture/0.png"
    assert g.done.get_metrics("table") == {"table": found["table"]}


@body
def a_picture_comes_back_as_its_bytes(g: Ground) -> None:
    assert g.done.get_metrics("picture", populate=True)["picture"].startswith(b"\x89PNG")


@body
def texts_histograms_and_sounds_come_back(g: Ground) -> None:
    found = g.done.get_metrics()
    assert (found["sample"], found["tone"]) == ("NaN", "tone/0.wav")
    assert found["weights"] == {"edges": [0, 1, 2], "counts": [2, 1]}
    assert [(value.step, value.value) for value in g.done.values("sample")] == [(3, "NaN")]
    (tone,) = g.done.values("tone")
    assert tone.read().startswith(b"RIFF")
    assert refused(lambda: g.done.values("nothing")) == ("NotFound", "not_found")


@body
def a_large_table_comes_back_and_is_shown_page_by_page(g: Ground) -> None:
    assert g.done.get_metrics("large")["large"]["i"] == list(range(12_000))
    page = g.ws.api.metrics.table(g.done.id, "large", first=11_998, limit=100)
    assert [(column.name, column.type) for column in page.columns] == [("i", "int"), ("x", "float")]
    assert list(page.cells) == [[11_998, 11_999], ["NaN", "NaN"]]
    assert (page.first, page.row_count) == (11_998, 12_000)
    table = g.ws.api.metrics.table
    assert [len(text) for text in table(g.done.id, "wordy").cells[0]] == [301, 301]
    assert refused(lambda: table(g.done.id, "large", index=1)) == ("NotFound", "not_found")
    assert refused(lambda: table(g.done.id, "large", first=-1)) == ("InvalidInput", "invalid_input")
    assert refused(lambda: table(g.done.id, "table")) == ("InvalidInput", "invalid_input")
    assert refused(lambda: table(g.done.id, "nothing")) == ("NotFound", "not_found")


@body
def values_come_in_pages(g: Ground) -> None:
    page = g.ws.api.metrics.values(g.done.id, "epochs", after=1)
    assert [(value.index, value.type, value.value["epoch"]) for value in page.items] == [(1, "row", 1)]
    assert page.next_cursor is None
    names = {metric.name: (metric.type, metric.count) for metric in g.ws.api.metrics.typed(g.done.id).items}
    assert names["epochs"] == ("row", 2)
    assert refused(lambda: g.ws.api.metrics.values(g.done.id, "nothing")) == ("NotFound", "not_found")
    assert refused(lambda: g.ws.api.metrics.values(g.done.id, "epochs", after=-1)) == ("InvalidInput", "invalid_input")


@body
def children_are_found_below_their_parents(g: Ground) -> None:
    one, other = g.done.get_children()
    assert (one.display_name, one.params, one.status) == ("one", {"n": "1"}, "Completed")
    assert (other.display_name, other.status, other.record.error.code) == ("other", "Failed", "planned")
    (below,) = one.get_children()
    assert [run.id for run in g.done.get_children(recursive=True)] == [one.id, below.id, other.id]
    assert below.parent == one
    assert below.parent.parent == g.done
    assert g.done.get_metrics("depth", recursive=True) == {
        g.done.id: {},
        one.id: {"depth": 1.0},
        below.id: {"depth": 2.0},
        other.id: {},
    }
    assert [run.id for run in g.done.get_children(status="Failed")] == [other.id]
    assert [run.id for run in g.done.get_children(tags={"kind": "first"})] == [one.id]


@body
def a_run_that_is_not_logged_here_says_how_to_log(g: Ground) -> None:
    for call in (
        lambda: g.done.log("x", 1),
        lambda: g.done.log_list("x", [1]),
        lambda: g.done.child_run(),
        lambda: g.done.complete(),
    ):
        assert refused(call) == ("WrongState", "wrong_state")


@body
def tags_are_set_and_removed_and_properties_only_added(g: Ground) -> None:
    g.own.set_tags({f"one-{g.way}": 1, f"two-{g.way}": None})
    g.own.remove_tags([f"one-{g.way}"])
    g.own.add_properties({f"p-{g.way}": 1})
    g.own.description = f"by {g.way}"
    seen = g.ws.run(g.own.id)
    assert seen.tags[f"two-{g.way}"] == ""
    assert f"one-{g.way}" not in seen.tags
    assert seen.properties[f"p-{g.way}"] == "1"
    assert seen.description == f"by {g.way}"
    if g.way != "job":  # there it is told, and shown with the run
        assert refused(lambda: g.own.add_properties({f"p-{g.way}": 2}))[1] == "conflict"


@body
def a_file_is_uploaded_once(g: Ground) -> None:
    path = g.folder / "upload.txt"
    path.write_text("uploaded")
    g.own.upload_file(f"up-{g.way}/a.txt", path)
    assert g.own._download(f"up-{g.way}/a.txt").read() == b"uploaded"
    assert refused(lambda: g.own.upload_file(f"up-{g.way}/a.txt", path)) == ("AlreadyExists", "already_exists")
    assert refused(lambda: g.own.upload_file("../a.txt", path)) == ("InvalidPath", "invalid_path")
    assert refused(lambda: g.own.upload_files(["a"], [])) == ("InvalidInput", "invalid_input")
    g.own.upload_folder(f"tree-{g.way}", g.folder)
    assert f"tree-{g.way}/upload.txt" in g.own.get_file_names()

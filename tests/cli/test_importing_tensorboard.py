"""``mlws import tensorboard``: event files become runs, however often they are imported."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from jupyter_mlws.runfolder import tfevents
from jupyter_mlws.sdk.workspace import Workspace

BEGUN = 1_700_000_000.0


def write(path: str, steps: range, tag: str = "loss", begun: float = BEGUN) -> None:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        if steps.start == 0:
            out.write(tfevents.beginning(begun))
        for step in steps:
            out.write(tfevents.event(begun + step, step, [(tag, step / 2)]))


def values(number: int, name: str) -> list[float]:
    return list(Workspace().run(number).metric(name).columns["value"])


@pytest.fixture(autouse=True)
def workspace(mlws):
    mlws("init")


def test_each_folder_is_a_run_with_its_metrics_times_and_files(mlws):
    write("fits/second/tfevents.2", range(3), begun=BEGUN + 9)
    write("fits/first/train/tfevents.1", range(4))
    write("fits/first/validation/tfevents.1", range(2), "acc")
    Path("fits/notes.txt").write_text("none of ours")
    first, second = mlws.json("import", "tensorboard", "fits")
    assert (first["display_name"], second["display_name"]) == ("first", "second")
    assert (first["experiment"], first["status"]) == ("fits", "Completed")
    assert datetime.fromisoformat(first["started_at"]) == datetime.fromtimestamp(BEGUN, timezone.utc)
    run = Workspace().run(first["number"])
    assert run.get_metrics() == {"train/loss": [0.0, 0.5, 1.0, 1.5], "validation/acc": [0.0, 0.5]}
    assert list(run.metric("train/loss").columns["time"]) == [BEGUN + i for i in range(4)]
    assert "outputs/train/tfevents.1" in run.get_file_names()


def test_imported_again_it_brings_what_was_added_and_nothing_twice(mlws):
    write("fit/tfevents.1", range(3))
    (record,) = mlws.json("import", "tensorboard", "fit", "--experiment", "old")
    assert record["experiment"] == "old"
    write("fit/tfevents.1", range(3, 5))
    write("fit/tfevents.2", range(5, 6))
    for _ in range(2):
        (again,) = mlws.json("import", "tensorboard", "fit")
        assert again["number"] == record["number"]
        assert values(record["number"], "loss") == [i / 2 for i in range(6)]


def test_what_was_written_for_tensorboard_comes_back(mlws):
    write("fit/tfevents.1", range(3))
    (record,) = mlws.json("import", "tensorboard", "fit")
    mlws("tensorboard", record["number"], "--to", "back")
    (found,) = mlws.json("import", "tensorboard", "back", "-e", "back")
    assert found["number"] != record["number"]
    assert values(found["number"], "loss") == values(record["number"], "loss")


def test_folders_of_one_run_are_one_where_that_is_said(mlws):
    write("keras/train/tfevents.1", range(2))
    write("keras/validation/tfevents.1", range(2))
    (record,) = mlws.json("import", "tensorboard", "keras", "--as-one")
    assert values(record["number"], "validation/loss") == values(record["number"], "train/loss") == [0.0, 0.5]


def test_damaged_files_and_links_do_no_harm(mlws, tmp_path):
    write("fit/a/tfevents.1", range(2))
    with open("fit/a/tfevents.1", "ab") as file:
        file.write(b"\xff" * 100)
    Path("fit/b").mkdir()
    Path("fit/b/tfevents.1").write_bytes(b"none")
    Path("fit/b/tfevents.link").symlink_to(tmp_path / "project" / "fit" / "a" / "tfevents.1")
    records = {record["display_name"]: record for record in mlws.json("import", "tensorboard", "fit")}
    assert values(records["a"]["number"], "loss") == [0.0, 0.5]
    assert "damaged or not whole at byte" in records["a"]["warnings"][0]
    assert Workspace().run(records["b"]["number"]).get_metrics() == {}


def test_what_is_no_folder_of_event_files_is_answered_in_a_sentence(mlws):
    Path("empty").mkdir()
    assert "There is no event file below 'empty'" in mlws("import", "tensorboard", "empty", fails=True)
    assert "There is no folder 'gone'" in mlws("import", "tensorboard", "gone", fails=True)
    assert "are for event files" in mlws("import", "--as-one", fails=True)
    write("fit/tfevents.1", range(1))
    assert "experiment" in mlws("import", "tensorboard", "fit", "-e", "../x", fails=True)

"""``mlws tensorboard``: what it writes is what TensorBoard's own reader finds."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from jupyter_mlws.runfolder import tfevents
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.workspace import Workspace

STEPS = 50


@pytest.fixture
def number(mlws, tmp_path: Path) -> int:
    mlws("init")
    with Experiment(Workspace(), "digits").start_logging() as run:
        for step in range(STEPS):
            run.log("loss", 1 / (1 + step), step=step * 10)
        run.log("train/acc", math.nan)
        run.log("system/cpu_percent", 5.0)
    run.wait_for_completion()
    return int(run.number)


def events(path: Path) -> dict[str, list[tuple[int, float]]]:
    """The numbers of an event file, read record by record."""
    data, at = path.read_bytes(), 0
    found: dict[str, list[tuple[int, float]]] = {}
    while at < len(data):
        begin = at + tfevents.HEAD_BYTES
        length = tfevents.length_of(data[at:begin])
        assert length is not None
        at = begin + length + tfevents.TAIL_BYTES
        tail = data[begin + length : at]
        assert tfevents.checksum(data[begin : begin + length]) == int.from_bytes(tail, "little")
        scalars = tfevents.scalars_of(data[begin : begin + length])
        for tag, value in scalars.values if scalars else ():
            found.setdefault(tag, []).append((scalars.step, value))
    return found


def test_a_run_is_written_once_however_often(mlws, number, tmp_path):
    said = mlws("tensorboard", number, number, "--to", "logs of tb")
    assert "Show them with: tensorboard --logdir 'logs of tb'" in said
    mlws("tensorboard", f"#{number}", "--to", "logs of tb")
    (file,) = (path for path in Path("logs of tb").rglob("*") if path.is_file())
    assert file.parent.name == f"digits-{number}"
    found = events(file)
    assert [step for step, _ in found["loss"]] == [10 * i for i in range(STEPS)]
    assert [value for _, value in found["loss"]] == pytest.approx([1 / (1 + i) for i in range(STEPS)])
    assert math.isnan(found["train/acc"][0][1])
    assert set(found) == {"loss", "train/acc"}
    (told,) = mlws.json("tensorboard", number, "--to", "logs of tb", "--system")
    assert (told["run"], told["series"]) == (number, 3)
    assert "system/cpu_percent" in events(file)


def test_what_cannot_be_written_is_answered_in_a_sentence(mlws, number):
    assert "There is no run" in mlws("tensorboard", 99, fails=True)
    Path("in-the-way").write_text("")
    assert "in-the-way is no folder" in mlws("tensorboard", number, "--to", "in-the-way", fails=True)
    with Experiment(Workspace(), "digits").start_logging() as empty:
        pass
    assert "no metric that TensorBoard could show" in mlws("tensorboard", empty.number, fails=True)
    assert not Path("tensorboard").exists()


def test_the_reader_of_tensorboard_finds_the_same(mlws, number):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs TensorBoard: pip install tensorboard"
    )
    mlws("tensorboard", number)
    (folder,) = Path("tensorboard").iterdir()
    read = accumulator.EventAccumulator(str(folder), size_guidance={accumulator.SCALARS: 0}).Reload()
    assert read.Tags()["scalars"] == ["loss", "train/acc"]
    assert [(event.step, event.value) for event in read.Scalars("loss")] == [
        (10 * i, pytest.approx(1 / (1 + i))) for i in range(STEPS)
    ]


def test_pictures_histograms_texts_and_sounds_are_found_by_the_reader_of_tensorboard(mlws):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs TensorBoard: pip install tensorboard"
    )
    mlws("init")
    with Experiment(Workspace(), "rich").start_logging() as run:
        run.log_image("picture", plot=[[0, 255, 3], [128, 3, 9]], step=4)
        run.log_histogram("weights", counts=[2, 0, 5], edges=[-1, 0, 1, 4], step=5)
        run.log_text("sample", "once upon a time", step=6)
        run.log_audio("tone", [0.0, 0.5, -0.5, 0.25], sample_rate=8_000)
        run.log_list("neither", [1])
    run.wait_for_completion()
    assert "0 metrics and 4 values" in mlws("tensorboard", run.number)
    (folder,) = Path("tensorboard").iterdir()
    read = accumulator.EventAccumulator(str(folder)).Reload()
    (picture,) = read.Images("picture")
    assert (picture.step, picture.width, picture.height) == (4, 3, 2)
    assert picture.encoded_image_string == run.get_metrics("picture", populate=True)["picture"]
    (weights,) = read.Histograms("weights")
    shown = weights.histogram_value
    assert (weights.step, shown.min, shown.max, shown.num, shown.sum) == (5, -1, 4, 7, 11.5)
    assert (list(shown.bucket_limit), list(shown.bucket)) == ([-1, 0, 1, 4], [0, 2, 0, 5])
    (sample,) = read.Tensors("sample")
    assert (sample.step, list(sample.tensor_proto.string_val)) == (6, [b"once upon a time"])
    (tone,) = read.Audio("tone")
    assert (tone.sample_rate, tone.length_frames, tone.content_type) == (8_000, 4, "audio/wav")
    # and what was written comes back as it was
    mlws("import", "tensorboard", "tensorboard", "--experiment", "again")
    (again,) = Experiment(Workspace(), "again").get_runs()
    assert again.get_metrics("sample") == {"sample": "once upon a time"}
    assert again.get_metrics("weights")["weights"] == {"edges": [-1, 0, 1, 4], "counts": [2, 0, 5]}
    assert again.get_metrics(populate=True)["picture"] == run.get_metrics("picture", populate=True)["picture"]
    (sound,) = again.values("tone")
    assert sound.facts["duration_s"] == 0.0005

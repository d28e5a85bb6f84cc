"""Pictures, histograms, texts and sounds of event files, as their writers leave them: each once, as a value."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from event_runs import EventRun
from pretended import Clock, World

from jupyter_mlws.dispatcher import event_values
from jupyter_mlws.dispatcher.ingesting import store_together
from jupyter_mlws.errors import StorageFull
from jupyter_mlws.runfolder import tfevents, tfvalues
from jupyter_mlws.runfolder.protobuf import field
from jupyter_mlws.sdk.pictures import picture_of
from jupyter_mlws.sdk.sounds import sound_of

FILE = "outputs/events.out.tfevents.1.host"
PICTURE = picture_of("It", plot=[[0, 255], [128, 3]]).data
OTHER = picture_of("It", plot=[[1]]).data
SOUND = sound_of("It", [0.0, 0.5], 8_000).data


class Place(EventRun):
    """A run whose values are asked for."""

    def write(self, *parts: bytes, path: str = FILE, step: int = 3) -> None:
        for part in parts:
            self.append(path, tfevents.record(tfevents.summary_event(1_790_000_000.0, step, [part])))

    def values(self) -> dict[str, list[Any]]:
        metrics = self.world.api.metrics
        found = {}
        for metric in metrics.typed(self.run_id).items:
            page = metrics.values(self.run_id, metric.name).items
            found[metric.name] = [(value.type, value.step, value.value) for value in page]
        return found

    def uploads(self) -> dict[str, bytes]:
        root = self.folder.uploads
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    world = World(tmp_path, Clock())
    yield Place(world)
    world.close()


def test_each_is_a_value_and_pictures_and_sounds_are_files(place):
    place.write(
        tfvalues.image_part("picture", PICTURE, 2, 2),
        tfvalues.audio_part("tone", SOUND, "audio/wav", 8_000, 1, 2),
        tfvalues.text_part("sample", "once"),
        tfvalues.histogram_part("weights", [0.0, 1.0, 2.0], [2.0, 5.0]),
        path="outputs/fit/events.out.tfevents.1",
    )
    place.take()
    found = place.values()
    ((kind, step, picture),) = found["fit/picture"]
    assert (kind, step) == ("image", 3)
    assert (picture["media_type"], picture["width"], picture["height"]) == ("image/png", 2, 2)
    ((_, _, tone),) = found["fit/tone"]
    assert (tone["sample_rate"], tone["channels"]) == (8_000, 1)
    assert place.uploads() == {picture["file"]: PICTURE, tone["file"]: SOUND}
    assert found["fit/sample"] == [("text", 3, {"text": "once"})]
    assert found["fit/weights"] == [("histogram", 3, {"edges": [0.0, 1.0, 2.0], "counts": [2, 5]})]
    assert place.ingest.warnings() == []


def test_what_the_writers_of_tensorflow_leave_is_read_alike(place):
    pytest.importorskip("tensorboard", reason="needs TensorBoard: pip install tensorboard")
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.util.tensor_util import make_tensor_proto

    def tensor(tag: str, plugin: str, value: Any, kind: Any = None) -> bytes:
        metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin))
        proto = make_tensor_proto(value, dtype=kind)
        found: bytes = Summary.Value(tag=tag, tensor=proto, metadata=metadata).SerializeToString()
        return found

    import numpy as np

    place.write(
        tensor("pictures", "images", np.array([b"2", b"2", PICTURE, OTHER], dtype=object)),
        tensor("weights", "histograms", np.array([[0.0, 1.0, 2.0], [1.0, 2.0, 0.0], [2.0, 4.0, 5.0]])),
        tensor("sample/text_summary", "text", np.array([b"one", b"two"], dtype=object)),
        tensor("tones", "audio", np.array([[SOUND, b"label"]], dtype=object)),
        tensor("curve", "pr_curves", np.zeros((6, 3), "float32")),
        tensor("loss", "scalars", np.float32(0.5)),
    )
    place.take()
    found = place.values()
    assert [value["width"] for _, _, value in found["pictures"]] == [2, 1]
    assert found["weights"] == [("histogram", 3, {"edges": [0, 1, 2, 4], "counts": [2, 0, 5]})]
    assert found["sample"] == [("text", 3, {"text": "one\ntwo"})]
    assert len(found["tones"]) == 1
    assert "curve" not in found
    assert [metric.name for metric in place.world.api.metrics.list(place.run_id).items] == ["loss"]
    assert place.ingest.warnings() == []


def test_a_picture_costs_no_list_of_those_that_are_there(place, monkeypatch):
    listed: list[str] = []
    listdir = os.listdir

    def noting(path: Any) -> list[str]:
        listed.append(os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", noting)
    place.write(*(tfvalues.image_part("picture", each, 2, 2) for each in (PICTURE, OTHER, PICTURE)))
    place.take()
    place.begin()  # and again by one that does not know them
    place.take()
    assert len(place.uploads()) == 2
    assert [path for path in listed if "uploads" in path] == []


def test_a_histogram_of_pytorch_begins_and_ends_with_its_values(place):
    def numbers(at: int, *values: float) -> bytes:
        data = struct.pack(f"<{len(values)}d", *values)
        return bytes((at << 3 | 2, len(data))) + data

    facts = b"".join(bytes((i << 3 | 1,)) + struct.pack("<d", fact) for i, fact in ((1, -2.0), (2, 3.0)))
    huge = 1.7976931348623157e308
    message = facts + numbers(6, -huge, -4.0, -1.0, 2.0, 5.0, huge) + numbers(7, 0, 0, 3, 1, 2, 0)
    place.write(b"\x0a\x01w\x2a" + bytes((len(message) & 127 | 128, len(message) >> 7)) + message)
    place.take()
    assert place.values()["w"] == [("histogram", 3, {"edges": [-2.0, -1.0, 2.0, 3.0], "counts": [3, 1, 2]})]


def test_what_is_not_stored_is_read_again_and_kept_once(place, monkeypatch):
    place.write(tfvalues.image_part("picture", PICTURE, 2, 2), tfvalues.text_part("sample", "once"))
    assert place.ingest.look(final=True)
    with monkeypatch.context() as broken:
        broken.setattr("jupyter_mlws.dispatcher.ingesting._put_points", lambda c, points: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store_together(place.context, [place.ingest])
    place.begin()
    place.take()
    place.begin()
    place.write(tfvalues.text_part("sample", "twice"))
    place.take()
    assert [value for _, _, value in place.values()["sample"]] == [{"text": "once"}, {"text": "twice"}]
    assert list(place.uploads().values()) == [PICTURE]


def test_what_cannot_be_shown_is_counted(place, monkeypatch, tmp_path):
    monkeypatch.setattr(event_values, "MAX_VALUE_FILES", 1)
    place.write(
        tfvalues.image_part("picture", b"no picture", 2, 2),
        tfvalues.image_part("picture", PICTURE, 2, 2),
        tfvalues.image_part("picture", PICTURE, 2, 2),
        tfvalues.image_part("picture", OTHER, 1, 1),
        tfvalues.text_part("x" * 300, "once"),
        tfvalues.text_part("long", "x" * 1_000_001),
    )
    os.symlink(tmp_path, place.folder.uploads / "linked")
    place.write(tfvalues.image_part("linked", PICTURE, 2, 2))
    place.take()
    assert [name for name, values in place.values().items() for _ in values] == ["picture", "picture"]
    assert list(place.uploads().values()) == [PICTURE]
    assert place.ingest.warnings()[0] == "4 records of event files are damaged or hold no metric and were left out."
    assert place.ingest.warnings()[1].startswith("1 pictures and the like of event files were left out:")


def test_a_full_disk_is_waited_for(place, monkeypatch):
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    place.write(tfvalues.image_part("picture", PICTURE, 2, 2))
    with monkeypatch.context() as patched:
        patched.setattr(event_values, "write_whole", full)
        with pytest.raises(StorageFull):
            place.take()
    place.take()
    assert len(place.values()["picture"]) == 1


def test_no_damaged_message_does_harm(place):
    import random

    chance = random.Random(1)
    parts = [
        tfvalues.image_part("picture", PICTURE, 2, 2),
        tfvalues.histogram_part("weights", [0.0, 1.0, 2.0], [2.0, 5.0]),
        tfvalues.text_part("sample", "once"),
    ]
    for _ in range(300):
        damaged = bytearray(chance.choice(parts))
        for _ in range(chance.randint(1, 5)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        place.write(bytes(damaged))
    place.take()
    assert all(len(name) <= 255 for name in place.values())


def test_a_sound_whose_parts_are_longer_than_it_is_a_sound_or_counted(place):
    name = SOUND.index(b"fmt ")
    place.write(
        tfvalues.audio_part("beep", SOUND[: name + 4] + b"\x00\x00\x00\x40" + SOUND[name + 8 :], "", 8_000, 1, 2)
    )
    place.write(tfvalues.text_part("sample", "once"))
    place.take()
    assert "sample" in place.values()


@pytest.mark.parametrize(
    "part",
    [
        field(1, b"many") + field(8, field(7, b"\1" * 4_000_000)),
        field(1, b"wide") + field(5, b"\x08\x01" * 2_500_000),
        field(1, b"long") + field(5, field(6, bytes(16_000_000)) + field(7, bytes(16_000_000))),
        (field(1, b"") + field(1, b"")) * 10 + field(1, b"x") * 3_000_000,
    ],
    ids=("integers", "fields", "bins", "names"),
)
def test_no_record_holds_up_who_follows_the_runs(part):
    record = tfevents.summary_event(1.0, 1, [part])
    began = time.thread_time()
    with suppress(ValueError):
        for said in getattr(tfevents.event_of(record), "values", ()):
            tfvalues.values_in(said)
    assert time.thread_time() - began < 1.5


def test_an_event_of_more_values_than_a_run_keeps_is_damaged():
    one = field(1, b"a") + b"\x15" + bytes(4)
    assert len(tfevents.event_of(tfevents.summary_event(1.0, 1, [one] * 10_000)).values) == 10_000
    with pytest.raises(ValueError, match="too many"):
        tfevents.event_of(tfevents.summary_event(1.0, 1, [one] * 10_001))

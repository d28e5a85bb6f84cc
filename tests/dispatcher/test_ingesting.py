"""Points and values on their way into the record: each once, whatever a script writes and whoever dies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pretended import Clock, World

from jupyter_mlws.dispatcher import ingesting
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.ingesting import Ingest, store_together
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.values import MAX_LINE_BYTES, ValuesWriter
from jupyter_mlws.store.streams import offsets

LINE = {"name": "t", "type": "table", "at": 1767225600.0, "value": {"x": [1]}}


class Place:
    """A run whose folder a test fills, and whoever takes in what is there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.run_id = world.api.runs.submit(RunSubmission(experiment="e", command=("true",))).id
        self.context: Context = world.begin().context
        self.folder = RunFolder(self.context.run_folder(self.run_id)).create()
        self.ingest = self.begin()

    def begin(self) -> Ingest:
        """Another dispatcher takes the run up."""
        self.ingest = Ingest(self.context, self.folder, self.run_id)
        return self.ingest

    def take(self) -> None:
        while self.ingest.look():
            store_together(self.context, [self.ingest])

    def write(self, data: bytes, stream: str = "a") -> None:
        with open(self.folder.values / f"{stream}.jsonl", "ab") as file:
            file.write(data)

    def values(self, name: str) -> list[object]:
        return [value.value for value in self.world.api.metrics.values(self.run_id, name).items]

    def names(self) -> list[str]:
        return [metric.name for metric in self.world.api.metrics.typed(self.run_id).items]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    world = World(tmp_path, Clock())
    yield Place(world)
    world.close()


def line(**changes: object) -> bytes:
    return json.dumps({**LINE, **changes}).encode() + b"\n"


def test_values_are_taken_in_once_by_one_dispatcher_after_the_other(place):
    writer = ValuesWriter(place.folder)
    for i in range(3):
        writer.append("rows", "row", {"i": i})
        place.take()
        place.begin()
        place.take()
    assert place.values("rows") == [{"i": 0}, {"i": 1}, {"i": 2}]
    with place.world.store.read() as c:
        ((stream, end),) = offsets(c, place.run_id).items()
    assert stream.startswith("values/")
    assert end == sum(path.stat().st_size for path in place.folder.values.iterdir())


def test_a_line_that_is_not_whole_yet_is_taken_in_when_it_is(place):
    place.write(line() + line()[:20])
    place.take()
    assert len(place.values("t")) == 1
    place.write(line()[20:])
    place.take()
    assert len(place.values("t")) == 2
    assert place.ingest.warnings() == []


def test_lines_that_nobody_of_ours_wrote_are_left_out_and_counted(place):
    bad = [b"\xff\xfe\n", b"{}\n", b"[" * 100_000 + b"\n", line(value=json.loads("[" * 90 + "]" * 90)), line(name="")]
    bad += [line(step="one"), line(at="soon"), line(type="../../x"), line(name="a\0b"), b"\n"]
    place.write(b"".join(bad) + line())
    place.take()
    assert place.values("t") == [{"x": [1]}]
    assert place.ingest.warnings() == [
        f"{len(bad)} lines among the logged values could not be understood and were left out."
    ]


def test_a_line_without_an_end_is_given_up_and_other_streams_are_read(place):
    with open(place.folder.values / "a.jsonl", "wb") as file:
        file.truncate(50 * MAX_LINE_BYTES)
    place.write(line(), stream="b")
    place.take()
    assert len(place.values("t")) == 1
    assert not place.ingest.look()


def test_a_million_names_are_cut_with_a_warning(place, monkeypatch):
    monkeypatch.setattr(ingesting, "MAX_TYPED_NAMES", 5)
    place.write(b"".join(line(name=f"n{i}") for i in range(9)))
    place.take()
    place.begin()
    place.write(line(name="n1") + line(name="later"))
    place.take()
    assert place.names() == [f"n{i}" for i in range(5)]
    assert len(place.values("n1")) == 2
    assert place.ingest.warnings() == [
        "1 values were left out: a run keeps at most 5 names of tables, images and the like."
    ]


def test_P11_values_behind_a_link_are_not_read(place, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.jsonl").write_bytes(line())
    (place.folder.values / "b.jsonl").symlink_to(elsewhere / "a.jsonl")
    place.take()
    (place.folder.values / "b.jsonl").unlink()
    place.folder.values.rmdir()
    place.folder.values.symlink_to(elsewhere)
    place.begin()
    place.take()
    assert place.names() == []


def test_a_name_has_one_type_numbers_included(place):
    JournalWriter(place.folder).log("loss", 1.0)
    place.take()
    place.write(line(name="loss") + line() + line(type="row"))
    place.take()
    assert place.names() == ["t"]
    assert len(place.values("t")) == 1
    assert len(place.world.api.runs.get(place.run_id).warnings) == 2


def test_points_of_very_many_names_are_stored_bit_by_bit_so_that_others_can_write(place, monkeypatch):
    monkeypatch.setattr(ingesting, "_MANY_SERIES", 20)
    monkeypatch.setattr(ingesting, "_POINTS_OF_MANY_SERIES", 50)
    writer = JournalWriter(place.folder.path, segment_bytes=1024)
    for i in range(1000):
        writer.log(f"k{i}", float(i))
    sizes = []
    while place.ingest.look():
        sizes.append(sum(len(points) for _, points in place.ingest.points))
        store_together(place.context, [place.ingest])
    assert sum(sizes) == 1000
    assert max(sizes) == 50
    names = place.world.api.metrics.list(place.run_id, limit=1000).items
    assert len(names) == 1000


def test_a_process_of_too_many_names_is_known_as_such(place, monkeypatch):
    monkeypatch.setattr(ingesting, "MOST_NAMES", 3)
    writer = JournalWriter(place.folder.path)
    for i in range(3):
        place.take()
        assert not place.ingest.is_full_of_names
        writer.log(f"k{i}", 1.0)
    place.take()
    assert place.ingest.is_full_of_names


def test_values_of_too_many_files_are_counted_apart_from_those_that_found_no_room(place, capfd):
    one, other = ValuesWriter(place.folder.path), ValuesWriter(place.folder.path)
    for _ in range(3):
        one.drop("'picture' has 10,000 files, and no more are kept.", surplus=True)
    other.drop("'sound' has 10,000 files, and no more are kept.", surplus=True)
    assert (place.ingest.surplus(), place.ingest.dropped()) == (4, 0)
    assert place.ingest.warnings() == [
        "4 pictures, sounds or tables were left out: a metric keeps at most 10,000 files."
    ]
    assert capfd.readouterr().err.count("the script goes on") == 2

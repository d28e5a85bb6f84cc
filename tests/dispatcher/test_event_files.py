"""Event files of TensorBoard that a script writes: each number once, whatever becomes of file and reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from event_runs import EventRun
from pretended import Clock, World

from jupyter_mlws.dispatcher import event_files, event_records
from jupyter_mlws.dispatcher.ingesting import store_together
from jupyter_mlws.runfolder import tfevents
from jupyter_mlws.sdk.workspace import Workspace


class Place(EventRun):
    """A run whose numbers are asked for."""

    def series(self) -> dict[str, list[tuple[int, float]]]:
        from jupyter_mlws.api.series import decode_series

        found = {}
        for metric in self.world.api.metrics.list(self.run_id).items:
            columns = decode_series(self.world.api.metrics.read(self.run_id, metric.name).read()).columns
            found[metric.name] = list(zip(map(int, columns["step"]), columns["value"], strict=True))
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    world = World(tmp_path, Clock())
    yield Place(world)
    world.close()


def loss(step: int, tag: str = "loss") -> bytes:
    return tfevents.event(1_790_000_000.0 + step, step, [(tag, step / 2)])


FILE = "outputs/events.out.tfevents.1.host"


def test_numbers_are_metrics_under_folder_and_tag(place):
    place.append(FILE, tfevents.beginning(1.0) + loss(1) + loss(2))
    place.append("outputs/fit/train/events.out.tfevents.2.host", loss(7, "epoch_loss"))
    place.append("logs/events.out.tfevents.3.host", loss(9, "lr"))
    place.append("outputs/notes.txt", b"no event file")
    place.take()
    assert place.series() == {"fit/train/epoch_loss": [(7, 3.5)], "loss": [(1, 0.5), (2, 1.0)], "lr": [(9, 4.5)]}
    assert place.ingest.warnings() == []


def test_each_is_read_once_by_one_dispatcher_after_the_other_at_every_length_of_the_file(place):
    whole = b"".join(map(loss, range(4)))
    for i in range(0, len(whole), 7):
        place.append(FILE, whole[i : i + 7])
        place.take()
        place.begin()
    place.take()
    assert place.series() == {"loss": [(i, i / 2) for i in range(4)]}


def test_what_is_not_stored_is_read_again(place, monkeypatch):
    place.append(FILE, loss(1) + loss(2))
    assert place.ingest.look(final=True)
    with monkeypatch.context() as broken:
        broken.setattr("jupyter_mlws.dispatcher.ingesting._put_points", lambda c, points: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store_together(place.context, [place.ingest])
    place.take(final=False)
    place.take()
    assert place.series() == {"loss": [(1, 0.5), (2, 1.0)]}


def test_rotated_files_and_several_writers_share_a_series(place):
    for i in range(3):
        place.append(f"outputs/events.out.tfevents.{i}.host", loss(2 * i) + loss(2 * i + 1))
    place.take()
    assert place.series() == {"loss": [(i, i / 2) for i in range(6)]}


def test_a_damaged_record_is_passed_over_and_after_a_damaged_length_nothing_is_read(place):
    bad = bytearray(loss(2))
    bad[20] ^= 1
    place.append(FILE, loss(1) + bytes(bad) + loss(3))
    lost = bytearray(loss(5))
    lost[0] ^= 1
    place.append("outputs/b/tfevents", loss(4) + bytes(lost) + loss(6))
    place.take()
    assert place.series() == {"b/loss": [(4, 2.0)], "loss": [(1, 0.5), (3, 1.5)]}
    assert place.ingest.warnings() == [
        f"outputs/b/tfevents is damaged or not whole at byte {len(loss(4))}: what follows is not read as metrics.",
        "1 records of event files are damaged or hold no metric and were left out.",
    ]


def test_a_file_that_becomes_shorter_is_left_alone(place):
    place.append(FILE, loss(1) + loss(2))
    place.take()
    os.truncate(place.folder.path / FILE, 10)
    place.take()
    assert place.series() == {"loss": [(1, 0.5), (2, 1.0)]}
    assert place.ingest.warnings() == [f"{FILE} became shorter, so that nothing more of it is read as metrics."]


def test_hostile_tags_lengths_and_links_do_no_harm(place, tmp_path, monkeypatch):
    monkeypatch.setattr(event_files, "MAX_NAMES", 3)
    elsewhere = tmp_path / "secret.tfevents"
    elsewhere.write_bytes(loss(1, "secret"))
    (place.folder.outputs / "a.tfevents").symlink_to(elsewhere)
    os.mkfifo(place.folder.outputs / "b.tfevents")
    place.append(
        "outputs/c.tfevents", b"".join(loss(1, tag) for tag in ("a\0b", "x" * 300, "../../up", "ok", "é", "four"))
    )
    huge = (1 << 62).to_bytes(8, "little")
    place.append("outputs/d.tfevents", huge + tfevents.checksum(huge).to_bytes(4, "little") + b"x" * 100)
    place.append("outputs/e.tfevents", tfevents.record(b"\xff" * 40) + tfevents.record(b"\x09" + b"\xff" * 8 + loss(1)))
    place.take()
    assert len(place.series()) == 3
    assert "secret" not in place.series()
    assert len(place.ingest.warnings()) == 3


def test_a_large_record_is_passed_over(place, monkeypatch):
    monkeypatch.setattr(event_records, "LARGEST", 1000)
    place.append(FILE, loss(1) + tfevents.record(b"x" * 2000) + loss(2))
    place.take()
    assert place.series() == {"loss": [(1, 0.5), (2, 1.0)]}
    assert place.ingest.warnings() == ["1 records of event files are above 0 MiB and were left out."]


def test_more_points_than_one_look_takes(place, monkeypatch):
    monkeypatch.setattr(event_files, "_POINTS_AT_ONCE", 3)
    place.append(FILE, b"".join(map(loss, range(10))))
    place.take()
    assert place.series() == {"loss": [(i, i / 2) for i in range(10)]}


def test_a_real_run_shows_them_while_it_goes_on(bench):
    script = (
        "import os, time\n"
        f"os.write(os.open('outputs/tfevents', os.O_CREAT | os.O_WRONLY), {loss(3)!r})\n"
        "while not os.path.exists('outputs/stop'): time.sleep(0.02)\n"
        f"open('outputs/tfevents', 'ab').write({loss(4)!r})\n"
    )
    run = bench.submit(script)
    bench.wait(lambda: bench.api.metrics.list(run.id).items)
    (bench.run_folder(run) / "outputs" / "stop").write_text("")
    record = bench.ended(run)
    assert record.warnings == ()
    found = Workspace(bench.folder).run(run.id).metric("loss")
    assert list(zip(found.columns["step"], found.columns["value"], strict=True)) == [(3, 1.5), (4, 2.0)]
    assert "outputs/tfevents" in bench.files(run)


@pytest.mark.parametrize("damage", [b"", b"!"])
def test_a_look_ends_soon_however_much_there_is_that_holds_no_metric(place, monkeypatch, damage):
    monkeypatch.setattr(event_files, "_LONGEST_S", 0.0)
    picture = tfevents.record(bytes(2) + b"\x1a\x81\x08" + bytes(1025))
    whole = picture if not damage else picture[:-1] + damage
    place.append(FILE, whole * 20 + loss(1))
    looks = 0
    while place.ingest.look(final=True):
        store_together(place.context, [place.ingest])
        looks += 1
    assert looks >= 20
    assert place.series() == {"loss": [(1, 0.5)]}

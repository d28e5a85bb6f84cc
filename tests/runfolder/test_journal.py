"""Points come back as they were logged, while they are written and afterwards."""

from __future__ import annotations

import gc
import math
import os
import struct
import tempfile
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlws.domain.names import check_metric_name
from jupyter_mlws.errors import InvalidInput, TooLarge
from jupyter_mlws.runfolder import journal_stream, journal_writer
from jupyter_mlws.runfolder.journal import JournalReader, JournalWriter
from jupyter_mlws.runfolder.journal_segment import can_map

MODES = pytest.mark.parametrize("mapped", [True, False], ids=["mapped", "written"])


def same(one: float, other: float) -> bool:
    return struct.pack("d", one) == struct.pack("d", other) or (math.isnan(one) and math.isnan(other))


@MODES
def test_points_come_back_in_order_with_names_steps_and_times(tmp_path, follower, mapped):
    before = time.time()
    writer = JournalWriter(tmp_path, mapped=mapped)
    writer.log("loss", 0.5)
    writer.log("acc é\n", 0.25, step=7)
    writer.log("loss", 0.125, step=-3)
    points = follower(tmp_path).follow()
    assert [point[:3] for point in points] == [("loss", None, 0.5), ("acc é\n", 7, 0.25), ("loss", -3, 0.125)]
    assert before <= points[0].time <= points[1].time <= points[2].time <= time.time()


@MODES
def test_F17_nan_and_infinities_are_kept(tmp_path, follower, mapped):
    writer = JournalWriter(tmp_path, mapped=mapped)
    numbers = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308]
    for number in numbers:
        writer.log("x", number)
    back = [point.value for point in follower(tmp_path).follow()]
    assert all(same(a, b) for a, b in zip(numbers, back, strict=True))


@MODES
def test_points_go_on_over_many_segments(tmp_path, follower, mapped):
    writer = JournalWriter(tmp_path, mapped=mapped, segment_bytes=1024)
    follow = follower(tmp_path)
    seen = []
    for number in range(5000):
        writer.log("x", number, number)
        if number % 777 == 0:
            seen += follow.follow()
    seen += follow.follow()
    assert [point.step for point in seen] == list(range(5000))
    assert len(list((tmp_path / "journal").glob("*.00000*"))) > 4


@MODES
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whatever_is_logged_and_however_it_is_polled_comes_back_once(follower, mapped, data):
    operations = data.draw(
        st.lists(
            st.tuples(
                st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8),
                st.floats(),
                st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
                st.booleans(),
            ),
            max_size=80,
        )
    )
    limit = data.draw(st.integers(1, 30))
    with tempfile.TemporaryDirectory() as folder:
        writer = JournalWriter(folder, mapped=mapped, segment_bytes=400)
        follow = follower(folder)
        back = []
        for name, value, step, poll in operations:
            writer.log(name, value, step)
            if poll:
                back += follow.follow(limit=limit)
        back += follow.follow(limit=limit, final=data.draw(st.booleans()))
    names = [check_metric_name(name) for name, *_ in operations]
    assert [point.name for point in back] == names
    assert [point.step for point in back] == [step for _, _, step, _ in operations]
    assert all(same(point.value, value) for point, (_, value, _, _) in zip(back, operations, strict=True))


def test_a_reader_goes_on_from_the_offsets_of_another(tmp_path, follower):
    writer = JournalWriter(tmp_path, segment_bytes=1024)
    for number in range(100):
        writer.log("x", number)
    first = follower(tmp_path)
    assert len(first.follow()) == 100
    for number in range(100, 130):
        writer.log("y", number)
    second = follower(tmp_path)
    second.offsets = dict(first.offsets)
    assert [point.value for point in second.follow()] == list(range(100, 130))
    assert JournalReader(tmp_path).poll(second.offsets) == []


def test_consumed_segments_can_be_removed_and_reading_goes_on(tmp_path, follower):
    writer = JournalWriter(tmp_path, segment_bytes=1024)
    follow = follower(tmp_path)
    for number in range(3000):
        writer.log("x", number)
    assert len(follow.follow()) == 3000
    before = len(os.listdir(tmp_path / "journal"))
    follow.reader.remove_consumed(follow.offsets)
    assert 2 <= len(os.listdir(tmp_path / "journal")) < before
    writer.log("x", 3000)
    assert [point.value for point in follow.follow()] == [3000]
    fresh = follower(tmp_path)
    fresh.offsets = dict(follow.offsets)
    writer.log("x", 3001)
    assert [point.value for point in fresh.follow()] == [3001]


def test_eight_threads_lose_and_repeat_nothing(tmp_path, follower, monkeypatch):
    import sys

    monkeypatch.setattr(journal_writer, "_LARGEST_BYTES", 64 * 1024)
    writer = JournalWriter(tmp_path, segment_bytes=4096)
    each = 5000
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda k: [writer.log(f"t{k}", i, i) for i in range(each)], args=(k,))
            for k in range(8)
        ]
        for thread in threads:
            thread.start()
        follow = follower(tmp_path)
        points = []
        while any(thread.is_alive() for thread in threads):
            points += follow.follow()
        points += follow.follow()
    finally:
        sys.setswitchinterval(interval)
    for k in range(8):
        assert [point.step for point in points if point.name == f"t{k}"] == list(range(each))


def test_builds_without_the_gil_get_a_stream_for_each_thread(tmp_path, follower, monkeypatch):
    monkeypatch.setattr(journal_writer, "_FREE_THREADED", True)
    writer = JournalWriter(tmp_path)
    threads = [threading.Thread(target=writer.log, args=(f"t{k}", k)) for k in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    writer.log_many({"main": 3.0})
    follow = follower(tmp_path)
    assert sorted(point.value for point in follow.follow()) == [0, 1, 2, 3]
    assert len(follow.by_stream) == 4


def _open_below(folder) -> list[str]:
    paths = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return [path for path in map(os.readlink, filter(os.path.islink, paths)) if path.startswith(str(folder))]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks into /proc: Linux")
@pytest.mark.parametrize("threaded", [False, True])
@MODES
def test_a_writer_that_was_closed_has_no_file_open_and_loses_nothing(tmp_path, follower, monkeypatch, mapped, threaded):
    monkeypatch.setattr(journal_writer, "_FREE_THREADED", threaded)
    writer = JournalWriter(tmp_path, mapped=mapped)
    writer.close()
    writer.log_many({f"n{i}": i for i in range(100)}, 1)
    writer.log("x", 1)
    assert _open_below(tmp_path)
    writer.close()
    assert _open_below(tmp_path) == []
    writer.log("x", 2)
    writer.log_many({f"n{i}": i for i in range(100)}, 2)
    writer.close()
    assert _open_below(tmp_path) == []
    points = follower(tmp_path).follow()
    assert sorted(point.value for point in points if point.name == "x") == [1, 2]
    assert {point.name: point.step for point in points if point.name != "x"} == {f"n{i}": 2 for i in range(100)}
    assert len(points) == 202


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="looks into /proc: Linux")
@MODES
def test_without_the_gil_a_thread_that_has_ended_leaves_no_file_open(tmp_path, follower, monkeypatch, mapped):
    monkeypatch.setattr(journal_writer, "_FREE_THREADED", True)
    writer = JournalWriter(tmp_path, mapped=mapped)
    for k in range(5):
        thread = threading.Thread(target=writer.log, args=("loss", k))
        thread.start()
        thread.join()
    gc.collect()
    assert _open_below(tmp_path) == []
    assert sorted(point.value for point in follower(tmp_path).follow()) == [0, 1, 2, 3, 4]


def test_nothing_is_opened_before_the_first_point(tmp_path):
    JournalWriter(tmp_path)
    assert not (tmp_path / "journal").exists()
    assert JournalReader(tmp_path).poll({}) == []
    assert JournalReader(tmp_path).dropped() == 0


def test_many_names_have_one_key_each(tmp_path, follower):
    writer = JournalWriter(tmp_path)
    for turn in range(2):
        for k in range(3000):
            writer.log(f"metric {k}", turn)
    points = follower(tmp_path).follow()
    assert [point.name for point in points] == [f"metric {k}" for k in range(3000)] * 2


def test_F20_two_spellings_of_one_name_are_one_metric(tmp_path, follower):
    writer = JournalWriter(tmp_path)
    writer.log("caf\u00e9", 1)
    writer.log("cafe\u0301", 2)
    assert {point.name for point in follower(tmp_path).follow()} == {"caf\u00e9"}


@pytest.mark.parametrize("name", ["", "a\0b", "a\ud800", 5, None, ["x"], b"x"], ids=repr)
def test_a_name_that_no_metric_can_have_is_answered(tmp_path, follower, name):
    writer = JournalWriter(tmp_path)
    with pytest.raises(InvalidInput, match="metric's name"):
        writer.log(name, 1.0)
    writer.log("good", 1.0)
    assert [point.name for point in follower(tmp_path).follow()] == ["good"]


def test_a_name_that_is_too_long_is_answered(tmp_path):
    with pytest.raises(TooLarge, match="300 characters"):
        JournalWriter(tmp_path).log("x" * 300, 1.0)


def test_log_many_logs_all_or_nothing(tmp_path, follower):
    writer = JournalWriter(tmp_path)
    writer.log_many({"a": 1, "b": 2.5}, step=3)
    with pytest.raises(InvalidInput):
        writer.log_many({"c": 1, "d": "text"})
    with pytest.raises(InvalidInput):
        writer.log_many({"c": 1, "": 2})
    with pytest.raises(InvalidInput):
        writer.log_many({"c": 1}, step=1.5)
    assert [point[:3] for point in follower(tmp_path).follow()] == [("a", 3, 1.0), ("b", 3, 2.5)]


def test_a_signal_handler_may_log_in_the_middle_of_the_slow_way(tmp_path, follower, monkeypatch):
    writer = JournalWriter(tmp_path)
    plain = JournalWriter._open_segment

    def interrupted(self):
        self.log("from the handler", 2.0)
        plain(self)

    monkeypatch.setattr(JournalWriter, "_open_segment", interrupted)
    writer.log("x", 1.0)
    assert [point.value for point in follower(tmp_path).follow()] == [1.0, 2.0]


def test_a_reader_waits_at_an_empty_slot_and_passes_it_once_the_writer_is_dead(tmp_path, follower):
    writer = JournalWriter(tmp_path, mapped=True)
    writer.log("x", 0)
    writer._slots[0]()  # taken by a thread that never came to fill it
    for number in range(1, 6):
        writer.log("x", number)
    follow = follower(tmp_path)
    assert [point.value for point in follow.follow()] == [0]
    assert follow.follow() == []
    assert [point.value for point in follow.follow(final=True)] == [1, 2, 3, 4, 5]
    assert follow.follow(final=True) == []


def test_a_slot_that_stays_empty_while_the_writer_goes_on_is_passed_over(tmp_path, follower, monkeypatch):
    monkeypatch.setattr(journal_stream, "_HOLE_S", 0.0)
    monkeypatch.setattr(journal_stream, "_HOLE_POLLS", 5)
    writer = JournalWriter(tmp_path, mapped=True, segment_bytes=1024)
    writer.log("x", 0)
    writer._slots[0]()
    follow = follower(tmp_path)
    follow.follow()
    for _ in range(20):  # no progress: a stopped process is waited for
        assert follow.follow() == []
    seen = []
    for number in range(1, 200):
        writer.log("x", number)
        seen += follow.follow()
    assert [point.value for point in seen] == list(range(1, 200))


def test_where_stores_are_not_ordered_a_point_is_taken_at_the_second_look(tmp_path, follower, monkeypatch):
    monkeypatch.setattr(journal_stream, "_SETTLED_S", 0.0)
    writer = JournalWriter(tmp_path)
    follow = follower(tmp_path, ordered=False)
    writer.log("x", 1)
    assert follow.reader.poll({}) == []
    writer.log("x", 2)
    assert [list(points.value) for points in follow.reader.poll({})] == [[1.0]]
    assert [point.value for point in follow.follow()] == [1.0, 2.0]
    writer.log("x", 3)
    assert [point.value for point in follow.follow(final=True)] == [3.0]


@MODES
def test_a_torn_tail_is_left_for_later(tmp_path, follower, mapped):
    writer = JournalWriter(tmp_path, mapped=mapped)
    for number in range(10):
        writer.log("x", number)
    (segment,) = (tmp_path / "journal").glob("*.000000")
    whole = segment.read_bytes()
    torn = tmp_path / "torn" / "journal"
    torn.mkdir(parents=True)
    (keys,) = (tmp_path / "journal").glob("*.keys")
    (torn / keys.name).write_bytes(keys.read_bytes() + b'"half a na')
    (torn / segment.name).write_bytes(whole[: 64 + 5 * 40 + 17])
    follow = follower(torn.parent)
    assert [point.value for point in follow.follow()] == [0, 1, 2, 3, 4]
    (torn / segment.name).write_bytes(whole)
    assert [point.value for point in follow.follow()] == [5, 6, 7, 8, 9]


def test_a_journal_full_of_rubbish_stops_nobody(tmp_path, follower):
    """The folder belongs to the script; whatever it puts there must not harm who reads it."""
    folder = tmp_path / "journal"
    folder.mkdir()
    header = struct.Struct("<8sIIQQQdQQ")
    record = struct.Struct("<QQqdd")
    good = header.pack(b"MLWSJNL1", 1, 40, 0, 10, 0, 0.0, 1, 0)
    (folder / "a.keys").write_bytes(b"not json\n" + b'"\\u0000"\n' + b"[]\n" + b'"' + b"x" * 400 + b'"\n' + b"\xff\n")
    (folder / "a.000000").write_bytes(good + b"".join(record.pack(i + 1, i, i, 1.0, i) for i in range(10)))
    (folder / "b.keys").write_bytes(b"")
    (folder / "b.000000").write_bytes(os.urandom(500))
    (folder / "c.keys").mkdir()
    os.mkfifo(folder / "d.000000")
    (folder / "d.keys").write_bytes(b'"x"\n')
    (folder / "e.keys").symlink_to("/etc/passwd")
    (folder / "e.000000").symlink_to("/etc/passwd")
    (folder / "f.keys").write_bytes(b'"x"\n')
    (folder / "f.000000").write_bytes(header.pack(b"MLWSJNL1", 1, 40, 2**63, 2**31, 0, 0.0, 1, 0))
    (folder / ".keys").write_bytes(b"")
    points = follower(tmp_path).follow()
    assert len(points) == 5
    assert all(0 < len(point.name) <= 255 for point in points)
    assert follower(tmp_path).reader.dropped() == 0
    follower(tmp_path).follow(final=True)


def test_an_idle_poll_is_cheap(tmp_path):
    writers = [JournalWriter(tmp_path) for _ in range(4)]
    for writer in writers:
        writer.log("x", 1.0)
    reader = JournalReader(tmp_path)
    offsets = {points.stream: points.end for points in reader.poll({})}
    best = min(_seconds(lambda: reader.poll(offsets)) for _ in range(50))
    assert best < 0.002


def test_logging_costs_well_under_a_few_microseconds(tmp_path):
    """A coarse guard, for machines differ: about 0.45 µs on the one where it was written."""
    writer = JournalWriter(tmp_path)
    log = writer.log
    best = min(_seconds(lambda: [log("loss", 0.5) for _ in range(20_000)]) for _ in range(3))
    assert best / 20_000 < 5e-6


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_journals_are_mapped_on_local_file_systems_only(tmp_path, monkeypatch):
    from jupyter_mlws.runfolder import journal_segment

    for kind, safe in {
        "ext4": True,
        "tmpfs": True,
        "nfs4": False,
        "btrfs": False,
        "fuse.sshfs": False,
        "": False,
    }.items():
        monkeypatch.setattr(journal_segment, "_file_system", lambda folder, kind=kind: kind)
        assert can_map(str(tmp_path)) is safe
    monkeypatch.undo()
    monkeypatch.delattr(os, "posix_fallocate")
    assert not can_map(str(tmp_path))


@pytest.mark.parametrize("many", [10, 3000], ids=["few", "many"])
def test_records_are_taken_apart_the_same_with_numpy_and_without(monkeypatch, many):
    from jupyter_mlws.runfolder import journal_columns
    from jupyter_mlws.runfolder.journal_format import NO_STEP, RECORD, RECORD_BYTES

    rows = [(i + 1, i % 7, NO_STEP if i % 3 else i - 5, i / 8, math.nan if i % 5 == 0 else i / 3) for i in range(many)]
    data = b"".join(RECORD.pack(*row) for row in rows)
    gap = data[: 4 * RECORD_BYTES] + bytes(RECORD_BYTES) + data[5 * RECORD_BYTES :]

    def found():
        for names in (7, 5):
            yield [bytes(memoryview(column).tobytes()) for column in journal_columns.columns(data, names)]
        yield [journal_columns.count_in_order(part, 1) for part in (data, gap, data + b"half")]

    import numpy  # noqa: F401, ICN001 - from now on it is loaded

    quick = list(found())
    monkeypatch.setattr(journal_columns, "_MANY", many + 1)
    assert quick == list(found())
    assert quick[-1] == [many, 4, many]

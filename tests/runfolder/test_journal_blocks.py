"""Many metrics at once: packed as one piece, read as if each had been logged by itself."""

from __future__ import annotations

import math
import sys
import tempfile
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder import journal_writer
from jupyter_mlws.runfolder.journal import JournalWriter

MODES = pytest.mark.parametrize("mapped", [True, False], ids=["mapped", "written"])
ROW = {f"m{i}": float(i) for i in range(100)}


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@MODES
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_blocks_and_single_points_come_back_in_their_order(follower, mapped, data):
    rows = data.draw(
        st.lists(
            st.tuples(
                st.dictionaries(st.sampled_from("abcdefghijkl"), st.floats() | st.integers(-9, 9), min_size=1),
                st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
            ),
            max_size=12,
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        # Segments so small that blocks lie across their edges.
        writer = JournalWriter(folder, mapped=mapped, segment_bytes=400)
        expected = []
        for row, step in rows:
            for _ in range(3):
                writer.log_many(row, step)
                writer.log("single", 0.5)
                expected += [(name, step, float(value)) for name, value in row.items()] + [("single", None, 0.5)]
        back = follower(folder).follow(limit=data.draw(st.integers(1, 30)), final=data.draw(st.booleans()))
    assert [point[:2] for point in back] == [point[:2] for point in expected]
    assert all(same(point.value, value) for point, (_, _, value) in zip(back, expected, strict=True))


def test_all_points_of_a_block_have_one_time_and_anything_that_is_a_number(tmp_path, follower):
    import numpy as np

    writer = JournalWriter(tmp_path)
    for _ in range(2):
        writer.log_many({**ROW, "int": 3, "bool": True, "numpy": np.float32(0.5), "array": np.array([7])})
    points = follower(tmp_path).follow()[104:]
    assert len({point.time for point in points}) == 1
    assert [point.value for point in points[100:]] == [3.0, 1.0, 0.5, 7.0]


def test_a_block_with_something_that_is_no_number_leaves_nothing(tmp_path, follower):
    writer = JournalWriter(tmp_path)
    writer.log_many(ROW)
    with pytest.raises(InvalidInput, match="'m7'"):
        writer.log_many(ROW | {"m7": "text"})
    with pytest.raises(InvalidInput, match="step"):
        writer.log_many(ROW, step=2**63)
    assert len(follower(tmp_path).follow()) == 100


def test_very_many_choices_of_names_are_not_all_kept(tmp_path, follower):
    writer = JournalWriter(tmp_path)
    for i in range(200):
        writer.log_many({f"x{i}.{j}": float(j) for j in range(6)}, step=i)
    assert len(writer._blocks) <= journal_writer._MOST_BLOCKS
    assert len(follower(tmp_path).follow()) == 1200


def test_eight_threads_that_log_blocks_lose_and_repeat_nothing(tmp_path, follower, monkeypatch):
    monkeypatch.setattr(journal_writer, "_LARGEST_BYTES", 64 * 1024)
    writer = JournalWriter(tmp_path, segment_bytes=4096)
    each, width = 300, 20
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(thread: int) -> None:
        for step in range(each):
            writer.log_many({f"t{thread}.{j}": float(j) for j in range(width)}, step)

    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        follow, points = follower(tmp_path), []
        while any(thread.is_alive() for thread in threads):
            points += follow.follow()
        points += follow.follow()
    finally:
        sys.setswitchinterval(interval)
    assert len(points) == 8 * each * width
    for name in ("t0.0", "t7.19"):
        assert [point.step for point in points if point.name == name] == list(range(each))


def test_an_interrupt_in_the_middle_of_a_block_leaves_no_slot_empty(tmp_path, follower, monkeypatch):
    writer = JournalWriter(tmp_path)
    writer.log_many(ROW)
    whole = journal_writer._put_block
    calls = []

    def interrupted(slots, *rest):
        calls.append(len(slots))
        if len(calls) == 1:
            raise KeyboardInterrupt
        return whole(slots, *rest)

    monkeypatch.setattr(journal_writer, "_put_block", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.log_many(ROW, step=1)
    writer.log("after", 1.0)
    points = follower(tmp_path).follow()
    assert [point.step for point in points[100:200]] == [1] * 100
    assert points[200].name == "after"


def test_a_block_of_a_hundred_costs_a_fraction_of_a_hundred_calls(tmp_path):
    """A coarse guard: 18 µs on the machine where it was written, where a hundred calls take 44."""
    writer = JournalWriter(tmp_path)
    writer.log_many(ROW)

    def seconds() -> float:
        began = time.perf_counter()
        for _ in range(200):
            writer.log_many(ROW)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) / 200 < 150e-6


@pytest.mark.parametrize("at_once", [False, True], ids=["log", "log_many"])
def test_a_name_too_many_is_counted_and_said_and_others_go_on(tmp_path, follower, monkeypatch, capfd, at_once):
    monkeypatch.setattr(journal_writer, "MOST_NAMES", 8)
    writer = JournalWriter(tmp_path)
    names = [f"m{i}" for i in range(10)]
    for step in range(3):
        if at_once:
            writer.log_many(dict.fromkeys(names, 0.5), step)
        else:
            for name in names:
                writer.log(name, 0.5, step)
    follow = follower(tmp_path)
    assert len(follow.follow()) == 3 * 8
    assert writer.dropped == 3 * 2
    assert follow.reader.dropped() == 3 * 2
    assert "there are 8 names of metrics already" in capfd.readouterr().err

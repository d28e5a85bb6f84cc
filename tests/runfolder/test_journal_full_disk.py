"""A full disk costs points, never the training; how many is counted, and said once."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from small_disk import run_with_own_mounts

LIMITED = textwrap.dedent(
    """
    import resource, sys
    from jupyter_mlws.runfolder.journal import JournalWriter

    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    writer = JournalWriter(sys.argv[1], mapped=sys.argv[2] == "mapped", segment_bytes=2**20)
    for number in range(20_000):
        writer.log("x", number, number)
    print(writer.dropped)
    """
)


@pytest.mark.parametrize("mapped", ["mapped", "written"])
def test_F10_a_limit_on_file_sizes_drops_points_and_counts_them(tmp_path, follower, mapped):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path, mapped], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    dropped = int(done.stdout)
    assert 0 < dropped <= 20_000
    assert done.stderr.count("jupyter-mlws:") == 1
    assert "points are dropped" in done.stderr
    follow = follower(tmp_path)
    points = follow.follow(final=True)
    assert [point.step for point in points] == list(range(20_000 - dropped))
    assert follow.reader.dropped() == dropped


# In a small memory file system of its own: fill it, log into it, make room, log again.
FULL = textwrap.dedent(
    """
    import os, sys, time
    from jupyter_mlws.runfolder import journal_writer
    from jupyter_mlws.runfolder.journal import JournalReader, JournalWriter

    root, mapped = sys.argv[1], sys.argv[2] == "mapped"
    journal_writer._RETRY_S = 0.02
    writer = JournalWriter(root, mapped=mapped)
    for number in range(100_000):
        writer.log("x", number, number)
    first = writer.dropped
    assert first > 0
    writer.log("a new name, for which there is no room either", 1.0)
    os.unlink(os.path.join(root, "ballast"))
    time.sleep(2 * journal_writer._RETRY_S)
    for number in range(100_000, 101_000):
        writer.log("x", number, number)
    reader, offsets, steps = JournalReader(root), {}, []
    while found := reader.poll(offsets):
        for points in found:
            offsets[points.stream] = points.end
            steps += [step for key, step in zip(points.name_index, points.step) if points.names[key] == "x"]
    assert steps[-1000:] == list(range(100_000, 101_000)), steps[-3:]
    assert steps[:-1000] == list(range(len(steps) - 1000))
    assert len(steps) + writer.dropped >= 101_000
    assert reader.dropped() == writer.dropped
    print("kept", len(steps), "dropped", writer.dropped)
    """
)


@pytest.mark.parametrize("mapped", ["mapped", "written"])
def test_F09_a_full_disk_drops_points_until_there_is_room_again(tmp_path, mapped):
    (tmp_path / "script.py").write_text(FULL)
    disk = tmp_path / "disk"
    disk.mkdir()
    commands = f"""
        mount -t tmpfs -o size=2m none {disk} &&
        head -c 1m /dev/zero > {disk}/ballast &&
        exec {sys.executable} {tmp_path}/script.py {disk} {mapped}
    """
    done = run_with_own_mounts(commands)
    assert done.returncode == 0, done.stderr
    assert "points are dropped" in done.stderr
    assert "metrics are kept again" in done.stderr
    assert done.stderr.count("jupyter-mlws:") <= 4


def test_a_run_folder_that_is_gone_stops_no_script(tmp_path, capfd):
    from jupyter_mlws.runfolder.journal import JournalWriter

    (tmp_path / "file").write_text("")
    writer = JournalWriter(tmp_path / "file")
    writer.log("x", 1.0)
    writer.log("x", 2.0)
    assert writer.dropped == 2
    assert capfd.readouterr().err.count("jupyter-mlws: metrics cannot be kept") == 1


NO_ROOM_AT_ALL = textwrap.dedent(
    """
    import os, sys
    from jupyter_mlws.runfolder.journal import JournalWriter

    writer = JournalWriter(sys.argv[1])
    for number in range(3):
        writer.log("x", number)
    if sys.argv[2] == "room":
        os.unlink(os.path.join(sys.argv[1], "journal"))
    """
)


@pytest.mark.parametrize("at_the_end", ["room", "none"])
def test_points_of_a_script_that_ends_before_there_is_room_are_counted(tmp_path, follower, at_the_end):
    (tmp_path / "journal").write_text("in the way of the folder")
    done = subprocess.run(
        [sys.executable, "-c", NO_ROOM_AT_ALL, tmp_path, at_the_end],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ("3 points were dropped in all" in done.stderr) == (at_the_end == "none")
    assert follower(tmp_path).reader.dropped() == (3 if at_the_end == "room" else 0)

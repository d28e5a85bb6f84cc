"""A writer dies at any moment: no point whose `log` had returned is lost, none comes twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import textwrap
import time

import pytest

# Forks writers one after another. Each logs 0, 1, 2, ... from some threads and after each `log` says so in shared
# memory, which outlives it. It is killed after a random while.
KILLER = textwrap.dedent(
    """
    import json, mmap, os, random, signal, sys, threading, time
    from jupyter_mlws.runfolder import journal_writer
    from jupyter_mlws.runfolder.journal import JournalWriter

    root, kills, threads, mapped, seed = sys.argv[1:]
    kills, threads, mapped = int(kills), int(threads), mapped == "mapped"
    chance = random.Random(seed)
    journal_writer._LARGEST_BYTES = 256 * 1024
    shared = memoryview(mmap.mmap(-1, 8 * threads)).cast("Q")

    def write(writer, k):
        number = 0
        while True:
            writer.log(f"t{k}", number, number)
            number += 1
            shared[k] = number

    def live(folder):
        sys.setswitchinterval(1e-6)
        writer = JournalWriter(folder, mapped=mapped, segment_bytes=4096)
        for k in range(1, threads):
            threading.Thread(target=write, args=(writer, k), daemon=True).start()
        write(writer, 0)

    for kill in range(kills):
        folder = os.path.join(root, str(kill))
        os.mkdir(folder)
        for k in range(threads):
            shared[k] = 0
        pid = os.fork()
        if pid == 0:
            try:
                live(folder)
            finally:
                os._exit(1)
        while shared[threads - 1] == 0:
            time.sleep(0.0005)
        time.sleep(chance.uniform(0, 0.02))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps(list(shared)), flush=True)
    """
)


@pytest.mark.parametrize(("threads", "mapped", "kills"), [(1, "mapped", 50), (8, "mapped", 20), (3, "written", 10)])
def test_F01_no_acknowledged_point_is_lost_when_the_writer_is_killed(tmp_path, follower, threads, mapped, kills):
    seed = str(random.randrange(10**9))
    killer = subprocess.Popen(
        [sys.executable, "-c", KILLER, str(tmp_path), str(kills), str(threads), mapped, seed],
        stdout=subprocess.PIPE,
    )
    acknowledged = 0
    assert killer.stdout is not None
    try:
        for kill in range(kills):
            follow = follower(tmp_path / str(kill))
            # Every other journal is read while it is written, from wherever that catches it.
            points = _while_it_lives(follow) if kill % 2 else []
            counts = json.loads(killer.stdout.readline())
            points += follow.follow(final=True)
            for k, count in enumerate(counts):
                steps = [point.step for point in points if point.name == f"t{k}"]
                assert steps == list(range(len(steps))), f"seed {seed}, kill {kill}: a gap or a repetition"
                assert count <= len(steps) <= count + 1, f"seed {seed}, kill {kill}: {len(steps)} of {count}"
                acknowledged += count
    finally:
        killer.kill()
        killer.wait()
        killer.stdout.close()
    assert acknowledged > kills


def _while_it_lives(follow) -> list:
    deadline = time.monotonic() + 10
    while not (points := follow.follow()) and time.monotonic() < deadline:
        time.sleep(0.001)
    return points


FORKS = textwrap.dedent(
    """
    import multiprocessing, os, sys, threading
    from jupyter_mlws.runfolder.journal import JournalWriter

    writer = JournalWriter(sys.argv[1], mapped=sys.argv[2] == "mapped")

    def log(k, n=200):
        for number in range(n):
            writer.log(f"p{k}", number, number)

    def in_spawned(folder, k):
        own = JournalWriter(folder)
        for number in range(50):
            own.log(f"s{k}", number, number)

    if __name__ == "__main__":
        log("arent")
        stop = threading.Event()
        busy = threading.Thread(target=lambda: [writer.log("busy", 1.0) for _ in iter(lambda: stop.is_set(), True)])
        busy.start()
        children = []
        for k in range(5):  # fork while another thread logs
            pid = os.fork()
            if pid == 0:
                log(k)
                grandchild = os.fork()
                log(f"{k}.{'c' if grandchild == 0 else 'p'}", 10)
                if grandchild:
                    os.waitpid(grandchild, 0)
                os._exit(0)
            children.append(pid)
        for pid in children:
            assert os.waitpid(pid, 0)[1] == 0
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(log, ["ool1", "ool2", "ool3"])
        spawned = multiprocessing.get_context("spawn").Process(target=in_spawned, args=(sys.argv[1], 1))
        spawned.start()
        spawned.join()
        assert spawned.exitcode == 0
        stop.set()
        busy.join()
        log("arent again")
    """
)


@pytest.mark.parametrize("mapped", ["mapped", "written"])
def test_F35_forks_and_workers_log_into_streams_of_their_own(tmp_path, follower, mapped):
    script = tmp_path / "forks.py"
    script.write_text(FORKS)
    subprocess.run([sys.executable, "-W", "ignore", script, tmp_path, mapped], check=True, timeout=60)
    follow = follower(tmp_path)
    points = [point for point in follow.follow(final=True) if point.name != "busy"]
    counts = {"parent": 200, "pool1": 200, "pool2": 200, "pool3": 200, "s1": 50, "parent again": 200}
    counts |= {f"p{k}": 200 for k in range(5)}
    counts |= {f"p{k}.{who}": 10 for k in range(5) for who in "cp"}
    assert {point.name for point in points} == set(counts)
    for name, count in counts.items():
        assert [point.step for point in points if point.name == name] == list(range(count))
    for stream in follow.by_stream.values():
        assert len({point.name.split(".")[0] for point in stream} - {"busy"}) <= 3
    assert len(follow.by_stream) >= 13  # parent, children, their children, at least one of the pool's, spawned

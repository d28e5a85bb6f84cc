"""Values that are more than numbers: written with one call each, read by offset."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_mlws.errors import TooLarge
from jupyter_mlws.runfolder.journal_reader import JournalReader
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.values import MAX_LINE_BYTES, ValuesWriter
from jupyter_mlws.runfolder.values_reader import LoggedValue, ValuesReader


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run").create()


def read_all(folder: RunFolder, offsets: dict[str, int] | None = None) -> list[LoggedValue]:
    offsets = {} if offsets is None else offsets
    found: list[LoggedValue] = []
    while parts := ValuesReader(folder).poll(offsets):
        for part in parts:
            assert part.start == offsets.get(part.stream, 0)
            offsets[part.stream] = part.end
            found += part.values
    return found


def test_a_value_comes_back_as_it_was_written(folder):
    writer = ValuesWriter(folder)
    writer.append("tab", "table", {"a": [1, "NaN", None], "ü": [True, "x", 2.5]}, step=7, description="näheres")
    writer.append("tab", "table", [])
    first, second = read_all(folder)
    assert (first.name, first.type, first.step, first.description) == ("tab", "table", 7, "näheres")
    assert first.value == {"a": [1, "NaN", None], "ü": [True, "x", 2.5]}
    assert (second.step, second.description, second.value) == (None, "", [])
    assert 0 <= (second.at - first.at).total_seconds() < 5


def test_reading_goes_on_where_it_ended(folder):
    writer, offsets = ValuesWriter(folder), {}
    for i in range(3):
        writer.append("x", "list", [i])
        assert [value.value for value in read_all(folder, offsets)] == [[i]]
    assert read_all(folder, offsets) == []


def test_values_of_threads_and_forks_are_all_there_and_whole(folder):
    writer = ValuesWriter(folder)

    def log(mark: int) -> None:
        for i in range(200):
            writer.append(f"t{mark}", "row", {"i": i, "text": "x" * 300})

    threads = [threading.Thread(target=log, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    pid = os.fork()
    if pid == 0:
        log(9)
        os._exit(0)
    for thread in threads:
        thread.join()
    assert os.waitpid(pid, 0)[1] == 0
    found: dict[str, list[int]] = {}
    for value in read_all(folder):
        found.setdefault(value.name, []).append(value.value["i"])
    assert found == {f"t{mark}": list(range(200)) for mark in (0, 1, 2, 3, 9)}
    assert len(os.listdir(folder.values)) == 2


KILLED = """
import sys
from jupyter_mlws.runfolder.values import ValuesWriter
writer = ValuesWriter(sys.argv[1])
i = 0
while True:
    writer.append("x", "row", {"i": i, "text": "y" * 2000})
    print(i, flush=True)
    i += 1
"""


def test_a_killed_process_loses_nothing_that_returned(folder):
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder.path)], stdout=subprocess.PIPE, text=True)
    told = -1
    with process.stdout as lines:
        for line in lines:
            told = int(line)
            if told == 300:
                process.send_signal(signal.SIGKILL)
    process.wait()
    found = [value.value["i"] for value in read_all(folder)]
    assert found == list(range(len(found)))
    assert len(found) > told


def test_a_torn_last_line_waits_for_its_end_and_nonsense_is_left_out(folder):
    good = json.dumps({"name": "x", "type": "list", "at": 1.5e9, "value": [1]}).encode() + b"\n"
    stream = folder.values / "abc.jsonl"
    stream.write_bytes(good + good[:20])
    offsets: dict[str, int] = {}
    assert len(read_all(folder, offsets)) == 1
    with stream.open("ab") as file:
        file.write(good[20:])
    assert len(read_all(folder, offsets)) == 1
    lines = [
        b"[]",
        b"1",
        b"\xff",
        b"{}",
        b'{"name": "", "type": "list", "at": 1, "value": 1}',
        b'{"name": "x", "type": "List!", "at": 1, "value": 1}',
        b'{"name": "x", "type": ["list"], "at": 1, "value": 1}',
        b'{"name": "x", "type": "list", "at": "now", "value": 1}',
        b'{"name": "x", "type": "list", "at": 1e300, "value": 1}',
        b'{"name": "x", "type": "list", "at": 1e17, "value": 1}',
        b'{"name": "x", "type": "list", "at": NaN, "value": 1}',
        b'{"name": "x", "type": "list", "at": 1, "step": 1.5, "value": 1}',
        b'{"name": "x", "type": "list", "at": 1, "step": 9223372036854775808, "value": 1}',
        b'{"name": "x", "type": "list", "at": 1, "value": ' + b"[" * 50 + b"]" * 50 + b"}",
        b'{"name": "x", "type": "list", "at": 1, "value": ' + b"[" * 100_000,
    ]
    (folder.values / "bad.jsonl").write_bytes(b"\n".join(lines) + b"\n" + good)
    (part,) = ValuesReader(folder).poll(offsets)
    assert (part.stream, part.bad, len(part.values)) == ("bad", len(lines), 1)


def test_what_a_script_puts_in_the_place_of_values_traps_nobody(folder, tmp_path):
    (tmp_path / "secret").write_text('{"name": "x", "type": "list", "at": 1, "value": 1}\n')
    (folder.values / "link.jsonl").symlink_to(tmp_path / "secret")
    os.mkfifo(folder.values / "pipe.jsonl")
    (folder.values / "folder.jsonl").mkdir()
    (folder.values / ("n" * 200 + ".jsonl")).write_text("{}\n")
    assert read_all(folder) == []
    os.rename(folder.values, tmp_path / "away")
    folder.values.symlink_to(tmp_path / "away")
    assert read_all(folder) == []


def test_a_line_that_never_ends_is_passed_over(folder):
    with (folder.values / "long.jsonl").open("wb") as file:
        file.truncate(3 * MAX_LINE_BYTES)
    assert read_all(folder) == []


def test_a_value_that_is_too_large_is_refused_whole(folder):
    writer = ValuesWriter(folder)
    with pytest.raises(TooLarge) as caught:
        writer.append("x", "table", {"a": ["y" * MAX_LINE_BYTES]})
    assert "upload" in str(caught.value)
    assert read_all(folder) == []


FULL = """
import os, resource, signal, sys
from jupyter_mlws.runfolder.values import ValuesWriter
writer = ValuesWriter(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer.append("x", "row", {"i": 0})
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
for i in range(1, 4):
    writer.append("x", "row", {"i": i, "text": "y" * 2000})
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.append("x", "row", {"i": 4})
print(writer.dropped)
"""


def test_a_full_disk_drops_values_and_counts_them_and_tears_no_line(folder):
    done = subprocess.run([sys.executable, "-c", FULL, str(folder.path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3"
    assert done.stderr.count("\n") == 2, done.stderr
    assert [value.value["i"] for value in read_all(folder)] == [0, 4]
    assert JournalReader(folder).dropped() == 3

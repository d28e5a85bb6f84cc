"""Journals with bytes that no writer of ours would leave: points may be nonsense, and nothing fails."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.runfolder.journal_reader import JournalReader
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.store import Store
from jupyter_mlws.store.metrics import append_points, page_metrics, read_series
from jupyter_mlws.store.runs import create_run

# The part of a segment that has its header and all points of the test.
MOST_BYTES = 16_384
HEADER_BYTES = 64


def damaged(data: bytes, rng: random.Random) -> bytes:
    """`data` with some bytes changed, of the header more often than chance would."""
    found = bytearray(data)
    for _ in range(rng.randrange(40)):
        end = min(len(found), HEADER_BYTES) if rng.random() < 0.3 else len(found)
        found[rng.randrange(end)] = rng.choice((0, 127, 255, rng.randrange(256)))
    return bytes(found[: rng.randrange(1, len(found))]) if rng.random() < 0.2 else bytes(found)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    with Store.open(database) as found:
        yield found


def take_in_damaged_journals(store: Store, tmp_path: Path, count: int, seed: int) -> None:
    good = RunFolder(tmp_path / "good").create()
    writer = JournalWriter(good.path)
    for i in range(200):
        writer.log(f"m{i % 5}", float(i), i)
    files = {path.name: path.read_bytes()[:MOST_BYTES] for path in good.journal.iterdir()}
    rng = random.Random(seed)
    for n in range(count):
        run = f"fuzz_1_{n:08x}"
        with store.write() as c:
            create_run(c, RunSubmission(experiment="fuzz", command=("x",)), run_id=run, user="u", host="h", children=[])
        folder = RunFolder(tmp_path / run).create()
        for name, data in files.items():
            (folder.journal / name).write_bytes(damaged(data, rng))
        take_in(store, run, JournalReader(folder.path), f"seed {seed}, journal {n}")


def take_in(store: Store, run: str, reader: JournalReader, which: str) -> None:
    offsets: dict[str, int] = {}
    for final in (False, True, True):
        for points in reader.poll(offsets, final=final):
            assert points.start == offsets.get(points.stream, 0), which
            with store.write() as c:
                append_points(c, run, points)
            offsets[points.stream] = points.end
    reader.remove_consumed(offsets)
    assert reader.dropped() >= 0
    with store.read() as c:
        for series in page_metrics(c, run, 1000, None).items:
            read_series(c, run, series.name, 0, 100)
            read_series(c, run, series.name, 0, None)


def test_D10_V01_V02_V08_damaged_journals_are_read_for_what_they_are_worth(store: Store, tmp_path: Path) -> None:
    take_in_damaged_journals(store, tmp_path, 60, 7)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_D10_many_damaged_journals(store: Store, tmp_path: Path, seed: int) -> None:
    take_in_damaged_journals(store, tmp_path, 150, seed)

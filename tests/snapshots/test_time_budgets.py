"""How long snapshots may take.

Bounds are wide, and grow with what a plain copy of the folder takes at the time: the benchmark has the exact figures.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import SnapshotReport
from jupyter_mlws.snapshots import load_manifest, restore

Take = Callable[..., SnapshotReport]

FILES, LARGE, BYTES = 1_000, 50, 50_000_000


@pytest.fixture
def large_folder(project: Path) -> Path:
    """950 sources of 10 kB and 50 binaries, 50 MB together, in 40 folders."""
    chance = random.Random(3)
    words = [f"name_{number}" for number in range(500)] + ["def", "return", "import", "for", "in", "self", "="]
    for number in range(FILES - LARGE):
        path = project / f"pkg{number % 40}" / f"mod{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(" ".join(chance.choices(words, k=1_800))[:10_000])
    for number in range(LARGE):
        size = (BYTES - (FILES - LARGE) * 10_000) // LARGE
        (project / f"pkg{number % 40}" / f"data{number}.bin").write_bytes(chance.randbytes(size))
    return project


def best_of(rounds: int, action: Callable[[], object]) -> float:
    def times() -> Iterator[float]:
        for _ in range(rounds):
            start = time.perf_counter()
            action()
            yield time.perf_counter() - start

    return min(times())


def test_a_thousand_files_are_taken_known_again_and_written_in_time(
    large_folder: Path, take: Take, blobs: BlobStore, tmp_path: Path
) -> None:
    copies = iter(range(9))
    copy = best_of(2, lambda: shutil.copytree(large_folder, tmp_path / f"copy{next(copies)}"))
    start = time.perf_counter()
    report = take(large_folder)
    first = time.perf_counter() - start
    assert report.scope == "project"
    again = best_of(5, lambda: take(large_folder))
    assert report.snapshot is not None
    manifest = load_manifest(report.snapshot.id, blobs)
    targets = iter(range(9))
    back = best_of(2, lambda: restore(manifest, blobs, tmp_path / f"out{next(targets)}"))
    assert first < max(1.2, 8 * copy)
    assert again < max(0.05, copy / 2)
    assert back < max(0.75, 8 * copy)


def test_a_small_repository_is_taken_in_time(project: Path, take: Take, blobs: BlobStore, tmp_path: Path) -> None:
    for number in range(20):
        (project / f"{number}.py").write_text("x = 1\n" * 200)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "First"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    report = take(project)
    assert best_of(5, lambda: take(project)) < 0.05
    assert report.snapshot is not None
    manifest = load_manifest(report.snapshot.id, blobs)
    targets = iter(range(9))
    assert best_of(5, lambda: restore(manifest, blobs, tmp_path / f"out{next(targets)}")) < 0.03

"""The folders that are submitted, and the script in them."""

from __future__ import annotations

import random
from pathlib import Path

__all__ = ["SCRIPT", "large", "small"]

# Its first statement tells the time; the path to write it to is the last argument.
SCRIPT = """\
import time; now = time.time()
import sys
with open(sys.argv[-1], "w") as file:
    file.write(repr(now))
"""
_ML_PROJECT = """\
name: bench
entry_points:
  main:
    parameters:
      mark: string
    command: "python script.py {mark}"
"""
_FILES, _BINARY, _TOTAL_BYTES = 1000, 50, 50_000_000


def small(folder: Path) -> Path:
    """20 files of source code."""
    _fill(folder, files=17, binary=0, binary_bytes=0)
    return folder


def large(folder: Path) -> Path:
    """1,000 files, 50 MB, in 40 subfolders: 950 of 10 kB, 50 of 810 kB."""
    text = _FILES - _BINARY - 3
    _fill(folder, files=text, binary=_BINARY, binary_bytes=(_TOTAL_BYTES - text * 10_000) // _BINARY)
    return folder


def _fill(folder: Path, *, files: int, binary: int, binary_bytes: int) -> None:
    chance = random.Random(3)
    words = [*(f"name_{i}" for i in range(500)), "def", "return", "import", "for", "in", "self", "="]
    for i in range(files):
        place = folder / f"package{i % 40}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"module{i}.py").write_text(" ".join(chance.choice(words) for _ in range(1800))[:10_000])
    for i in range(binary):
        (folder / f"package{i % 40}" / f"data{i}.bin").write_bytes(chance.randbytes(binary_bytes))
    (folder / "script.py").write_text(SCRIPT)
    (folder / "MLproject").write_text(_ML_PROJECT)
    # Makes the folder a project, so that a cell in it takes the whole folder along.
    (folder / "pyproject.toml").write_text('[project]\nname = "bench"\nversion = "1"\n')

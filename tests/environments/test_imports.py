"""What a script imports for certain, and what of it is nowhere."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

from jupyter_mlws.environments.imports import find_missing, found_by, imported

FOUND_HERE = partial(found_by, Path(sys.executable))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b, c as d\nfrom e.f import g\nfrom . import h", ["a", "c", "e"]),
        ("if x:\n    import a\ntry:\n    import b\nexcept ImportError: b = None\ndef f():\n    import c", []),
        ("%matplotlib inline\n!ls\nimport a", ["a"]),
        ("import sys\nsys.path.insert(0, 'lib')\nimport a", []),
        ("%pip install a\nimport a", []),
        ("import subprocess\nsubprocess.run(['pip', 'install', 'a'])\nimport a", []),
        ("import (", []),
        ("\0", []),
        ("(" * 5_000, []),
        ("\n" * 200_000 + "import a", ["a"]),
        ("", []),
    ],
)
def test_only_what_is_imported_for_certain_counts(source: str, names: list[str]) -> None:
    assert list(imported(source)) == names


def test_what_is_beside_the_script_is_followed_and_not_missing(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import other.part\nimport train\nimport nowhere_a\n")
    (tmp_path / "train.py").write_text("import mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "fast.cpython-311.so").write_bytes(b"")
    source = "import os, json, numpy\nimport mine, fast\nimport jupyter_mlws\nimport nowhere_b\n"
    found = find_missing(FOUND_HERE, source, "train.py", [tmp_path])
    assert [(each.module, each.file, each.line) for each in found] == [
        ("nowhere_b", "train.py", 4), ("nowhere_a", "mine.py", 3),
    ]  # fmt: skip


def test_a_module_on_the_runs_own_path_is_there(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "extra_module.py").write_text("")
    assert find_missing(FOUND_HERE, "import extra_module", "x", [], str(tmp_path / "lib")) == ()
    assert [each.package for each in find_missing(FOUND_HERE, "import extra_module", "x", [])] == ["extra_module"]


def test_an_interpreter_that_does_not_answer_lacks_nothing(tmp_path: Path) -> None:
    assert find_missing(partial(found_by, tmp_path / "none"), "import nowhere_a", "x", []) == ()

"""The size of a folder that a script is writing to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from jupyter_mlws.services.trees import remove_folder, size_of
from jupyter_mlws.services.workspaces import _Size

_DEEP = "import os, sys\nos.chdir(sys.argv[1])\nfor _ in range(3000):\n    os.mkdir('a')\n    os.chdir('a')"


def test_a_folder_deeper_than_any_path_is_measured_again_and_again(tmp_path: Path):
    (tmp_path / "x").write_bytes(bytes(10))
    (tmp_path / "deep").mkdir()
    subprocess.run([sys.executable, "-c", _DEEP, tmp_path / "deep"], check=True)
    try:
        size = _Size(tmp_path)
        size._measure()
        assert size.get() == 10
        assert size._walk is None
    finally:
        remove_folder(tmp_path / "deep")
    assert not (tmp_path / "deep").exists()


def test_links_are_not_followed(tmp_path: Path):
    (tmp_path / "x").write_bytes(bytes(10))
    (tmp_path / "loop").symlink_to(tmp_path)
    assert size_of(tmp_path) == 10 + (tmp_path / "loop").lstat().st_size

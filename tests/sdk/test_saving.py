"""Downloads to disk: with the rights of any new file, and nothing else of the process is touched for that."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from jupyter_mlws.api.routes import Download
from jupyter_mlws.sdk.files import save


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_what_is_saved_has_the_rights_of_any_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    def asked(_: int) -> int:
        raise AssertionError("The umask was changed, for all threads: of two that do so one leaves 0 behind.")

    before = os.umask(umask)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, "umask", asked)
            save(Download([b"some ", b"bytes"]), str(tmp_path / "a" / "file"))
    finally:
        os.umask(before)
    assert (tmp_path / "a" / "file").read_bytes() == b"some bytes"
    assert stat.S_IMODE((tmp_path / "a" / "file").stat().st_mode) == 0o666 & ~umask
    assert os.listdir(tmp_path / "a") == ["file"]

"""A fresh user of the machine: a home of its own, no settings of the machine, and nothing left running afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["fresh_user"]

_OWN = ("MLWS_", "AZUREML_", "PG")
_XDG = {"DATA": ".local/share", "CONFIG": ".config", "CACHE": ".cache", "STATE": ".local/state"}


@contextmanager
def fresh_user(home: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Be a user whose home is the empty folder `home`: the real one's files stay untouched."""
    for name in [name for name in os.environ if name.startswith(_OWN)]:
        patch.delenv(name)
    # Sockets live here and their paths end at 108 bytes: so a short one, outside pytest's deep folders.
    runtime = Path(tempfile.mkdtemp(prefix="mlws-"))
    patch.setenv("HOME", str(home))
    for name, folder in _XDG.items():
        patch.setenv(f"XDG_{name}_HOME", str(home / folder))
    patch.setenv("XDG_RUNTIME_DIR", str(runtime))
    patch.setenv("MLWS_VAULT", "file")  # and not the keyring of whoever runs the tests
    patch.setenv("MPLCONFIGDIR", str(home / ".matplotlib"))
    _git_without_the_machines_settings(patch)
    yield home
    _forget_workspaces()
    _end_what_was_left(home)
    shutil.rmtree(runtime, ignore_errors=True)


def _forget_workspaces() -> None:
    """The SDK keeps a workspace open for whoever asks for it again; after the test nobody does."""
    connection = sys.modules.get("jupyter_mlws.sdk.connection")
    if connection is not None:
        connection._opened.clear()


def _end_what_was_left(home: Path) -> None:
    """Kill the processes of this test's user: dispatchers that wait for work, agents, scripts."""
    mark = f"HOME={home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            left = mark in (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # gone, or another user's
            continue
        if left and int(folder.name) != os.getpid():
            try:
                os.kill(int(folder.name), signal.SIGKILL)
            except ProcessLookupError:
                pass


def _git_without_the_machines_settings(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{role}_NAME", "Ada")
        patch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")

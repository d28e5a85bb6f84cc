"""What every test stands on: a home of its own, and nothing of ours left running afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# `reliability` (tests/support) gives tests the fixtures `trials` and `measured`: what they note is shown in
# docs/reliability.md.
# `postgres` and `databases` give what has to hold on both databases: see their first lines.
pytest_plugins = ("pytest_jupyter.jupyter_server", "reliability", "postgres", "databases")

_OWN = ("MLWS_", "AZUREML_", "PG")
_XDG = {"DATA": ".local/share", "CONFIG": ".config", "CACHE": ".cache", "STATE": ".local/state"}


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test a fresh user: the real one's files stay untouched, variables of ours do not leak in."""
    for name in [name for name in os.environ if name.startswith(_OWN)]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    # Sockets live here and their paths end at 108 bytes: so a short one, outside pytest's deep folders.
    runtime = Path(tempfile.mkdtemp(prefix="mlws-"))
    monkeypatch.setenv("HOME", str(home))
    for name, folder in _XDG.items():
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("MPLCONFIGDIR", str(home / ".matplotlib"))
    _git_without_the_machines_settings(monkeypatch)
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


def _git_without_the_machines_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, object]) -> dict[str, object]:
    """Run our extension in a server that asks everybody for credentials."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_mlws": True},
            "allow_unauthenticated_access": False,
        }
    }

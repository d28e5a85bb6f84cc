"""What every test stands on: a home of its own, and nothing of ours left running afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from users import fresh_user

# `reliability` (tests/support) gives tests the fixtures `trials` and `measured`: what they note is shown in
# docs/reliability.md.
# `rights` gives `held_by_modes`, so that what a user may not write is tried as root too.
# `postgres` and `databases` give what has to hold on both databases, `wheels` an index of packages without a network:
# see their first lines.
pytest_plugins = (
    "pytest_jupyter.jupyter_server",
    "reliability",
    "rights",
    "second_chance",
    "sharing_out",
    "postgres",
    "databases",
    "docker_engine",
    "docker_runs",
    "docker_registry",
    "docker_relay",
    "wheels",
)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test a fresh user: the real one's files stay untouched, variables of ours do not leak in."""
    with fresh_user(tmp_path_factory.mktemp("home"), monkeypatch) as home:
        yield home


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, object]) -> dict[str, object]:
    """Run our extension in a server that asks everybody for credentials."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_mlws": True},
            "allow_unauthenticated_access": False,
        }
    }

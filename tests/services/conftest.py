"""Workspaces between which something is carried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from archives import services

from jupyter_mlws.services import Services
from jupyter_mlws.store import Store


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], Services]]:
    """Makes embedded workspaces by name."""
    opened = []

    def made(name: str) -> Services:
        folder = tmp_path / name
        folder.mkdir()
        opened.append(Store.open(folder))
        return services(opened[-1], folder, name)

    yield made
    for store in opened:
        store.close()


@pytest.fixture
def here(make: Callable[[str], Services]) -> Services:
    return make("here")


@pytest.fixture
def there(make: Callable[[str], Services]) -> Services:
    return make("there")

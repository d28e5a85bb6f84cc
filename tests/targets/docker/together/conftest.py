"""One user, one workspace and one dispatcher for all tests of this folder, which need nothing of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker_runs import Containers, containers
from users import fresh_user


@pytest.fixture(scope="package", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch, fresh_user(tmp_path_factory.mktemp("home"), patch) as home:
        yield home


@pytest.fixture(scope="package")
def boxes(
    own_home: Path, tmp_path_factory: pytest.TempPathFactory, docker_engine: Any, base_image: str
) -> Iterator[Containers]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", docker_engine.host)
        with containers(tmp_path_factory.mktemp("together"), docker_engine, base_image, patch) as found:
            yield found

"""The docker target does what every target has to do, with a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import docker.errors
import pytest

from jupyter_mlws.sdk.environment import Environment
from jupyter_mlws.testing import Binding, Stage, TargetSuite


@pytest.fixture(scope="module")
def binding(docker_engine: Any, base_image: str) -> Binding:
    return Binding(
        name="docker",
        environment=Environment.from_docker_image("conformance", base_image),
        variables={"DOCKER_HOST": docker_engine.host, "MLWS_DOCKER_SLOTS": "4", "MLWS_DOCKER_NETWORK": "none"},
        limits_memory=True,
    )


class TestDocker(TargetSuite):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _tidy(cls, stage: Stage, docker_engine: Any) -> Iterator[None]:
        yield
        for container in _containers(stage, docker_engine):
            with suppress(docker.errors.APIError):  # the target removes it just now
                container.remove(force=True)

    def test_no_container_is_left(self, stage: Stage, docker_engine: Any) -> None:
        stage.wait(lambda: not _containers(stage, docker_engine), "Containers are left")


def _containers(stage: Stage, docker_engine: Any) -> list[Any]:
    label = f"org.jupyter.mlws.workspace={stage.folder}"
    found: list[Any] = docker_engine.client.containers.list(all=True, ignore_removed=True, filters={"label": label})
    return found

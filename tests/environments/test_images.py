"""Images of environments are listed and pruned with the folders: those of this user, and never one that a run uses."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from wheels import Index

from jupyter_mlws.environments import building, images, pruning, using
from jupyter_mlws.sdk.environment import Environment

WAITS = "import time, pathlib\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)"


@pytest.fixture
def boxes_of_own_index(own_index: Index, request: pytest.FixtureRequest) -> Any:
    """Runs in containers, whose environments come from the test's own index."""
    return request.getfixturevalue("boxes")


def test_an_image_stays_while_a_run_uses_it_and_goes_afterwards(
    own_index: Index, boxes_of_own_index: Any, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    boxes = boxes_of_own_index
    monkeypatch.setattr(using, "_ON_ITS_WAY_S", 0)
    name = f"only-{uuid.uuid4().hex[:12]}"  # so that nobody else has this image
    own_index.add(name, "1.0")
    Environment("mine", packages=[name]).register(boxes.ws)
    assert images.built() == []
    run = boxes.submit(WAITS, environment="mine")
    boxes.wait(lambda: run.refresh().status == "Running")
    (image,) = images.built()
    assert image.size_bytes > 0
    assert image.names[0].startswith("mlws-environment:")
    assert pruning.prune_images() == []
    (boxes.folder / "runs" / run.id / "code" / "go").write_text("")
    assert boxes.end(run)["status"] == "Completed"
    boxes.wait(lambda: boxes.containers() == [])
    assert pruning.prune_images(unused_for_s=3_600) == []
    assert pruning.prune_images(dry_run=True) == [image]
    assert pruning.prune_images() == [image]
    assert images.built() == []
    assert boxes.engine.client.images.list(filters={"label": f"{images.LABEL}={image.digest}"}) == []
    assert len(pruning.prune()) == 1


def test_what_another_user_of_the_engine_has_made_is_left_alone(
    own_index: Index, boxes_of_own_index: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    boxes = boxes_of_own_index
    _, facts = boxes.run("print(1)")
    assert facts["status"] == "Completed"
    assert len(images.built()) == 1
    monkeypatch.setenv("MLWS_CACHE_DIR", str(tmp_path / "another"))
    building.root().mkdir(parents=True)
    assert images.built() == []
    assert pruning.prune_images() == []


def test_without_an_engine_there_are_no_images(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (building.root() / f".image-{'0' * 32}.uses").mkdir(parents=True)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    assert images.built() == []
    assert pruning.prune_images() == []

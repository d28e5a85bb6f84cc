"""A run that was carried here is done again in a container without a network, with the packages that came along."""

from __future__ import annotations

from pathlib import Path

import pytest
from carrying import SCRIPT, elsewhere
from docker_runs import Containers

from jupyter_mlws import Environment, ScriptRunConfig


@pytest.mark.usefixtures("own_index")
def test_a_carried_run_is_done_again_in_a_container(boxes: Containers, tmp_path: Path) -> None:
    (boxes.project / "train.py").write_text(SCRIPT)
    environment = Environment("small", packages=["six==1.16.0"])
    run = boxes.experiment.submit(ScriptRunConfig(boxes.project, "train.py", environment=environment))
    run.wait_for_completion()
    archive = run.export(tmp_path / "whole.zip", with_environment=True)
    [found] = elsewhere(tmp_path / "other", archive, run.number, target="docker")
    assert (found["status"], found["error"]) == ("Completed", "")
    assert found["same"] == [True, True]
    assert found["lock"] == run.properties["mlws.lock_digest"]

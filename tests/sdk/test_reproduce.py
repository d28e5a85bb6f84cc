"""A run that is carried to another machine and done again there, without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from carrying import SCRIPT, elsewhere

from jupyter_mlws import Environment, Experiment, ScriptRunConfig, Workspace


@pytest.mark.usefixtures("own_index")
def test_a_carried_run_is_done_again_without_a_network(ws: Workspace, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text(SCRIPT)
    env = Environment("small", packages=["mlws-demo", "six==1.16.0"])
    run = Experiment(ws, "x").submit(ScriptRunConfig(project, "train.py", environment=env))
    run.wait_for_completion()
    lean = run.export(tmp_path / "lean.zip")
    whole = run.export(tmp_path / "whole.zip", with_environment=True)
    assert run.reproducibility().reasons == ()

    without, with_packages = elsewhere(tmp_path / "other", lean, whole, run.number)

    assert (without["can"], without["codes"], without["wheels"]) == (True, ["needs_network"], 0)
    assert without["status"] == "Failed"
    assert "index of packages cannot be reached" in without["error"]
    assert (with_packages["can"], with_packages["codes"], with_packages["wheels"]) == (True, [], 2)
    assert (with_packages["status"], with_packages["error"]) == ("Completed", "")
    assert with_packages["same"] == [True, True]
    assert with_packages["lock"] == with_packages["told"] == run.properties["mlws.lock_digest"]
    assert with_packages["snapshot"] == run.record.snapshot_id
    assert (without["environments"], with_packages["environments"]) == (1, 0)

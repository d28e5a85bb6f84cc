"""Runs in containers, from the submit to the end."""

from __future__ import annotations

import os

import pytest

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.sdk.environment import Environment

_WHOLE = """
import getpass, os, sys
from jupyter_mlws import Run
run = Run.get_context()
print(sys.prefix, os.getuid(), os.getgid(), getpass.getuser() != "", os.getcwd() == os.environ["PWD"])
print("capabilities", [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")])
for i in range(100):
    run.log("loss", 1 / (1 + i))
with run.child_run("fold") as child:
    child.log("accuracy", 0.5)
print("asked", len(run.get_metrics()["loss"]))
print("secret", os.environ["TOKEN"][::-1])
open("outputs/model.txt", "w").write("weights")
open(os.path.expanduser("~/cache"), "w").write("x")
"""


def test_a_script_runs_in_a_container_as_it_does_here(boxes):
    run, facts = boxes.run(_WHOLE, secrets={"TOKEN": "s3cret-of-mine"})
    assert facts["status"] == "Completed", facts["error"]
    assert facts["warnings"] in ([], (), None)
    assert len(run.get_metrics()["loss"]) == 100
    assert {"outputs/model.txt", "logs/std.log", "logs/environment.log"} <= set(run.get_file_names())
    assert [child.get_metrics() for child in run.get_children()] == [{"accuracy": 0.5}]
    boxes.wait_until_none_is_left()


def test_the_second_run_of_an_environment_builds_nothing(boxes):
    _first, _ = boxes.run("print(1)")
    second, facts = boxes.run("print(2)")
    assert facts["status"] == "Completed"
    assert "Building" not in second.get_log("environment.log")


def test_a_container_shows_nobody_a_secret_and_belongs_to_its_submitter(boxes):
    run = boxes.submit(
        "import os, time\nprint('up')\nopen('outputs/mine', 'w').close()\n"
        "while not os.path.exists('outputs/go'): time.sleep(0.05)",
        secrets={"TOKEN": "s3cret-of-mine"},
    )
    boxes.wait(lambda: "up" in boxes.log_of(run))
    facts = boxes.container_of(run).attrs
    assert "s3cret-of-mine" not in str(facts)
    assert facts["Config"]["Labels"]["org.jupyter.mlws.run"] == run.id
    assert facts["Config"]["User"] == f"{os.getuid()}:{os.getgid()}"
    assert facts["HostConfig"]["CapDrop"] == ["ALL"]
    assert facts["HostConfig"]["NetworkMode"] == "none"
    outputs = boxes.folder / "runs" / run.id / "outputs"
    assert (outputs / "mine").stat().st_uid == os.getuid()
    (outputs / "go").touch()
    assert boxes.end(run)["status"] == "Completed"


def test_the_kernels_interpreter_is_refused_at_the_submit(boxes):
    with pytest.raises(InvalidInput, match="runs images.*--env sklearn"):
        boxes.submit("print(1)", environment="kernel")


def test_somebodys_own_dockerfile_is_built_and_taken(boxes, base_image):
    path = boxes.project.parent / "Dockerfile"
    path.write_text(f"FROM {base_image}\nENV ADA=lovelace\n")
    Environment.from_dockerfile("own", path).register(boxes.ws)
    _run, facts = boxes.run("import os; print(os.environ['ADA'])", environment="own")
    assert facts["status"] == "Completed", facts["error"]


def test_what_a_script_imports_and_its_image_lacks_is_told_before_it_starts(boxes, base_image, tmp_path):
    Environment.from_docker_image("plain", base_image).register(boxes.ws)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {base_image}\nENV PYTHONPATH=/opt/ada\nRUN mkdir -p /opt/ada/ada_inside\n"
    )
    Environment.from_dockerfile("more", tmp_path / "Dockerfile").register(boxes.ws)
    code = "import json, ada_inside\nopen('outputs/begun', 'x').close()"
    runs = {name: boxes.submit(code, environment=name) for name in ("bare", "plain", "more")}
    ends = {name: boxes.end(run) for name, run in runs.items()}
    assert ends["more"]["status"] == "Completed", ends["more"]["error"]
    for name, way in (
        ("bare", "Add the package to the environment: packages=[..., 'ada_inside']"),
        ("plain", "Take one that has it, or one with packages: packages=['ada_inside']"),
    ):
        error = ends[name]["error"]
        words = f"train.py imports ada_inside (line 1), and environment {name}:1 has no ada_inside."
        assert words in error["message"]
        assert way in str(error)
        assert "outputs/begun" not in runs[name].get_file_names()
    boxes.wait_until_none_is_left()

"""`Environment` as a person uses it: from what there is, registered at the submit, told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlws import Environment, Experiment, ScriptRunConfig, Workspace
from jupyter_mlws.errors import InvalidInput, MissingPart, UsageError, WrongState

pytestmark = pytest.mark.usefixtures("own_index")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("import sys, os\nprint(sys.prefix, os.environ.get('A'))\nimport six\n")
    return folder


def test_a_run_names_an_environment_that_is_registered_on_the_way(ws: Workspace, project: Path) -> None:
    env = Environment("mine", packages=["six"], environment_variables={"A": "set"})
    run = Experiment(ws, "x").submit(ScriptRunConfig(project, "train.py", environment=env))
    assert env.id == run.record.environment == "mine:1"
    run.wait_for_completion()
    log = run.get_log()
    assert "environments/" in log
    assert "set" in log
    assert "logs/environment.log" in run.get_file_names()
    again = Experiment(ws, "x").submit(
        ScriptRunConfig(project, "train.py", environment=Environment("mine", packages=["Six"],
                        environment_variables={"A": "set"}))
    )  # fmt: skip
    assert again.record.environment == "mine:1"
    other = Environment("mine", packages=["six", "attrs"])
    assert other.register(ws).version == 2
    assert Environment.get(ws, "mine", version=1).reference_in(ws.api) == "mine:1"
    again.wait_for_completion()


def test_two_versions_are_told_apart(tmp_path: Path) -> None:
    one = Environment("a", packages=["six>=1", "attrs"])
    two = Environment("a", packages=["Six >= 1", "numpy"], environment_variables={"X": "1"})
    assert one.diff(two) == {"$X": (None, "1"), "attrs": ("attrs", None), "numpy": (None, "numpy")}
    assert one.diff(one) == {}
    with pytest.raises(WrongState, match="not registered"):
        one.lock(Workspace(tmp_path / "w"))


def test_an_environment_is_written_to_a_folder_and_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six\n")
    made = [
        Environment.from_docker_image("i", "python:3.11", tmp_path / "requirements.txt"),
        Environment.from_docker_image("j", "python:3.11"),
        Environment.from_dockerfile("d", "FROM python:3.11\nRUN true\n"),
        Environment.from_interpreter("p", "/usr/bin/python3"),
        Environment("e", packages=["six"], python="3.11", environment_variables={"A": "b"}),
    ]
    for env in made:
        env.save_to_directory(tmp_path / env.name)
        assert Environment.load_from_directory(tmp_path / env.name) == env
    assert [env.spec.in_container for env in made] == [True, True, True, False, False]


def test_conda_packages_are_answered_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_mlws.environments.conda.is_there", lambda: False)
    (tmp_path / "environment.yml").write_text("dependencies: [python=3.11, cudatoolkit]\n")
    ws = Workspace(tmp_path / "w")
    env = Environment.from_conda_specification("c", tmp_path / "environment.yml").register(ws)
    with pytest.raises(MissingPart, match="cudatoolkit"):
        env.lock(ws)


def test_what_is_no_environment_is_refused_at_once(project: Path) -> None:
    with pytest.raises(UsageError, match="type int"):
        ScriptRunConfig(project, "train.py", environment=3)
    with pytest.raises(InvalidInput, match="names no version"):
        ScriptRunConfig(project, "train.py", environment="a:b")
    wish = ScriptRunConfig(project, "train.py", environment=Environment("a"))
    with pytest.raises(UsageError, match="not registered"):
        wish.save("train")


def test_what_the_environment_lacks_is_told_before_the_script_starts(ws: Workspace, project: Path) -> None:
    (project / "train.py").write_text("print('started')\nimport helper\n")
    (project / "helper.py").write_text("import six\nimport sklearn\n")
    wish = ScriptRunConfig(project, "train.py", environment=Environment("small", packages=["six"]))
    run = Experiment(ws, "x").submit(wish)
    run.wait_for_completion(raise_on_error=False)
    assert run.status == "Failed"
    told = run.get_details()["error"]["message"]
    assert "helper.py imports sklearn (line 2), and environment small:1 has no sklearn." in told
    assert "packages=[..., 'scikit-learn']" in told
    assert "started" not in run.get_log()


def test_a_run_keeps_what_it_ran_in(ws: Workspace, project: Path) -> None:
    wish = ScriptRunConfig(project, "train.py", environment=Environment("small", packages=["six"]))
    run = Experiment(ws, "x").submit(wish)
    run.wait_for_completion()
    assert run.get_environment() == Environment.get(ws, "small:1")
    properties = run.refresh().properties
    assert len(properties["mlws.lock_digest"]) == 64
    assert properties["mlws.environment_python"].startswith("3.")


def test_an_environment_is_built_before_the_first_run(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Environment("small", packages=["mlws-demo"]).build(ws)
    assert (Path(folder) / "bin" / "mlws-demo").exists()
    assert "Built in" in capsys.readouterr().out
    assert Environment.get(ws, "small").build(ws, show_output=False) == folder
    assert capsys.readouterr().out == ""
    with pytest.raises(InvalidInput, match="nothing to build"):
        Environment.from_docker_image("i", "python:3.11").build(ws)

"""One workspace with a real dispatcher, a Jupyter server's process before it, and a job that performs the suite."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_process import JupyterProcess
from users import fresh_user

from jupyter_mlws import workspace as room
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace

from .suite import EXPERIMENT, Ground, bodies

HERE = Path(__file__).parent


@pytest.fixture(autouse=True, scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One user for the whole module: all ways lead to the same workspace."""
    with pytest.MonkeyPatch.context() as patch, fresh_user(tmp_path_factory.mktemp("home"), patch) as home:
        yield home


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a workspace; its dispatcher is stopped at the end."""
    folder = tmp_path_factory.mktemp("project")
    place = room.create(folder, "lab")
    yield folder
    room.stop_dispatcher(place)


@pytest.fixture(scope="module")
def here(project: Path) -> Workspace:
    """The workspace in this process."""
    return Workspace(project)


@pytest.fixture(scope="module")
def server(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterProcess]:
    """A Jupyter server of the project, whose addresses begin as behind a hub."""
    log = tmp_path_factory.mktemp("server") / "log"
    with JupyterProcess(project, log, alone=True, base_url="/user/ada/") as running:
        yield running
    assert "Traceback" not in log.read_text(), log.read_text()[-5000:]


@pytest.fixture(scope="module")
def prepared(here: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Runs that have ended: 'done' and one to write on for each way of `EXPERIMENT`, and a 'foreign' one."""
    folder = tmp_path_factory.mktemp("scripts")
    shutil.copy(HERE / "prepared.py", folder)
    (folder / "nothing.py").write_text("")
    done = Experiment(here, EXPERIMENT).submit(
        ScriptRunConfig(folder, "prepared.py", arguments=["--lr", 0.1], environment_variables={"GREETING": "ü"}),
        tags={"owner": "ada", "stage": "test"},
    )
    quick = ScriptRunConfig(folder, "nothing.py")
    runs = {"done": done, "foreign": Experiment(here, "other").submit(quick)}
    runs |= {way: Experiment(here, EXPERIMENT).submit(quick) for way in ("process", "http")}
    for run in runs.values():
        run.wait_for_completion()
    done.register_model("prepared", "outputs/model", tags={"stage": "test"}, description="of the suite")
    return {name: run.id for name, run in runs.items()}


@pytest.fixture
def ground(
    request: pytest.FixtureRequest, here: Workspace, prepared: dict[str, str], tmp_path: Path
) -> Callable[[str], Ground]:
    """The ground of a way; the server is started for 'http' only."""

    def stand(way: str) -> Ground:
        if way == "process":
            ws = here
        else:
            running: Any = request.getfixturevalue("server")
            ws = Workspace(running.url, token=running.token)
        return Ground(
            ws=ws,
            way=way,
            done=Run.get(ws, prepared["done"]),
            own=Run.get(ws, prepared[way]),
            foreign=prepared["foreign"],
            folder=tmp_path,
        )

    return stand


@pytest.fixture(scope="module")
def job(here: Workspace, prepared: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each body inside a job; '' for those that did well."""
    folder = tmp_path_factory.mktemp("job")
    shutil.copytree(HERE, folder / "transports", ignore=shutil.ignore_patterns("__pycache__", "test_*", "conftest.py"))
    shutil.copy(HERE / "in_job.py", folder)
    (folder / "ground.json").write_text(json.dumps(prepared))
    run = Experiment(here, EXPERIMENT).submit(ScriptRunConfig(folder, "in_job.py"))
    details = run.wait_for_completion(raise_on_error=False)
    assert details["status"] == "Completed", f"{details['error']}\n{run.get_log()}"
    target = tmp_path_factory.mktemp("results") / "results.json"
    results: dict[str, str] = json.loads(Path(run.download_file("outputs/results.json", target)).read_text())
    assert sorted(results) == sorted(bodies())
    return results

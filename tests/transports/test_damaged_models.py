"""A model whose bytes vanished or changed on the disk: the same words by three ways, and nothing half-done is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jupyter_process import JupyterProcess

from jupyter_mlws.errors import CorruptData
from jupyter_mlws.runfolder import places
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.model import Model
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace

ASK = """
import os, sys
from jupyter_mlws import Model
for name in ("vanished", "changed", "good", "good"):
    try:
        path = Model.get_model_path(name)
        print(name, sorted(os.listdir(path)), open(os.path.join(path, "b.bin")).read() == "good b.bin" * 1000)
    except Exception as error:
        print(name, type(error).__name__, error.code, "'m/b.bin' of model" in str(error))
left = os.path.join(os.environ["MLWS_RUN_FOLDER"], "inputs", "models")
print(sorted(file for _, _, files in os.walk(left) for file in files))
"""


def model(ws: Workspace, folder: Path, name: str) -> Path:
    """A model of two files; where the second of them is stored."""
    (folder / name / "m").mkdir(parents=True)
    for file in ("a.bin", "b.bin"):
        (folder / name / "m" / file).write_text(f"{name} {file}" * 1000)
    made = Model.register(ws, folder / name / "m", name)
    digest = made.record.files[1].digest
    return Path(ws.location) / "blobs" / digest[:2] / digest[2:]


@pytest.fixture(scope="module")
def damaged(here: Workspace, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Models of which one lost a file and one has a changed one."""
    folder = tmp_path_factory.mktemp("models")
    model(here, folder, "good")
    model(here, folder, "vanished").unlink()
    changed = model(here, folder, "changed")
    os.chmod(changed, 0o600)
    changed.write_bytes(b"x" * changed.stat().st_size)


@pytest.mark.parametrize("way", ["process", "http"])
def test_a_model_without_its_bytes_is_downloaded_by_nobody(
    way: str, damaged: None, here: Workspace, server: JupyterProcess, tmp_path: Path
) -> None:
    ws = here if way == "process" else Workspace(server.url, token=server.token)
    for name in ("vanished", "changed"):
        found = Model(ws, name)
        for ask in (
            lambda found=found: found.download(tmp_path / "out"),
            lambda name=name: Model.get_model_path(name, _workspace=ws),
        ):
            with pytest.raises(CorruptData, match="'m/b.bin' of model") as caught:
                ask()
            assert caught.value.hint
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
    assert not (tmp_path / "out" / "m").exists()
    assert [*(places.cache_dir() / "models").rglob(".mlws-*")] == []
    path = Path(Model.get_model_path("good", _workspace=ws))
    (path / "b.bin").write_text("somebody wrote into the cache")
    assert Path(Model.get_model_path("good", _workspace=ws)) == path
    assert (path / "b.bin").read_text() == "good b.bin" * 1000


def test_a_job_is_told_the_same_and_has_what_is_whole_once(damaged: None, here: Workspace, tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(ASK)
    run = Experiment(here, "models").submit(ScriptRunConfig(tmp_path, "ask.py"))
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.get_log().splitlines() == [
        "vanished CorruptData corrupt_data True",
        "changed CorruptData corrupt_data True",
        "good ['a.bin', 'b.bin'] True",
        "good ['a.bin', 'b.bin'] True",
        "['a.bin', 'a.bin', 'b.bin']",
    ]

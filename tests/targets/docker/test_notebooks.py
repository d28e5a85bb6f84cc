"""A notebook runs in a container as a script does: with a kernel of the image, values, outputs, and secrets masked."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlws import Experiment
from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.sdk.environment import Environment
from jupyter_mlws.sdk.notebook import NotebookRunConfig

_SITE = f"usr/local/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
_CELLS = [
    "lr = 0.1",
    "import os, sys\nprint('inside', os.path.exists('/.dockerenv'), lr, flush=True)\nfrom helper import twice",
    "from jupyter_mlws import Run\nRun.get_context().log('loss', twice(lr))",
    "key = os.environ['KEY']\nsys.stdout.write(key[:7]); sys.stdout.flush()\nsys.stdout.write(key[7:])\nkey",
]


# Large, and a kernel that nobody debugs or completes in goes without them.
_LEFT_OUT = ("debugpy", "jedi", "parso")


def _needed(name: str, found: dict[str, metadata.Distribution]) -> dict[str, metadata.Distribution]:
    """What is installed here of a package and of all that it needs."""
    from packaging.requirements import Requirement

    if name not in found:
        found[name] = metadata.distribution(name)
        for text in found[name].requires or ():
            wanted = Requirement(text)
            if wanted.name not in _LEFT_OUT and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
                _needed(wanted.name, found)
    return found


@pytest.fixture(scope="module")
def image_with_kernel(docker_engine: Any, base_image: str) -> Any:
    """An image that has this machine's own ipykernel."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        described = f"FROM {base_image}\nCOPY packages /{_SITE}\n".encode()
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(described)
        archive.addfile(entry, io.BytesIO(described))
        for distribution in _needed("ipykernel", {}).values():
            for file in distribution.files or ():
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    archive.add(str(distribution.locate_file(file)), f"packages/{file}")
    out.seek(0)
    tag = "mlws-tests/kernel:1"
    docker_engine.client.images.build(fileobj=out, custom_context=True, tag=tag, rm=True, forcerm=True)
    yield tag
    docker_engine.client.images.remove(tag, force=True)


@pytest.fixture
def submit(boxes: Any, image_with_kernel: str) -> Any:
    def submitted(*cells: str, environment: str = "kernels", **words: Any) -> Any:
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(made, boxes.project / "fit.ipynb")
        (boxes.project / "helper.py").write_text("def twice(x):\n    return 2 * x\n")
        Environment.of_spec("kernels", EnvironmentSpec(base_image=image_with_kernel)).register(boxes.ws)
        # What a base has beside its Python is not the environment's, unless somebody says so.
        beside = {"PYTHONPATH": f"/{_SITE}"}
        config = NotebookRunConfig(
            boxes.project,
            "fit.ipynb",
            compute_target="docker",
            environment=environment,
            environment_variables=beside if environment == "kernels" else {},
            **words,
        )
        return Experiment(boxes.ws, "boxes").submit(config)

    return submitted


def left(run: Any, folder: Path) -> Any:
    return nbformat.read(run.download_file("outputs/fit.ipynb", str(folder / "left.ipynb")), 4)


@pytest.mark.timeout(200)
def test_a_notebook_runs_in_a_container_with_the_kernel_of_its_image(boxes: Any, submit: Any, tmp_path: Path) -> None:
    run = submit(*_CELLS, parameters={"lr": 0.5}, secrets={"KEY": "correct horse battery"})
    facts = boxes.end(run)
    assert facts["status"] == "Completed", (facts["error"], run.get_log())
    assert run.get_metrics("loss") == {"loss": 1.0}
    assert run.params["lr"] == "0.5"
    found = left(run, tmp_path)
    nbformat.validate(found)
    assert "inside True 0.5" in run.get_log()
    printed = ["".join(output.get("text", "")) for cell in found.cells for output in cell.get("outputs", [])]
    assert "inside True 0.5\n" in printed
    assert "***" in printed
    assert "correct" not in json.dumps(found) + run.get_log()
    facts = boxes.end(submit(*_CELLS, environment="bare"))
    assert (facts["status"], facts["error"]["code"]) == ("Failed", "environment_lacks")
    assert "ipykernel" in facts["error"]["message"]


@pytest.mark.timeout(200)
def test_a_notebook_that_fails_or_is_canceled_in_a_container_leaves_what_it_has_done(
    boxes: Any, submit: Any, tmp_path: Path
) -> None:
    run = submit("print('first')", "1 / 0")
    facts = boxes.end(run)
    assert facts["status"] == "Failed"
    assert facts["error"]["message"].startswith("ZeroDivisionError: division by zero (fit.ipynb cell [2], line 1)")
    assert left(run, tmp_path).cells[1].outputs[0].ename == "ZeroDivisionError"
    run = submit("print('first')", "print('up', flush=True)\nimport time\ntime.sleep(300)")
    boxes.wait(lambda: "\nup\n" in boxes.log_of(run))
    run.cancel()
    assert boxes.end(run)["status"] == "Canceled"
    assert left(run, tmp_path).cells[0].outputs[0].text == "first\n"
    boxes.wait_until_none_is_left()

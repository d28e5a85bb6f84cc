"""Whether a run can be done again, said before anybody tries; on both databases, nobody dispatches here."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from archives import add_run, services
from needs import lacking

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.environment import EnvironmentSpec, NewEnvironment
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.locks import lock_digest
from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.run import Captured, Run, RunSource, RunSubmission
from jupyter_mlws.domain.secret import SecretValue
from jupyter_mlws.domain.snapshot import LinkedPath, SnapshotRequest
from jupyter_mlws.environments.locking import system
from jupyter_mlws.errors import NotFound
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.store.environments import put_lock


@pytest.fixture
def api(tmp_path: Path, store_factory: Callable[..., Store]) -> Services:
    return services(store_factory(), tmp_path / "workspace")


@pytest.fixture
def script(api: Services, tmp_path: Path) -> Callable[..., Run]:
    """Records a run of a script with this text."""

    def made(text: str = "print(1)", *arguments: str, **facts: Any) -> Run:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        (folder / "train.py").write_text(text)
        snapshot = api.snapshots.create(SnapshotRequest(directory=str(folder), rule="directory")).snapshot
        assert snapshot is not None
        wish = {"command": (sys.executable, "train.py", *arguments), "arguments": arguments, "snapshot_id": snapshot.id}
        return add_run(api, **{**wish, **facts})

    return made


def codes(api: Services, run: Run) -> list[str]:
    return [reason.code for reason in api.runs.reproducibility(run.id).reasons]


def test_of_a_plain_script_nothing_is_said(api: Services, script: Callable[..., Run]) -> None:
    found = api.runs.reproducibility(script().id)
    assert (found.can, found.reasons, found.secrets) == (True, (), ())
    assert str(found) == "It can be done again, and nothing is known that would make a difference."


def test_what_nobody_submitted_cannot_be_done_again(api: Services) -> None:
    run = api.runs.start(RunStart(experiment="digits"))
    found = api.runs.reproducibility(run.id)
    assert (found.can, [reason.code for reason in found.reasons]) == (False, ["not_submitted"])
    assert "mlws submit FILE.py" in found.reasons[0].hint
    source = RunSource(document="digits.ipynb", cell_id="c1")
    tracked = api.runs.start(RunStart(experiment="digits", source=source))
    (reason,) = api.runs.reproducibility(tracked.id).reasons
    assert "a cell of digits.ipynb" in reason.sentence
    assert "Execute the cell again" in reason.hint
    with pytest.raises(NotFound):
        api.runs.reproducibility("99")


def test_bytes_that_are_gone_stand_in_the_way(api: Services, script: Callable[..., Run], tmp_path: Path) -> None:
    run = script("print('gone')")
    kept = script("print('kept')")
    for path in (tmp_path / "workspace" / "blobs").rglob("*"):
        if path.is_file() and path.read_bytes() == b"print('gone')":
            path.unlink()
    found = api.runs.reproducibility(run.id)
    assert not found.can
    assert found.reasons[0].code == "bytes_gone"
    assert "the file train.py of its snapshot is gone" in found.reasons[0].sentence
    assert api.runs.reproducibility(kept.id).can


def test_data_of_a_time_that_no_calendar_has_was_changed(api: Services, script: Callable[..., Run]) -> None:
    if not os.access("/dev/shm", os.W_OK):
        lacking("This needs /dev/shm, a file system that takes any time.")
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        os.utime(file.name, (1e12, 1e12))
        recorded = datetime(2026, 1, 1, tzinfo=UTC)
        link = LinkedPath(path="x.csv", target=file.name, reason="asked", size_bytes=0, modified_at=recorded)
        assert codes(api, script(links=(link,))) == ["data_changed"]


def test_data_in_place_is_looked_at(api: Services, script: Callable[..., Run], tmp_path: Path) -> None:
    here = tmp_path / "here.csv"
    here.write_text("1")
    moment = datetime.fromtimestamp(here.stat().st_mtime, UTC)
    same = LinkedPath(path="here.csv", target=str(here), reason="asked", size_bytes=1, modified_at=moment)
    gone = replace(same, path="../gone.csv", target=str(tmp_path / "gone"))
    grown = replace(same, path="grown.csv", size_bytes=99)
    touched = replace(same, path="touched.csv", modified_at=moment - timedelta(hours=1))
    assert codes(api, script(links=(same,))) == ["linked_data"]
    found = api.runs.reproducibility(script(links=(same, grown, gone, touched)).id)
    assert [reason.code for reason in found.reasons] == ["data_missing", "data_changed", "linked_data"]
    assert [reason.sentence for reason in found.reasons[:2]] == [
        "It read ../gone.csv in place, and that is not here.",
        "It read grown.csv, touched.csv in place, which changed since.",
    ]
    assert found.can


def test_an_interpreter_that_is_not_here_stands_in_the_way(api: Services, script: Callable[..., Run]) -> None:
    run = script(command=("/opt/gone/bin/python", "train.py"))
    found = api.runs.reproducibility(run.id)
    assert not found.can
    assert found.reasons[0].code == "interpreter_gone"
    assert f"mlws run rerun {run.number} --env" in found.reasons[0].hint


def test_secrets_and_masked_arguments_are_named(api: Services, script: Callable[..., Run]) -> None:
    run = script("print(1)", "--token", "abc", secrets={"HF_TOKEN": "s"})
    found = api.runs.reproducibility(run.id)
    assert (found.can, found.secrets) == (True, ("HF_TOKEN", "--token"))
    assert found.reasons[0].hint == f"Give them again: mlws run rerun {run.number} --secret HF_TOKEN --secret --token"


def test_secrets_of_the_vault_are_named_and_need_not_be_given(api: Services, script: Callable[..., Run]) -> None:
    api.secrets.set("HF_TOKEN", SecretValue(value="s"))
    api.secrets.set("WANDB", SecretValue(value="s"))
    variables = {"WANDB_API_KEY": "secret:WANDB", "GONE": "secret:OTHER"}
    run = script(secrets={"HF_TOKEN": "s", "OTHER": "o"}, environment_variables=variables)
    found = api.runs.reproducibility(run.id)
    assert (found.can, found.secrets) == (True, ("OTHER",))
    assert [reason.code for reason in found.reasons] == ["secrets", "vault_secrets"]
    assert "handed HF_TOKEN, WANDB from your vault" in found.reasons[1].sentence


@pytest.mark.parametrize(
    ("text", "facts", "told"),
    [
        ("import random\nprint(random.random())", {}, True),
        ("import numpy as np\nnp.random.default_rng()", {}, True),
        ("import numpy as np\nnp.random.default_rng(3)", {}, False),
        ("import torch\ntorch.manual_seed(1)", {}, False),
        ("from sklearn.svm import SVC\nSVC(random_state=0)", {}, False),
        ("import random", {"params": {"seed": "1"}}, False),
        ("import random", {"captured": (Captured(name="random", how="random"),)}, False),
        ("import random\nrandom.Random(7).random()", {}, False),
        ("import numpy as np\nnp.random.random(7)", {}, True),
        ("import math", {}, False),
    ],
)
def test_a_seed_that_nobody_set_is_told(
    api: Services, script: Callable[..., Run], text: str, facts: dict[str, Any], told: bool
) -> None:
    assert codes(api, script(text, **facts)) == ["seed_unknown"] * told


def test_files_that_did_not_hold_still_are_named(api: Services, script: Callable[..., Run]) -> None:
    run = script(notes=("a.py changed while it was read", "something else"))
    [reason] = api.runs.reproducibility(run.id).reasons
    assert reason.code == "changed_during_snapshot"
    assert "a.py changed" in reason.sentence


def test_an_environment_that_was_never_resolved_is_told(api: Services, script: Callable[..., Run]) -> None:
    api.environments.register(NewEnvironment(name="small", spec=EnvironmentSpec(packages=("six",))))
    run = script(environment="small", command=("python", "train.py"))
    found = api.runs.reproducibility(run.id)
    assert (found.can, found.environment, [reason.code for reason in found.reasons]) == (True, "small:1", ["no_lock"])


def test_an_interpreter_that_is_taken_as_it_is_is_told(api: Services, script: Callable[..., Run]) -> None:
    for name, python in (("here", sys.executable), ("gone", "/opt/gone/bin/python")):
        spec = EnvironmentSpec(kind="user_managed", python=python)
        api.environments.register(NewEnvironment(name=name, spec=spec))
    assert codes(api, script(environment="here", command=("python", "train.py"))) == ["not_locked"]
    run = script(environment="gone", command=("python", "train.py"))
    assert (codes(api, run), api.runs.reproducibility(run.id).can) == (["interpreter_gone"], False)


# -- the kernel's packages


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An interpreter with two packages on an index and one that is edited."""
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    for name in ("six-1.16.0", "scikit_learn-1.5.0", "mine-0.1", "jupyter_mlws-0.1.0"):
        (site / f"{name}.dist-info").mkdir(parents=True)
    (site / "mine-0.1.dist-info" / "direct_url.json").write_text("{}")
    (site / "not a package").mkdir()
    python = tmp_path / "venv" / "bin" / "python"
    python.symlink_to(sys.executable)
    return python


def install(python: Path, old: str, new: str) -> None:
    site = python.parents[1] / "lib" / "python3.11" / "site-packages"
    (site / f"{old}.dist-info").rename(site / f"{new}.dist-info")


def test_what_a_kernel_has_installed_is_an_environment_that_others_can_build(
    api: Services, script: Callable[..., Run], venv: Path
) -> None:
    run = script(command=(str(venv), "train.py"))
    found = api.runs.reproducibility(run.id)
    assert (found.can, found.reasons, found.environment) == (True, (), "kernel:1")
    kernel = api.environments.get("kernel", 1)
    assert kernel.spec == EnvironmentSpec(python="3.11", packages=("scikit_learn==1.5.0", "six==1.16.0"))
    assert kernel.description.endswith("but for mine, which came from a folder or an address.")
    assert api.environments.list().items == ()
    assert api.environments.list("kernel").items == (kernel,)
    assert run.environment == "kernel"


def test_it_is_recorded_once_and_anew_where_it_changed(api: Services, script: Callable[..., Run], venv: Path) -> None:
    first = script(command=(str(venv), "train.py"))
    script(command=(str(venv), "train.py"))
    assert len(api.environments.list("kernel").items) == 1
    install(venv, "six-1.16.0", "six-1.17.0")
    found = api.runs.reproducibility(first.id)
    assert [reason.code for reason in found.reasons] == ["kernel_changed", "packages_left_out"]
    assert "six 1.17.0 instead of 1.16.0." in found.reasons[0].sentence
    assert found.reasons[0].hint.endswith(f"mlws run rerun {first.number} --env kernel:1")
    assert found.can
    again = script(command=(str(venv), "train.py"))
    assert api.runs.reproducibility(again.id).environment == "kernel:2"
    install(venv, "six-1.17.0", "six-1.16.0")
    assert api.runs.reproducibility(script(command=(str(venv), "train.py")).id).environment == "kernel:1"
    done = api.runs.rerun(first.id, Rerun(environment="kernel:1"))
    assert (done.environment, done.command[0]) == ("kernel:1", "python")


def test_a_kernel_of_another_machine_travels_as_an_environment(
    api: Services, script: Callable[..., Run], venv: Path, tmp_path: Path
) -> None:
    run = script(command=(str(venv), "train.py"))
    archive = api.archives.export().read()
    venv.unlink()
    folder = tmp_path / "there"
    folder.mkdir()
    with Store.open(folder) as store:
        there = services(store, folder, "there")
        there.runs.submit(RunSubmission(experiment="x", command=(sys.executable, "-c", "1")))  # has a kernel:1
        there.archives.import_file(Upload(archive))
        found = there.runs.reproducibility(run.id)
        assert (found.can, found.environment) == (False, "kernel:2")
        assert [reason.code for reason in found.reasons] == ["interpreter_gone", "packages_left_out"]
        assert found.reasons[0].hint.endswith("--env kernel:2")
        assert there.environments.get("kernel", 2).spec == api.environments.get("kernel", 1).spec
        assert there.runs.rerun(run.id, Rerun(environment="kernel:2")).environment == "kernel:2"


def test_programs_that_are_no_python_have_no_packages(api: Services, script: Callable[..., Run]) -> None:
    run = script(command=("/bin/sh", "-c", "true"))
    assert api.runs.reproducibility(run.id).environment == ""


def test_another_kind_of_machine_is_told(
    api: Services, script: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = script()
    monkeypatch.setattr("jupyter_mlws.services.reproducibility.machine_text", lambda: "linux-riscv64")
    [reason] = api.runs.reproducibility(run.id).reasons
    assert reason.code == "machine_differs"
    assert "here it is linux-riscv64" in reason.sentence


def test_an_image_by_its_tag_and_a_dockerfile_are_not_locked(
    api: Services, script: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mlws.targets.registry.check_ready", lambda name, environment: None)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    digest = "python@sha256:" + "a" * 64
    for name, spec in {
        "tag": EnvironmentSpec(kind="user_managed", base_image="python:3.11"),
        "digest": EnvironmentSpec(kind="user_managed", base_image=digest),
        "file": EnvironmentSpec(kind="user_managed", dockerfile="FROM python:3.11"),
    }.items():
        api.environments.register(NewEnvironment(name=name, spec=spec))
    facts = {"command": ("python", "train.py"), "compute_target": "docker"}
    assert codes(api, script(environment="tag", **facts)) == ["not_locked"]
    assert codes(api, script(environment="digest", **facts)) == []
    assert codes(api, script(environment="file", **facts)) == ["not_locked"]


def test_every_reason_is_explained_in_the_docs() -> None:
    """And the page explains none that there is not."""
    root = Path(__file__).parents[2]
    page = (root / "docs" / "reproduce.md").read_text()
    sources = (root / "jupyter_mlws" / "services" / "reproducibility").glob("*.py")
    named = {code for path in sources for code in re.findall(r'(?:code=|blocked\()"([a-z_]+)"', path.read_text())}
    table = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    rows = {code for cell in table for code in re.findall(r"`([a-z_]+)`", cell)}
    assert named <= rows
    assert rows - named == {"can", "reasons", "secrets", "environment", "lock_digest"} - named


def test_packages_of_conda_that_are_not_built_here_need_their_channel(
    api: Services, script: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLWS_CACHE_DIR", str(tmp_path / "cache"))
    found = api.environments.register(NewEnvironment(name="signals", spec=EnvironmentSpec(conda=("demo",))))
    text = f"lab::demo=1=0 sha256:{'0' * 64}\n"
    with api.store.write() as c:
        put_lock(c, found, system=system(), python="3.11", digest=lock_digest("3.11", system(), text), body=text)
    (reason,) = api.runs.reproducibility(script(environment="signals:1").id).reasons
    assert reason.code == "needs_network"
    assert "no archive" in reason.hint

"""Models by the SDK: from files of this machine and back, without a dispatcher."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import Model, Workspace
from jupyter_mlws.domain import model as words
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.model import ModelFile, ModelRegistration
from jupyter_mlws.errors import (
    AlreadyExists,
    InvalidInput,
    InvalidPath,
    MlwsError,
    NotFound,
    TooLarge,
    Unavailable,
    UsageError,
)
from jupyter_mlws.runfolder import places
from jupyter_mlws.sdk import model_files


@pytest.fixture
def lab(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model as programs leave it."""
    made = tmp_path / "bert"
    (made / "onnx").mkdir(parents=True)
    (made / "config.json").write_text("{}")
    (made / "weights.bin").write_bytes(os.urandom(3_000_000))
    (made / "onnx" / "weights.bin").write_bytes(b"small")
    (made / "empty").touch()
    return made


def content(folder: Path | str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_a_folder_comes_back_as_it_was(lab: Workspace, folder: Path, tmp_path: Path) -> None:
    model = Model.register(lab, folder, "bert")
    assert model.files == ["bert/config.json", "bert/empty", "bert/onnx/weights.bin", "bert/weights.bin"]
    path = model.download(tmp_path / "out")
    assert path == str(tmp_path / "out" / "bert")
    assert content(path) == content(folder)
    assert sorted(os.listdir(tmp_path / "out")) == ["bert"]
    one = Model.register(lab, folder / "config.json", "config")
    assert Path(one.download(tmp_path / "out")).read_text() == "{}"
    assert (one.run, one.run_id, one.snapshot_id) == (None, None, None)


def test_links_are_followed_and_what_no_model_has_is_left_out(lab: Workspace, folder: Path, tmp_path: Path) -> None:
    (folder / "blobs").symlink_to(tmp_path / "bert" / "onnx")
    (folder / "round").symlink_to(folder)
    (folder / "latest.bin").symlink_to("weights.bin")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").touch()
    model = Model.register(lab, folder, "bert")
    assert {"bert/blobs/weights.bin", "bert/latest.bin"} <= set(model.files)
    assert not [name for name in model.files if "pycache" in name or "round" in name]
    os.mkfifo(folder / "pipe")
    with pytest.raises(InvalidInput, match="pipe' is no plain file"):
        Model.register(lab, folder, "bert")
    (folder / "pipe").unlink()
    (folder / "dangling").symlink_to("nowhere")
    with pytest.raises(InvalidInput, match="dangling' cannot be read"):
        Model.register(lab, folder, "bert")
    assert [found.version for found in Model.list(lab)] == [1]


def test_child_paths_choose(lab: Workspace, folder: Path) -> None:
    model = Model.register(lab, folder, "bert", child_paths=["onnx", "config.json", "onnx/weights.bin"])
    assert model.files == ["bert/config.json", "bert/onnx/weights.bin"]
    with pytest.raises(NotFound, match="no 'missing'"):
        Model.register(lab, folder, "bert", child_paths=["missing"])
    with pytest.raises(InvalidPath):
        Model.register(lab, folder, "bert", child_paths=["../workspace"])
    with pytest.raises(InvalidInput, match="is a file"):
        Model.register(lab, folder / "config.json", "bert", child_paths=["a"])


def test_what_cannot_be_registered_takes_no_version(lab: Workspace, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    many = tmp_path / "many"
    many.mkdir()
    for number in range(1501):
        (many / str(number)).touch()
    for path, error in ((tmp_path / "nothing", InvalidInput), (many, TooLarge), (tmp_path / "gone", NotFound)):
        with pytest.raises(error):
            Model.register(lab, path, "m")
    with pytest.raises(MlwsError):
        Model.register(lab, folder, "no spaces")
    assert Model.list(lab) == []
    assert Model.register(lab, folder, "m").version == 1


def test_a_download_replaces_what_it_may_and_nothing_else(lab: Workspace, folder: Path, tmp_path: Path) -> None:
    model = Model.register(lab, folder, "bert")
    out = tmp_path / "out"
    (out / "bert").mkdir(parents=True)
    (out / "bert" / "config.json").write_text("old")
    (out / "bert" / "mine.txt").write_text("mine")
    with pytest.raises(AlreadyExists, match="exist_ok=True"):
        model.download(out)
    assert content(out / "bert") == {"config.json": b"old", "mine.txt": b"mine"}
    model.download(out, exist_ok=True)
    assert content(out / "bert") == {**content(folder), "mine.txt": b"mine"}
    (out / "bert" / "weights.bin").unlink()
    (out / "bert" / "weights.bin").mkdir()
    (out / "bert" / "config.json").write_text("mine, too")
    with pytest.raises(AlreadyExists, match="is a folder"):
        model.download(out, exist_ok=True)
    assert (out / "bert" / "config.json").read_text() == "mine, too"
    assert [*out.glob(".mlws-*")] == []


@pytest.mark.parametrize("name", ["../../up", "/etc/passwd", "m/../../up", "C:\\up", "m/%2e%2e/up", "m\nup", ""])
def test_P01_P02_P08_a_server_that_names_files_elsewhere_has_nothing_written(
    lab: Workspace, tmp_path: Path, name: str
) -> None:
    file = ModelFile(path=name, size_bytes=1, digest="a" * 64)
    record = words.Model(name="m", version=1, created_at=now(), files=(file,))
    for ask in (
        lambda: model_files.download(lab.api, record, tmp_path / "a" / "b", exist_ok=True),
        lambda: model_files.cached(lab.api, record),
    ):
        with pytest.raises(InvalidPath):
            ask()
    assert not (tmp_path / "a").exists()
    assert not (places.cache_dir() / "models").exists()


def test_many_ask_for_a_models_path_at_once(lab: Workspace, folder: Path) -> None:
    Model.register(lab, folder, "bert")
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: Model.get_model_path("bert", _workspace=lab), range(16)))
    assert len(paths) == 1
    assert content(paths.pop()) == content(folder)
    assert len([*(places.cache_dir() / "models").iterdir()]) == 1


def test_versions_with_the_same_files_share_their_place_in_the_cache(lab: Workspace, folder: Path) -> None:
    Model.register(lab, folder, "bert")
    Model.register(lab, folder, "bert")
    assert Model.get_model_path("bert", 1, _workspace=lab) == Model.get_model_path("bert", 2, _workspace=lab)


class Deaf:
    """The registry, whose first answer to a registration gets lost."""

    def __init__(self, models: Any) -> None:
        self._models = models
        self.calls: list[ModelRegistration] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._models, name)

    def register(self, registration: ModelRegistration) -> Any:
        self.calls.append(registration)
        made = self._models.register(registration)
        if len(self.calls) == 1:
            raise Unavailable("The answer got lost.", details={"retry_after_s": 0.0})
        return made


def test_a_registration_that_is_repeated_makes_one_version(tmp_path: Path, folder: Path) -> None:
    from types import SimpleNamespace

    from jupyter_mlws import workspace as room
    from jupyter_mlws.api.interface import NOUNS
    from jupyter_mlws.api.patience import patient
    from jupyter_mlws.sdk.connection import Connection

    opened = room.connect(str(tmp_path / "workspace"))
    deaf = Deaf(opened.api.models)
    api: Any = SimpleNamespace(**{noun: getattr(opened.api, noun) for noun in NOUNS} | {"models": deaf})
    lab = Workspace._of(Connection(api=patient(api), id=opened.id, location=str(opened.location)))
    assert Model.register(lab, folder, "bert").version == 1
    assert len(deaf.calls) == 2
    assert [model.id for model in Model.list(lab)] == ["bert:1"]


def test_a_version_is_named_in_many_ways_and_once(lab: Workspace, folder: Path) -> None:
    for _ in range(3):
        Model.register(lab, folder / "config.json", "bert", tags={"stage": "test"})
    Model(lab, "bert", 2).set_alias("live")
    named = ["bert:2", "bert@live"]
    assert {Model(lab, name).version for name in named} == {2}
    assert Model(lab, id="bert:2") == Model(lab, "bert", alias="live") == Model(lab, "bert", version=2)
    assert {Model(lab, name).version for name in ("bert", "bert:latest", "bert@latest")} == {3}
    assert Model(lab, tags=[["stage", "test"]]).version == 3
    with pytest.raises(NotFound):
        Model(lab, tags="other")
    for wrong in (
        {"name": "bert:2", "version": 2},
        {"name": "bert@live", "alias": "live"},
        {"name": "bert", "version": 1, "alias": "live"},
        {"name": "bert", "version": 1, "tags": {"a": ""}},
        {"name": "other", "id": "bert:1"},
        {},
    ):
        with pytest.raises(UsageError):
            Model(lab, **wrong)
    for odd in ("bert:", "bert:x", "bert@", "bert:-1", "bert:1:2"):
        with pytest.raises(InvalidInput):
            Model(lab, odd)
    for number in (0, -1):
        with pytest.raises(InvalidInput):
            Model(lab, "bert", number)


def test_what_is_shown_is_what_counts(lab: Workspace, folder: Path) -> None:
    model = Model.register(lab, folder, "bert", description="<b>", model_framework="PyTorch")
    model.set_alias("live")
    assert repr(model) == "Model('bert:1' @live)"
    assert "&lt;b&gt;" in model._repr_html_()
    model.delete()
    assert repr(model) == "Model('bert:1' @live, in the trash)"
    model.restore()
    with pytest.raises(NotFound, match="It has live"):
        model.remove_alias("other")

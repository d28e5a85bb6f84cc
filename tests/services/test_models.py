"""The model registry: what a version is made of, how it is found, changed and deleted, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asleep import Asleep

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import MAX_MODEL_FILES, Model, ModelFile, ModelRegistration, ModelUpdate
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.errors import (
    Conflict,
    CorruptData,
    InvalidInput,
    InvalidName,
    InvalidPath,
    MlwsError,
    NotFound,
    TooLarge,
)
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store, files


@dataclass
class Place:
    api: Services
    blobs: BlobStore

    def run(self, *names: str, **facts: Any) -> Run:
        """A run that left these outputs."""
        run = self.api.runs.submit(RunSubmission(experiment="digits", command=("true",), **facts))
        for name in names:
            stored = self.blobs.put_bytes(name.encode())
            left = RunFile(
                name=name,
                kind=FileKind.OUTPUT,
                size_bytes=stored.size_bytes,
                digest=stored.digest,
                mode=0o644,
                modified_at=now(),
            )
            with self.api.store.write() as c:
                files.put_files(c, run.id, [left])
        return run

    def file(self, path: str = "m.bin", data: bytes = b"weights") -> ModelFile:
        stored = self.api.blobs.upload("m", Upload(data))
        return ModelFile(path=path, size_bytes=stored.size_bytes, digest=stored.digest)

    def register(self, name: str = "digits", **facts: Any) -> Model:
        return self.api.models.register(ModelRegistration(name=name, files=(self.file(),), **facts))

    def ids(self, **wish: Any) -> list[str]:
        return [model.id for model in self.api.models.list(**wish).items]

    def blob_file(self, digest: str) -> Path:
        found = self.blobs.local_path(digest)
        assert found is not None
        return found


@pytest.fixture
def place(tmp_path: Path, store_factory: Callable[..., Store]) -> Place:
    folder = tmp_path / "workspace"
    folder.mkdir()
    blobs = BlobStore(folder / "blobs")
    return Place(Services(folder, store_factory(), blobs, wake=Asleep(), user="ada", host="box"), blobs)


def test_a_version_keeps_every_fact_and_where_it_comes_from(place: Place, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("pass")
    report = place.api.snapshots.create(SnapshotRequest(directory=str(tmp_path / "code"), rule="directory"))
    assert report.snapshot is not None
    run = place.run("outputs/m/a.bin", "outputs/m/b/c.bin", "outputs/mm", snapshot_id=report.snapshot.id)
    facts = {
        "tags": {"stage": "tést"},
        "properties": {"accuracy": "0.9"},
        "description": "of the paper",
        "framework": "ScikitLearn",
        "framework_version": "1.5",
    }
    made = place.api.models.register(ModelRegistration(name="digits", run_id=run.id, path="outputs/m", **facts))
    assert made == place.api.models.get("digits", 1) == place.api.models.get("digits", 0)
    assert {name: getattr(made, name) for name in facts} == facts
    assert [file.path for file in made.files] == ["m/a.bin", "m/b/c.bin"]
    assert (made.run_id, made.run_number, made.snapshot_id) == (run.id, run.number, report.snapshot.id)
    assert made.size_bytes == len("outputs/m/a.bin" + "outputs/m/b/c.bin")
    assert place.api.models.download("digits", 1, "m/b/c.bin").read() == b"outputs/m/b/c.bin"
    assert place.api.workspace.info().model_count == 1


@pytest.mark.only_sqlite
def test_child_paths_choose_files_and_folders_below_the_path(place: Place) -> None:
    run = place.run("outputs/m/a", "outputs/m/ab", "outputs/m/b/c", "outputs/m/d")

    def register(*child_paths: str) -> list[str]:
        wish = ModelRegistration(name="digits", run_id=run.id, path="outputs/m", child_paths=child_paths)
        return [file.path for file in place.api.models.register(wish).files]

    assert register("a", "b") == ["m/a", "m/b/c"]
    with pytest.raises(NotFound, match="outputs/m/e"):
        register("a", "e")
    assert place.ids() == ["digits:1"]


@pytest.mark.only_sqlite
def test_what_the_run_did_not_leave_is_not_found_and_takes_no_number(place: Place) -> None:
    run = place.run("outputs/m")
    with pytest.raises(NotFound, match=rf"Run #{run.number} has no output 'outputs/x'.*While the run lives"):
        place.api.models.register(ModelRegistration(name="digits", run_id=run.id, path="outputs/x"))
    with pytest.raises(NotFound, match="no run"):
        place.api.models.register(ModelRegistration(name="digits", run_id="nobody", path="outputs/m"))
    with pytest.raises(InvalidInput, match="Upload"):
        missing = ModelFile(path="a", size_bytes=3, digest="a" * 64)
        place.api.models.register(ModelRegistration(name="digits", files=(missing,)))
    assert place.register().version == 1


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"name": "no spaces"}, InvalidName),
        ({"name": "../up"}, InvalidName),
        ({"path": "../../etc/passwd"}, InvalidPath),
        ({"path": ""}, InvalidInput),
        ({"run_id": ""}, InvalidInput),
        ({"child_paths": ("../x",)}, InvalidPath),
        ({"path": "", "files": (ModelFile(path="/etc/passwd", size_bytes=1, digest="a" * 64),)}, InvalidPath),
        ({"path": "", "files": (ModelFile(path="a", size_bytes=1, digest="../up"),)}, InvalidInput),
        ({"path": "", "files": (ModelFile(path="a", size_bytes=1, digest="a" * 64),) * 2}, InvalidPath),
        ({"tags": {str(n): "" for n in range(51)}}, TooLarge),
        ({"properties": {"mlws.run_id": "x"}}, InvalidInput),
        ({"framework": "x" * 101}, TooLarge),
    ],
)
def test_what_no_model_can_be_is_refused_before_anything_is_stored(facts: dict, error: type[MlwsError]) -> None:
    with pytest.raises(error):
        ModelRegistration(**{"name": "digits", "run_id": "r", "path": "outputs/m", **facts})


def test_a_file_cannot_be_the_folder_of_another() -> None:
    one, two = (ModelFile(path=path, size_bytes=1, digest="a" * 64) for path in ("m/a", "m/a/b/c"))
    with pytest.raises(InvalidPath, match="m/a"):
        ModelRegistration(name="digits", files=(one, two))


@pytest.mark.only_sqlite
def test_at_most_1500_files_are_one_model(place: Place) -> None:
    given = place.file()
    many = tuple(
        ModelFile(path=f"m/{n}", size_bytes=given.size_bytes, digest=given.digest) for n in range(MAX_MODEL_FILES + 1)
    )
    with pytest.raises(TooLarge, match="1,501 files"):
        ModelRegistration(name="digits", files=many)
    assert len(place.api.models.register(ModelRegistration(name="digits", files=many[1:])).files) == 1500


def test_a_repeated_registration_makes_no_second_version(place: Place) -> None:
    first = place.register(key="k")
    assert place.register("other", key="k") == first
    assert place.ids() == ["digits:1"]


def test_tags_change_and_properties_are_only_added(place: Place) -> None:
    place.register(tags={"a": "1", "b": "2"}, properties={"p": "1"})
    change = place.api.models.update
    after = change("digits", 0, ModelUpdate(tags={"a": None, "c": "é"}, properties={"q": "2"}, description="d"))
    assert (after.tags, after.properties, after.description) == ({"b": "2", "c": "é"}, {"p": "1", "q": "2"}, "d")
    assert change("digits", 1, ModelUpdate(properties={"p": "1"})).properties == {"p": "1", "q": "2"}
    with pytest.raises(Conflict, match="'p'"):
        change("digits", 1, ModelUpdate(properties={"p": "other", "r": "3"}))
    assert place.api.models.get("digits", 1).properties == {"p": "1", "q": "2"}
    with pytest.raises(TooLarge):
        change("digits", 1, ModelUpdate(tags={str(n): "" for n in range(50)}))
    with pytest.raises(NotFound):
        change("digits", 2, ModelUpdate(description="x"))
    assert (after.framework, after.updated_at is not None) == ("", True)


def test_an_alias_names_one_version_however_many_give_it_at_once(place: Place) -> None:
    for _ in range(4):
        place.register()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: place.api.models.set_alias("digits", "production", 1 + n % 4), range(16)))
    having = [model for model in place.api.models.list().items if "production" in model.aliases]
    assert [model.id for model in having] == [place.api.models.get_by_alias("digits", "production").id]
    place.api.models.set_alias("digits", "candidate", 0)
    assert place.api.models.get_by_alias("digits", "candidate").version == 4
    assert place.api.models.remove_alias("digits", "candidate").version == 4
    with pytest.raises(NotFound, match="Its aliases: production, latest"):
        place.api.models.get_by_alias("digits", "candidate")
    with pytest.raises(NotFound, match="no model 'nobody'"):
        place.api.models.get_by_alias("nobody", "production")


def test_the_latest_version_has_its_alias_without_being_given_it(place: Place) -> None:
    place.register()
    assert place.api.models.get_by_alias("digits", "latest").version == 1
    place.register()
    assert place.api.models.get_by_alias("digits", "latest").version == 2
    for word in ("latest", "3", "v3", "", "a b", "../x", "x" * 101):
        with pytest.raises(InvalidName):
            place.api.models.set_alias("digits", word, 1)


def test_a_deleted_version_is_nowhere_until_it_is_restored_and_its_number_is_not_given_again(place: Place) -> None:
    place.register(tags={"stage": "test"})
    place.register()
    place.api.models.set_alias("digits", "production", 2)
    api = place.api.models
    with pytest.raises(InvalidInput, match="digits:1"):
        api.delete("digits", 0)
    gone = api.delete("digits", 2)
    assert (gone.kind, gone.name, gone.size_bytes, (gone.until - gone.deleted_at).days) == ("model", "digits:2", 0, 7)
    assert api.delete("digits", 2) == gone  # asked again, for the answer got lost
    assert place.ids() == ["digits:1"]
    assert place.ids(deleted=True) == ["digits:2"]
    assert api.get("digits", 0).version == 1
    assert place.api.workspace.info().model_count == 1
    refused = [
        lambda: api.get("digits", 2),
        lambda: api.get_by_alias("digits", "production"),
        lambda: api.download("digits", 2, "m.bin"),
        lambda: api.update("digits", 2, ModelUpdate(description="x")),
        lambda: api.set_alias("digits", "other", 2),
    ]
    for ask in refused:
        with pytest.raises(NotFound, match=r"in the trash.*mlws models restore digits:2"):
            ask()
    assert place.register().version == 3
    back = api.restore("digits", 2)
    assert (back.deleted_at, back.aliases) == (None, ("production",))
    assert api.restore("digits", 2) == back
    assert place.ids() == ["digits:3", "digits:2", "digits:1"]
    alone = (place.file("a", b"nobody else has this"), place.file("b"))
    api.register(ModelRegistration(name="alone", files=alone))
    assert api.delete("alone", 1).size_bytes == len(b"nobody else has this")


def test_models_are_found_by_what_they_have(place: Place) -> None:
    run = place.run("outputs/m")
    place.register("alpha", tags={"stage": "test", "Owner": "Ada"}, properties={"acc": "0.9"}, description="Über alles")
    place.register("alpha", tags={"stage": "test"}, properties={"acc": "0.8"})
    place.register("beta", tags={"stage": "live"})
    place.api.models.register(ModelRegistration(name="beta", run_id=run.id, path="outputs/m"))
    place.api.models.set_alias("beta", "Production", 1)
    assert place.ids(latest=True) == ["beta:2", "alpha:2"]
    assert place.ids(name="alpha") == ["alpha:2", "alpha:1"]
    assert place.ids(run=str(run.number)) == place.ids(run=run.id) == ["beta:2"]
    assert place.ids(tags=json.dumps({"stage": "test"})) == ["alpha:2", "alpha:1"]
    assert place.ids(tags=json.dumps({"stage": "test", "Owner": None})) == ["alpha:1"]
    assert place.ids(properties=json.dumps({"acc": "0.8"})) == ["alpha:2"]
    assert place.ids(properties=json.dumps({"acc": None})) == ["alpha:2", "alpha:1"]
    assert place.ids(tags=json.dumps({"stage": "test"}), properties=json.dumps({"acc": "0.9"})) == ["alpha:1"]
    for text, found in {"ÜBER": "alpha:1", "owner=ada": "alpha:1", "PRODUCT": "beta:1", "alpha:2": "alpha:2"}.items():
        assert place.ids(search=text) == [found]
    assert place.ids(search="no such thing") == place.ids(search="%") == []
    place.api.models.delete("alpha", 2)
    assert place.ids(latest=True) == ["beta:2", "alpha:1"]
    for odd in ("[]", "{", '{"a": 1}', "null", '{"a": "\\u0000"}'):
        with pytest.raises(InvalidInput):
            place.ids(tags=odd)


def test_pages_of_a_search_have_each_version_once(place: Place) -> None:
    for n in range(25):
        place.register(f"m{n % 3}", tags={"even": str(n % 2 == 0)})
    everything = place.ids(limit=100)
    for wish in ({}, {"search": "EVEN=TRUE"}, {"tags": '{"even": "True"}'}):
        found: list[str] = []
        cursor = None
        while True:
            page = place.api.models.list(limit=4, cursor=cursor, **wish)
            found += [model.id for model in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == (everything if not wish else everything[::2])


@pytest.mark.only_sqlite
def test_a_model_whose_bytes_are_gone_says_which(place: Place) -> None:
    given = (place.file("m/a", b"a"), place.file("m/b", b"b"))
    place.api.models.register(ModelRegistration(name="digits", files=given))
    assert place.api.models.fetch("digits", 0).id == "digits:1"
    place.blob_file(given[1].digest).unlink()
    for ask in (
        lambda: place.api.models.fetch("digits", 1),
        lambda: place.api.models.download("digits", 1, "m/b"),
    ):
        with pytest.raises(CorruptData, match=r"'m/b' of model digits:1 are gone"):
            ask()
    assert place.api.models.download("digits", 1, "m/a").read() == b"a"


def test_a_model_outlives_its_run_and_says_so(place: Place) -> None:
    run = place.run("outputs/m")
    place.api.models.register(ModelRegistration(name="digits", run_id=run.id, path="outputs/m"))
    assert not place.api.models.get("digits", 1).run_deleted
    place.api.runs.cancel(run.id)
    place.api.runs.delete(run.id)
    kept = place.api.models.get("digits", 1)
    assert (kept.run_deleted, kept.run_id) == (True, run.id)
    assert place.api.models.download("digits", 1, "m").read() == b"outputs/m"
    place.api.runs.restore(run.id)
    assert not place.api.models.get("digits", 1).run_deleted

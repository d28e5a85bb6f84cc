"""The same workspace in process and over HTTP: both ways do, answer and refuse alike."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asleep import Asleep

from jupyter_mlws import workspace
from jupyter_mlws.api.http import HttpApi, ServerApi
from jupyter_mlws.api.interface import Api
from jupyter_mlws.api.routes import Download, Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, InvalidName, InvalidPath, MlwsError, NotFound
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.store.files import put_file

from .conftest import in_thread


@pytest.fixture
def here(jp_serverapp: Any, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A project's workspace below the server's root, in process; nothing is dispatched, from the server neither."""
    monkeypatch.setattr(workspace.Wake, "__call__", lambda self: None)
    folder = workspace.create(jp_root_dir, "lab")
    with Store.open(folder) as store:
        yield Services(folder, store, BlobStore(folder / "blobs"), wake=Asleep(), user="ada", host="here")


@pytest.fixture
def there(server: ServerApi, here: Services) -> Callable[[], HttpApi]:
    """The same workspace over HTTP (asks the server: call it in a thread)."""
    return lambda: server.workspace(server.registry.resolve("notebook.ipynb").id)


def submission(**facts: Any) -> RunSubmission:
    return RunSubmission(experiment="digits", command=("python", "train.py"), params={"lr": "0.1"}, **facts)


async def test_a_run_is_submitted_looked_at_changed_and_canceled(here: Services, there: Any) -> None:
    api: Api = await in_thread(there)
    run = await in_thread(api.runs.submit, submission(tags={"a": "ä"}, key="once"))
    assert run.status == RunStatus.QUEUED
    assert (await in_thread(api.runs.submit, submission(key="once"))).id == run.id
    assert here.runs.get(run.id) == await in_thread(api.runs.get, str(run.number))
    update = RunUpdate(display_name="first", tags={"a": None, "b": "1"})
    changed = await in_thread(api.runs.update, run.id, update)
    assert (changed.display_name, changed.tags) == ("first", {"b": "1"})
    assert here.runs.list() == await in_thread(api.runs.list)
    assert (await in_thread(api.runs.cancel, run.id)).status == RunStatus.CANCELED
    assert here.runs.get(run.id).status == RunStatus.CANCELED


async def test_what_a_run_left_is_read_alike(here: Services, there: Any) -> None:
    api: Api = await in_thread(there)
    run = here.runs.submit(submission())
    content = bytes(range(256)) * 20_000
    kept = await in_thread(api.blobs.upload, "m.pkl", Upload(content))
    assert kept == here.blobs.upload("m.pkl", Upload(content))
    output = RunFile(
        name="outputs/m ä.pkl",
        kind=FileKind.OUTPUT,
        size_bytes=kept.size_bytes,
        digest=kept.digest,
        mode=0o100644,
        modified_at=now(),
    )
    with here.store.write() as c:
        put_file(c, run.id, output)
    assert here.files.list(run.id) == await in_thread(api.files.list, run.id)
    found = await in_thread(api.files.download, run.id, output.name)
    assert (found.name, found.size_bytes, found.digest) == ("m ä.pkl", kept.size_bytes, kept.digest)
    assert await in_thread(found.read) == content
    wish = ModelRegistration(name="digits", run_id=run.id, path=output.name, key="k")
    model = await in_thread(api.models.register, wish)
    assert model == here.models.get("digits", 1) == await in_thread(api.models.get, "digits", 0)
    assert here.models.list() == await in_thread(api.models.list)
    weights: Download = await in_thread(api.models.download, "digits", 1, model.files[0].path)
    assert await in_thread(weights.read) == content
    assert here.logs.read(run.id) == await in_thread(api.logs.read, run.id)
    assert here.metrics.list(run.id) == await in_thread(api.metrics.list, run.id)


async def test_a_snapshot_is_made_and_read_alike(here: Services, there: Any, jp_root_dir: Path) -> None:
    api: Api = await in_thread(there)
    project = jp_root_dir / "project"
    (project / "package").mkdir(parents=True)
    (project / "train.py").write_text("print('ä')\n")
    (project / "package" / "__init__.py").touch()
    wish = SnapshotRequest(directory=str(project), rule="directory")
    report = await in_thread(api.snapshots.create, wish)
    again = here.snapshots.create(wish)
    assert report.snapshot is not None
    assert again.snapshot is not None
    assert again.snapshot.id == report.snapshot.id
    assert here.snapshots.get(report.snapshot.id) == await in_thread(api.snapshots.get, report.snapshot.id)
    zipped = await in_thread(api.snapshots.download, report.snapshot.id)
    names = zipfile.ZipFile(io.BytesIO(await in_thread(zipped.read))).namelist()
    assert names == ["package/__init__.py", "train.py"]
    script = await in_thread(api.snapshots.download_file, report.snapshot.id, "train.py")
    assert await in_thread(script.read) == "print('ä')\n".encode()


async def test_the_workspace_describes_itself_alike(here: Services, there: Any, server: ServerApi) -> None:
    api: Api = await in_thread(there)
    here.runs.submit(submission())
    assert here.experiments.list() == await in_thread(api.experiments.list)
    assert await in_thread(api.experiments.create, "other") == here.experiments.get("other")
    assert here.workspace.changes(0) == await in_thread(api.workspace.changes, 0)
    mine, theirs = here.workspace.info(), await in_thread(api.workspace.info)
    assert (mine.location, mine.run_count, mine.last_change) == (theirs.location, theirs.run_count, theirs.last_change)
    assert [target.name for target in (await in_thread(api.compute.list)).items] == ["local", "docker"]
    listed = await in_thread(server.registry.list)
    assert [info.id for info in listed.items] == [theirs.id]


REFUSALS: list[tuple[str, str, tuple[Any, ...], type[MlwsError]]] = [
    ("runs", "get", ("99",), NotFound),
    ("runs", "get", ("none_1_a",), NotFound),
    ("runs", "list", ("no name!",), InvalidName),
    ("runs", "list", (None, "Dancing"), InvalidInput),
    ("files", "download", ("1", "../x"), InvalidPath),
    ("files", "download", ("1", "outputs/none"), NotFound),
    ("files", "list", ("1", "colour"), InvalidInput),
    ("logs", "read", ("1", "passwd"), InvalidInput),
    ("metrics", "read", ("1", "none"), NotFound),
    ("models", "get", ("none", 1), NotFound),
    ("snapshots", "get", ("0" * 64,), NotFound),
    ("experiments", "create", ("no name!",), InvalidName),
    ("runs", "submit", (submission(compute_target="nowhere"),), InvalidInput),
    ("runs", "submit", (submission(snapshot_id="0" * 64),), InvalidInput),
]


async def test_a_refusal_is_the_same_error_both_ways(here: Services, there: Any) -> None:
    here.runs.submit(submission())
    api = await in_thread(there)
    for noun, name, arguments, error in REFUSALS:
        with pytest.raises(error) as in_process:
            getattr(getattr(here, noun), name)(*arguments)
        with pytest.raises(error) as over_http:
            await in_thread(getattr(getattr(api, noun), name), *arguments)
        assert type(over_http.value) is type(in_process.value), (noun, name)
        assert over_http.value.to_payload() == in_process.value.to_payload()


async def test_the_registry_leads_from_a_document_to_its_workspace(
    here: Services, server: ServerApi, jp_root_dir: Path
) -> None:
    lab = await in_thread(server.registry.resolve, "deep/down/a.ipynb")
    assert lab.name == "lab"
    assert lab == await in_thread(server.registry.resolve)
    # A drive of the frontend stands before the path.
    assert lab.id == (await in_thread(server.registry.resolve, "RTC:deep/a.ipynb")).id
    own = jp_root_dir / "other"
    own.mkdir()
    workspace.create(own, "own")
    assert (await in_thread(server.registry.resolve, "other/a.ipynb")).name == "own"
    for outside in ("../a.ipynb", "deep/../../a.ipynb", "RTC:../a.ipynb"):
        with pytest.raises(InvalidPath):
            await in_thread(server.registry.resolve, outside)


async def test_a_workspace_whose_folder_has_gone_is_not_made_anew(
    here: Services, server: ServerApi, there: Any, jp_root_dir: Path
) -> None:
    api: HttpApi = await in_thread(there)
    assert (await in_thread(api.runs.list)).items == ()
    folder = Path(here.workspace.info().location)
    os.rename(folder, jp_root_dir / "moved")
    with pytest.raises(NotFound, match="gone"):
        await in_thread(api.runs.list)
    assert folder.name not in os.listdir(folder.parent)
    assert (await in_thread(server.registry.list)).items == ()
    # Opened once at its new place, it is there again under the same id.
    with workspace.connect(jp_root_dir / "moved"):
        assert (await in_thread(api.runs.list)).items == ()


async def test_a_workspace_is_opened_by_the_address_of_its_server(here: Services, server: ServerApi) -> None:
    def open_by_url() -> tuple[str, str, int]:
        with workspace.connect(f"{server.url}/?token={server._transport._token}") as opened:
            return opened.id, opened.location, opened.api.workspace.info().run_count

    workspace_id, location, runs = await in_thread(open_by_url)
    assert (location, runs) == (server.url, 0)
    # The folder is this user's own and stays the workspace's place.
    assert workspace.registry.all_locations() == {workspace_id: here.workspace.info().location}


async def test_the_far_side_travels_to_a_kernel(server: ServerApi) -> None:
    pytest.importorskip("jupyter_mlws.runfolder.farside", reason="the zip of the far side is not built here")
    far = await in_thread(server.registry.far_side)
    assert "jupyter_mlws/api/http.py" in zipfile.ZipFile(far.path).namelist()

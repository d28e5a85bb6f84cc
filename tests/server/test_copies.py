"""Files and snapshots of runs are put beside notebooks of the server: nothing is overwritten, nothing gets out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.api.http import ServerApi
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.copies import FileCopy, SnapshotCopy
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.errors import InvalidPath, MlwsError, NotFound
from tests.server.conftest import in_thread

NOTEBOOK = "work/fit.ipynb"


class Left:
    """A workspace with a run that left files."""

    def __init__(self, server: ServerApi, root: Path) -> None:
        self.server = server
        self.workspace = server.registry.resolve(NOTEBOOK).id
        api = server.workspace(self.workspace)
        (root / "work" / "train.py").write_text("x = 1\n")
        taken = api.snapshots.create(SnapshotRequest(directory=str(root / "work"), rule="directory"))
        self.run = api.runs.start(RunStart(experiment="digits", snapshot_id=taken.snapshot.id))
        for name in ("outputs/plots/roc.png", "outputs/.bashrc", "outputs/README"):
            api.files.upload(self.run.id, name, Upload(name.encode()))
        self.without = api.runs.start(RunStart(experiment="digits"))

    async def put(self, name: str, beside: str = NOTEBOOK) -> str:
        copy = FileCopy(run=self.run.id, name=name, beside=beside)
        return (await in_thread(self.server.copies.put_file, self.workspace, copy)).path

    async def restore(self, run: str, beside: str = NOTEBOOK) -> Any:
        copy = SnapshotCopy(run=run, beside=beside)
        return await in_thread(self.server.copies.put_snapshot, self.workspace, copy)


@pytest.fixture
def root(jp_root_dir: Path) -> Path:
    (jp_root_dir / "work").mkdir()
    return jp_root_dir


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name not in ("train.py", ".mlws")}


async def test_a_file_is_put_beside_the_notebook_and_never_over_another(server: ServerApi, root: Path) -> None:
    left = await in_thread(Left, server, root)
    assert await left.put("outputs/plots/roc.png", f"RTC:{NOTEBOOK}") == "work/roc.png"
    assert (root / "work/roc.png").read_bytes() == b"outputs/plots/roc.png"
    (root / "work/roc.png").write_bytes(b"drawn anew")
    (root / "work/README").mkdir()
    assert await left.put("outputs/plots/roc.png") == "work/roc (2).png"
    assert await left.put("outputs/README") == "work/README (2)"
    assert (root / "work/roc.png").read_bytes() == b"drawn anew"
    assert await left.put("outputs/README", "fit.ipynb") == "README"
    assert names(root / "work") == {"roc.png", "roc (2).png", "README", "README (2)"}


async def test_a_dangling_link_in_the_place_of_the_copy_is_not_written_through(
    server: ServerApi, root: Path, tmp_path: Path
) -> None:
    left = await in_thread(Left, server, root)
    (root / "work/README").symlink_to(tmp_path / "elsewhere")
    assert await left.put("outputs/README") == "work/README (2)"
    assert not (tmp_path / "elsewhere").exists()


async def test_file_systems_without_links_get_copies_too(
    server: ServerApi, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = await in_thread(Left, server, root)

    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert await left.put("outputs/README") == "work/README"
    assert await left.put("outputs/README") == "work/README (2)"
    assert (root / "work/README (2)").read_bytes() == b"outputs/README"


async def test_a_snapshot_is_put_into_a_new_folder(server: ServerApi, root: Path) -> None:
    left = await in_thread(Left, server, root)
    first = await left.restore(left.run.id)
    assert first.path == f"work/run-{left.run.number}"
    assert (root / first.path / "train.py").read_text() == "x = 1\n"
    (root / first.path / "train.py").write_text("x = 2\n")
    again = await left.restore(left.run.id)
    assert (again.path, again.file_count) == (f"{first.path} (2)", first.file_count)
    assert (root / first.path / "train.py").read_text() == "x = 2\n"
    assert names(root / "work") == {Path(first.path).name, Path(again.path).name}
    with pytest.raises(NotFound, match="without a snapshot"):
        await left.restore(left.without.id)


RESTORE = """
import sys
from pathlib import Path
from jupyter_mlws import Workspace
from jupyter_mlws.domain.copies import SnapshotCopy
from jupyter_mlws.server.copies import Copies
location, root, run, beside = sys.argv[1:]
Copies(lambda _: Workspace(location).api, Path(root)).put_snapshot("here", SnapshotCopy(run=run, beside=beside))
"""


async def test_a_server_that_dies_over_a_snapshot_leaves_nothing_in_its_place(server: ServerApi, root: Path) -> None:
    left = await in_thread(Left, server, root)
    location = (await in_thread(server.workspace(left.workspace).workspace.info)).location

    def restored_by_another() -> int:
        command = [sys.executable, "-c", RESTORE, location, str(root), left.run.id, NOTEBOOK]
        return subprocess.run(command, env={**os.environ, "MLWS_FAULT": "copies.rename:1:kill"}, check=False).returncode

    assert await in_thread(restored_by_another) == -9
    (draft,) = names(root / "work")
    assert draft.startswith(".mlws-")
    again = await left.restore(left.run.id)
    assert again.path == f"work/run-{left.run.number}"
    assert (root / again.path / "train.py").read_text() == "x = 1\n"
    # Its draft may be that of a server that lives, until it is old.
    assert draft in names(root / "work")
    os.utime(root / "work" / draft, (time.time() - 7_200,) * 2)
    await left.put("outputs/README")
    assert names(root / "work") == {f"run-{left.run.number}", "README"}


async def test_a_snapshot_takes_the_place_of_nothing(server: ServerApi, root: Path, tmp_path: Path) -> None:
    left = await in_thread(Left, server, root)
    wanted = root / "work" / f"run-{left.run.number}"
    wanted.mkdir()
    wanted.with_name(f"{wanted.name} (2)").write_text("mine")
    wanted.with_name(f"{wanted.name} (3)").symlink_to(tmp_path / "elsewhere")
    again = await left.restore(left.run.id)
    assert again.path == f"work/{wanted.name} (4)"
    assert not any(wanted.iterdir())
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("beside", ["../fit.ipynb", ".git/fit.ipynb", "out/fit.ipynb", "none/fit.ipynb"])
async def test_nothing_is_put_where_the_file_browser_does_not_look(
    beside: str, server: ServerApi, root: Path, tmp_path: Path
) -> None:
    left = await in_thread(Left, server, root)
    (tmp_path / "outside").mkdir()
    (root / ".git").mkdir()
    (root / "out").symlink_to(tmp_path / "outside")
    with pytest.raises((InvalidPath, NotFound)):
        await left.put("outputs/README", beside)
    with pytest.raises((InvalidPath, NotFound)):
        await left.restore(left.run.id, beside)
    assert names(tmp_path / "outside") | names(root / ".git") == set()


async def test_what_a_job_left_under_a_hidden_name_is_not_put_anywhere(server: ServerApi, root: Path) -> None:
    left = await in_thread(Left, server, root)
    with pytest.raises(InvalidPath, match="hidden"):
        await left.put("outputs/.bashrc", "fit.ipynb")
    with pytest.raises(NotFound):
        await left.put("outputs/none")
    assert names(root / "work") == set()


async def test_a_folder_that_cannot_be_written_is_named(
    server: ServerApi, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = await in_thread(Left, server, root)

    def read_only(*_: object, **__: object) -> str:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("jupyter_mlws.server.copies.tempfile.mkdtemp", read_only)
    with pytest.raises(MlwsError, match=r"Nothing can be written into work \(Read-only file system\)"):
        await left.put("outputs/README")


async def test_a_second_copy_of_the_longest_name_says_why_there_is_none(server: ServerApi, root: Path) -> None:
    left = await in_thread(Left, server, root)
    name = "x" * 251 + ".txt"
    await in_thread(server.workspace(left.workspace).files.upload, left.run.id, f"outputs/{name}", Upload(b"long"))
    assert await left.put(f"outputs/{name}") == f"work/{name}"
    with pytest.raises(MlwsError, match=r"cannot be written .*name too long.*Download it instead"):
        await left.put(f"outputs/{name}")
    assert names(root / "work") == {name}

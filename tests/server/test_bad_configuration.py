"""What is wrong with a workspace, as a browser is told: one JSON shape, one sentence, the way out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from jupyter_mlws import faults, workspace
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.errors import MlwsError

from .conftest import in_thread


@pytest.fixture
def folder(jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(workspace.Wake, "__call__", lambda self: None)
    place = workspace.create(jp_root_dir, "lab")
    workspace.connect(place).close()
    return place


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("mlws.sqlite", b"this is no database at all, whatever its name says" * 100, "is damaged"),
        ("workspace.json", b"{", "is damaged"),
        ("workspace.json", json.dumps({"format_version": 9, "id": "x", "name": "x"}).encode(), "newer version"),
    ],
)
async def test_a_workspace_that_cannot_be_opened_is_answered_in_one_sentence(server, folder, path, content, said):
    (folder / path).write_bytes(content)
    with pytest.raises(MlwsError, match=said) as raised:
        await in_thread(server.registry.resolve, "notebook.ipynb")
    assert raised.value.code in ("corrupt_data", "workspace_error")
    assert raised.value.hint


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EFBIG"])
async def test_F07_an_upload_without_room_is_answered_with_507(server, folder, monkeypatch, error):
    info = await in_thread(server.registry.resolve, "notebook.ipynb")
    there = server.workspace(info.id)
    monkeypatch.setattr(faults, "_faults", [faults._Fault(f"blobs.write:1+:{error}")])
    with pytest.raises(MlwsError, match="no room left") as raised:
        await in_thread(there.blobs.upload, "data.bin", Upload(io.BytesIO(b"x" * 300_000)))
    assert (raised.value.code, raised.value.status) == ("storage_full", 507)
    assert raised.value.hint
    assert list((folder / "blobs" / "drafts").iterdir()) == []


async def test_a_dispatcher_that_does_not_start_is_told_with_the_run_and_the_workspace(server, folder):
    from jupyter_mlws.dispatcher.place import log_path
    from jupyter_mlws.domain.run import RunSubmission

    info = await in_thread(server.registry.resolve, "notebook.ipynb")
    there = server.workspace(info.id)
    log_path(folder).write_text("2026-01-01 00:00:00,000 1 ERROR The setting poll_s cannot be 'soon'.\n")
    run = await in_thread(there.runs.submit, RunSubmission(experiment="e", command=("true",)))
    found = await in_thread(there.runs.get, run.id)
    assert "did not start: The setting poll_s cannot be 'soon'." in found.waiting_for
    info = await in_thread(there.workspace.info)
    assert info.dispatcher.message == "The setting poll_s cannot be 'soon'."

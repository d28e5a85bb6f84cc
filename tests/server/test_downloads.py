"""Jupyter's own download of what lies in a workspace's folder, which the server reads in its own process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import workspace
from jupyter_mlws.api.http import ServerApi
from jupyter_mlws.domain.known_workspace import WantedWorkspace

from .conftest import in_thread

# As the command line: has the workspace open for a moment, and closes it as the last one, for all that it can see.
ELSEWHERE = """
import sys
from pathlib import Path
from jupyter_mlws import workspace
opened = workspace.connect(Path(sys.argv[1]))
opened.api.experiments.create(sys.argv[2])
print(*sorted(each.name for each in opened.api.experiments.list().items))
opened.close()
"""


def elsewhere(folder: Path, name: str) -> list[str]:
    command = [sys.executable, "-c", ELSEWHERE, str(folder), name]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.split()


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere no lock of a file outlives its closing.")
@pytest.mark.parametrize("address", ["files/ws/mlws.sqlite", "api/contents/ws/mlws.sqlite"])
async def test_the_database_of_a_visible_folder_may_be_downloaded(
    server: ServerApi, jp_fetch: Any, jp_serverapp: Any, address: str
) -> None:
    folder = Path(jp_serverapp.root_dir) / "ws"
    workspace.connect(folder).close()
    opened = await in_thread(server.registry.open, WantedWorkspace(location="ws"))
    experiments = server.workspace(opened.id).experiments
    await in_thread(experiments.create, "a")
    for of_another, ours in (("b", "c"), ("d", "e")):
        assert (await jp_fetch(*address.split("/"))).code == 200
        await asyncio.to_thread(elsewhere, folder, of_another)
        await in_thread(experiments.create, ours)
    assert await asyncio.to_thread(elsewhere, folder, "f") == ["a", "b", "c", "d", "e", "f"]
    assert len((await in_thread(experiments.list)).items) == 6

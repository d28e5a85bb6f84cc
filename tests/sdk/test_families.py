"""A run and what descends from it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlws.domain.child import NewChild
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.workspace import Workspace
from jupyter_mlws.store import run_children, runs


@pytest.fixture
def root(ws: Workspace) -> Run:
    """A run of the record with three children, of which the first two have five children each."""
    services: Any = ws.api
    with services.runs._context.store.write() as c:
        wish = RunSubmission(experiment="family", command=("true",))
        runs.create_run(c, wish, run_id="root", user="ada", host="elsewhere", status=RunStatus.RUNNING)
        for parent, count in (("root", 3), ("root_0", 5), ("root_1", 5)):
            run_children.create_children(c, parent, [NewChild(id=f"{parent}_{i}") for i in range(count)])
    return Run.get(ws, "root")


def test_all_descendants_are_asked_for_at_once(ws: Workspace, root: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    answer = ws.api.runs.list

    def listen(**question: Any) -> Any:
        asked.append(question)
        return answer(**question)

    monkeypatch.setattr(ws.api.runs, "list", listen)
    found = [run.id for run in root.get_children(recursive=True)]
    below = {parent: [f"{parent}_{i}" for i in range(5)] for parent in ("root_0", "root_1")}
    assert found == ["root_0", *below["root_0"], "root_1", *below["root_1"], "root_2"]
    assert len(asked) == 1
    assert [run.id for run in root.get_children()] == ["root_0", "root_1", "root_2"]
    assert "recursive" not in asked[1]  # which a server of an earlier version would refuse

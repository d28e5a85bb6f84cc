"""A run and what descends from it; classic calls, and the answers of those that are not here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.domain.child import NewChild
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, UsageError
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.model import Model
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.script import ScriptRunConfig
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


def test_classic_calls_that_are_not_here_name_what_does_the_same(ws: Workspace, root: Run, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    for call, way_out in (
        (lambda: root.submit_child(ScriptRunConfig(tmp_path, "a.py")), r"run\.experiment\.submit"),
        (lambda: root.take_snapshot(tmp_path), r"upload_folder"),
        (lambda: root.register_model("net", datasets=[("training", "data:1")]), r"properties="),
        (lambda: Model.register(ws, tmp_path / "model.bin", "net", datasets=[("training", "data:1")]), r"properties="),
    ):
        with pytest.raises(UsageError, match=way_out):
            call()
    assert Model.list(ws) == []
    assert Model.register(ws, tmp_path / "model.bin", "net", datasets=[]).version == 1


def test_experiments_are_listed_by_what_is_to_be_seen(ws: Workspace) -> None:
    for name in ("one", "two", "three"):
        Experiment(ws, name).tag("kind", name[0])
    Experiment(ws, "two").archive()

    def names(*how: Any, **more: Any) -> list[str]:
        return [each.name for each in Experiment.list(ws, *how, **more)]

    assert names() == names(None, "ActiveOnly") == ["three", "one"]
    assert names(view_type="ArchivedOnly") == ["two"]
    assert names(view_type="All") == names(include_archived=True) == ["three", "two", "one"]
    assert names(None, "All", {"kind": "t"}) == ["three", "two"]
    assert names("two") == []
    with pytest.raises(InvalidInput, match="There is no view 'Hidden'.*ActiveOnly"):
        names(view_type="Hidden")

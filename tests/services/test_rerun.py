"""A run done again: the submission that is made of an earlier one, on both databases; nobody dispatches here."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asleep import Asleep

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.child import NewChild, NewChildren
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.rerun import RERUN_OF, Rerun
from jupyter_mlws.domain.run import Captured, Run, RunSource, RunSubmission
from jupyter_mlws.domain.snapshot import LinkedPath, SnapshotRequest
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import CorruptData, InvalidInput, MlwsError, NotFound, TooLarge, WrongState
from jupyter_mlws.services import Services, handover
from jupyter_mlws.store import Store
from jupyter_mlws.store.runs import get_submission, move_run

CELL = {
    "overrides": ["lr"],
    "names": ["data", "scale"],
    "secrets": ["HF_TOKEN"],
    "cells": [{"name": "a", "code": "lr = 0.1\n_n = 3\nmodel = build(lr)\n", "head": "", "flags": 0}],
    "arguments": [],
}


@dataclass
class Place:
    api: Services
    blobs: BlobStore
    folder: Path

    def snapshot(self) -> str:
        project = self.folder / "project"
        project.mkdir(exist_ok=True)
        (project / "train.py").write_text("pass")
        report = self.api.snapshots.create(SnapshotRequest(directory=str(project), rule="directory"))
        assert report.snapshot is not None
        return report.snapshot.id

    def script(self, *arguments: str, **facts: Any) -> Run:
        wish = {"snapshot_id": self.snapshot(), "arguments": arguments, **facts}
        command = (sys.executable, "train.py", *arguments)
        return self.api.runs.submit(RunSubmission(**{"experiment": "digits", "command": command, **wish}))

    def cell(self, **facts: Any) -> Run:
        inputs = (self.put("cell.json", json.dumps(CELL).encode()), self.put("captured.pkl", b"pickled"))
        return self.api.runs.submit(
            RunSubmission(
                **{
                    "experiment": "notebook",
                    "command": (sys.executable, "-m", "jupyter_mlws.magics.cell_job"),
                    "kind": "cell",
                    "inputs": inputs,
                    "captured": (Captured(name="data", how="data"),),
                    "source": RunSource(document="a.ipynb", cell_source="%%submit\nlr = 0.1"),
                    "params": {"lr": "0.1"},
                    **facts,
                }
            )
        )

    def put(self, name: str, data: bytes) -> InputFile:
        return self.api.blobs.upload(name, Upload(data))

    def again(self, run: Run, **changes: Any) -> Run:
        return self.api.runs.rerun(run.id, Rerun(**changes))

    def submission(self, run: Run) -> RunSubmission:
        with self.api.store.read() as c:
            return get_submission(c, run.id)

    def wish(self, run: Run) -> dict[str, Any]:
        """What the runner of a cell is told."""
        said: dict[str, Any] = json.loads(self.blobs.read(self.submission(run).inputs[0].digest))
        return said


@pytest.fixture
def place(tmp_path: Path, store_factory: Callable[..., Store]) -> Place:
    folder = tmp_path / "workspace"
    folder.mkdir()
    blobs = BlobStore(folder / "blobs")
    return Place(Services(folder, store_factory(), blobs, wake=Asleep(), user="ada", host="box"), blobs, tmp_path)


def test_everything_is_as_it_was_but_for_what_is_changed(place: Place) -> None:
    run = place.script(
        "--lr",
        "0.1",
        params={"lr": "0.1", "n": "3"},
        tags={"owner": "ada"},
        display_name="first",
        description="why",
        environment_variables={"A": "1", "B": "2"},
        inherited_environment={"HOME": "/there"},
        max_run_duration_s=60.0,
        links=(LinkedPath(path="data", target="/data", reason="large"),),
        source=RunSource(document="train.py"),
        working_directory="",
        python_path=(".mlws-packages",),
    )
    same = place.again(run, inherited_environment={"HOME": "/here"})
    assert place.submission(same) == place.submission(run)
    assert (same.properties, same.tags, same.params) == ({RERUN_OF: run.id}, run.tags, run.params)
    assert same.id != run.id
    left = handover.read(same.id)
    assert left is not None
    assert left.environment == {"HOME": "/here"}

    other = place.again(
        run,
        arguments=("--lr", "0.2"),
        params={"lr": "0.2"},
        tags={"why": "larger"},
        display_name="second",
        description="",
        experiment="more",
        environment_variables={"A": None, "C": "3"},
        max_run_duration_s=5.0,
    )
    assert other.command == (sys.executable, "train.py", "--lr", "0.2")
    assert (other.arguments, other.params) == (("--lr", "0.2"), {"lr": "0.2", "n": "3"})
    assert (other.tags, other.display_name, other.description) == ({"owner": "ada", "why": "larger"}, "second", "")
    stored = place.submission(other)
    assert (other.experiment, stored.environment_variables) == ("more", {"B": "2", "C": "3"})
    assert stored.max_run_duration_s == 5.0
    assert other.snapshot_id == run.snapshot_id


@pytest.mark.only_sqlite
def test_another_environment_starts_the_same_script_with_its_own_interpreter(place: Place) -> None:
    run = place.script()
    there = place.again(run, environment="minimal")
    assert (there.environment, there.command) == ("minimal:1", ("python", "train.py"))
    assert place.again(there).command == ("python", "train.py")
    back = place.again(there, environment="kernel")
    assert (back.environment, back.command) == ("kernel", (sys.executable, "train.py"))
    line = place.script(command=("make", "all"))
    assert place.again(line, environment="minimal").command == ("make", "all")
    for wrong in ("sklear", "a b", "sk:0"):
        with pytest.raises(InvalidInput):
            place.again(run, environment=wrong)


def test_a_caller_without_variables_has_those_of_the_process_that_answers(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_SERVER", "1")
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    again = place.again(place.script(inherited_environment={"HOME": "/there"}))
    left = handover.read(again.id)
    assert left is not None
    assert left.environment is not None
    assert left.environment["OF_THE_SERVER"] == "1"
    assert "JPY_PARENT_PID" not in left.environment
    from_afar = place.script(environment_variables={"A": "1"}, secrets={"KEY": "k"})
    left = handover.read(place.again(from_afar, secrets={"KEY": "k"}).id)
    assert left is not None
    assert left.environment is None


def test_the_same_key_gives_the_same_run(place: Place) -> None:
    run = place.script()
    first = place.again(run, key="k")
    assert place.again(run, key="k").id == first.id
    assert place.again(run).id != first.id


@pytest.mark.only_sqlite
def test_a_run_of_a_rerun_names_the_one_before_it(place: Place) -> None:
    run = place.script()
    second = place.again(run)
    assert place.again(second).properties == {RERUN_OF: second.id}


def test_secrets_are_given_again_or_taken_from_the_callers_variables(place: Place) -> None:
    run = place.script(secrets={"HF_TOKEN": "hf_a", "KEY": "k"}, inherited_environment={"HOME": "/"})
    with pytest.raises(InvalidInput, match="secrets HF_TOKEN, KEY") as caught:
        place.again(run)
    assert caught.value.details == {"secrets": ["HF_TOKEN", "KEY"]}
    again = place.again(run, secrets={"HF_TOKEN": "hf_b", "NEW": "n"}, inherited_environment={"KEY": "k2", "X": "1"})
    left = handover.read(again.id)
    assert left is not None
    assert left.secrets == {"HF_TOKEN": "hf_b", "KEY": "k2", "NEW": "n"}
    with pytest.raises(InvalidInput, match="secret HF_TOKEN,"):
        place.again(again, secrets={"KEY": "k", "NEW": "n"})


@pytest.mark.only_sqlite
def test_masked_arguments_are_named_until_they_are_given(place: Place) -> None:
    run = place.script("--lr", "1", "--token", "abc", "--db-password=def", "out")
    assert "abc" not in run.command
    with pytest.raises(InvalidInput, match="arguments --token, --db-password"):
        place.again(run)
    with pytest.raises(InvalidInput, match="argument --db-password,"):
        place.again(run, secrets={"--token": "x"})
    with pytest.raises(InvalidInput, match=r"no masked argument --lr.*Masked: --token, --db-password"):
        place.again(run, secrets={"--token": "x", "--db-password": "y", "--lr": "2"})
    again = place.again(run, secrets={"--token": "x y", "--db-password": "="})
    left = handover.read(again.id)
    assert left is not None
    assert left.command is not None
    assert left.command[2:] == ("--lr", "1", "--token", "x y", "--db-password==", "out")
    assert (again.command, again.arguments) == (run.command, run.arguments)
    assert place.again(run, arguments=()).arguments == ()


@pytest.mark.only_sqlite
def test_bytes_that_were_not_recorded_are_not_guessed(place: Place) -> None:
    run = place.script("caf\udce9.txt")
    with pytest.raises(InvalidInput, match="no text and were not stored"):
        place.again(run)
    assert place.again(run, arguments=("x",)).arguments == ("x",)


@pytest.mark.only_sqlite
def test_a_command_line_has_no_arguments_to_change(place: Place) -> None:
    run = place.script(command=("/bin/sh", "-c", "echo $HOME"))
    assert place.again(run).command == run.command
    with pytest.raises(InvalidInput, match="command line"):
        place.again(run, arguments=("a",))
    listed = place.script(command=("python", "train.py"))
    assert place.again(listed, arguments=("a",)).command == ("python", "train.py", "a")


@pytest.mark.only_sqlite
def test_parameters_of_a_cell_replace_its_literals_and_captured_values(place: Place) -> None:
    run = place.cell()
    same = place.again(run, secrets={"HF_TOKEN": "t"})
    assert place.submission(same).inputs == place.submission(run).inputs
    changes = {"lr": "0.2", "_n": "4", "scale": "2"}
    other = place.again(run, params=changes, arguments=("--fast",), secrets={"HF_TOKEN": "t"})
    assert other.params == changes
    assert place.wish(other) == {**CELL, "overrides": ["lr", "_n", "scale"], "arguments": ["--fast"]}
    assert place.submission(other).inputs[1] == place.submission(run).inputs[1]
    for name in ("model", "learning_rate"):
        with pytest.raises(InvalidInput, match=f"no top-level {name}"):
            place.again(run, params={name: "1"}, secrets={"HF_TOKEN": "t"})
    with pytest.raises(InvalidInput, match="Did you mean scale"):
        place.again(run, params={"scales": "1"}, secrets={"HF_TOKEN": "t"})


def test_a_sweep_is_done_again_whole_and_one_of_its_runs_by_itself(place: Place) -> None:
    run = place.script(
        kind="sweep", params={"seed": "1"}, sweep=({"lr": "0.1"}, {"lr": "0.2"}, {"lr": "0.2", "seed": "2"}), parallel=2
    )

    def params(parent: Run) -> list[dict[str, str]]:
        return [child.params for child in reversed(place.api.runs.list(parent=parent.id).items)]

    again = place.again(run, params={"note": "x"})
    assert (again.kind, again.child_count) == ("sweep", 3)
    assert params(again) == [{**child, "note": "x"} for child in params(run)]
    with pytest.raises(InvalidInput, match="'lr' differs between the runs"):
        place.again(run, params={"lr": "3"})
    [third, *_] = place.api.runs.list(parent=run.id).items
    alone = place.again(third, params={"lr": "0.3"})
    assert (alone.kind, alone.parent_id, alone.child_count) == ("script", None, 0)
    assert alone.params == {"lr": "0.3", "seed": "2"}


@pytest.mark.only_sqlite
def test_what_happened_inside_another_process_cannot_be_started(place: Place) -> None:
    run = place.script()
    with place.api.store.write() as c:
        for status in (RunStatus.PREPARING, RunStatus.RUNNING):
            move_run(c, run.id, status)
    child = NewChild(id="digits_child_1")
    [made] = place.api.runs.create_children(run.id, NewChildren(items=(child,))).items
    with pytest.raises(WrongState, match=f"mlws run rerun {run.id}"):
        place.again(made)


@pytest.mark.only_sqlite
def test_what_is_gone_is_named_and_nothing_is_recorded(place: Place) -> None:
    def remove(digest: str) -> None:
        found = place.blobs.local_path(digest)
        assert found is not None
        found.unlink()

    script, cell = place.script(), place.cell()
    manifest = place.api.snapshots.get(str(script.snapshot_id))
    remove(manifest.entries[0].digest)
    with pytest.raises(CorruptData, match="the file train.py of its snapshot is gone"):
        place.again(script)
    remove(str(script.snapshot_id))
    with pytest.raises(CorruptData, match="its snapshot is gone"):
        place.again(script)
    remove(place.submission(cell).inputs[1].digest)
    with pytest.raises(CorruptData, match="its input captured.pkl is gone"):
        place.again(cell, secrets={"HF_TOKEN": "t"})
    elsewhere = place.script(command=("/opt/gone/bin/python", "-c", "1"), snapshot_id=None)
    with pytest.raises(InvalidInput, match="/opt/gone/bin/python of the machine box, which is not here"):
        place.again(elsewhere)
    assert len(place.api.runs.list(limit=100).items) == 3


@pytest.mark.only_sqlite
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"experiment": "a b"}, MlwsError),
        ({"tags": {str(n): "" for n in range(51)}}, TooLarge),
        ({"params": {str(n): "" for n in range(201)}}, TooLarge),
        ({"display_name": "x" * 257}, TooLarge),
        ({"compute_target": "moon"}, InvalidInput),
        ({"environment_variables": {"MLWS_X": "1"}}, InvalidInput),
        ({"environment_variables": {"A=B": "1"}}, InvalidInput),
        ({"arguments": ("a\0b",)}, InvalidInput),
        ({"max_run_duration_s": -1.0}, InvalidInput),
        ({"secrets": {"A": "a\0b"}}, InvalidInput),
        ({"key": "k" * 201}, TooLarge),
    ],
)
def test_a_change_that_no_run_can_have_is_refused(
    place: Place, changes: dict[str, Any], error: type[MlwsError]
) -> None:
    run = place.script()
    with pytest.raises(error):
        place.again(run, **changes)
    assert len(place.api.runs.list().items) == 1


TOLD: dict[str, Any] = {
    "a list": [],
    "O05 a list without bottom": "[" * 100_000,
    "D10 a pickle": "\x80\x04\x95",
    "names of numbers": CELL | {"names": [1, None]},
    "names of objects": CELL | {"names": [{}]},
    "secrets of lists": CELL | {"secrets": [["a"]]},
    "overrides of lists": CELL | {"overrides": [["lr"]]},
    "cells of numbers": CELL | {"cells": [1]},
    "cells without code": CELL | {"cells": [{}]},
    "code that is none": CELL | {"cells": [{"code": "def ("}]},
    "V05 code with a NUL": CELL | {"cells": [{"code": "a\0"}]},
    "O05 code without bottom": CELL | {"cells": [{"code": "(" * 50_000}]},
    "O05 code of many signs": CELL | {"cells": [{"code": "-" * 100_000 + "1"}]},
}


@pytest.mark.only_sqlite
def test_D10_O05_V05_what_somebody_else_told_a_cell_is_believed_only_as_far_as_it_can_be(place: Place) -> None:
    for name, told in TOLD.items():
        data = (told if isinstance(told, str) else json.dumps(told)).encode()
        run = place.cell(inputs=(place.put("cell.json", data), place.put("captured.pkl", b"pickled")))
        with pytest.raises(CorruptData, match="cannot be read"):
            place.api.runs.rerun(run.id, Rerun(params={"other": "1"}, secrets={"HF_TOKEN": "x"}))
        assert place.api.runs.list().items[0].id == run.id, name


@pytest.mark.only_sqlite
def test_a_run_that_is_not_there_is_not_done_again(place: Place) -> None:
    with pytest.raises(NotFound):
        place.api.runs.rerun("99", Rerun())

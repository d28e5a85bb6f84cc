"""What a job is handed and nobody keeps."""

from __future__ import annotations

import os
import resource
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asleep import Asleep

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.errors import InvalidInput, InvalidName, StorageFull, Unavailable
from jupyter_mlws.runfolder.places import runtime_dir
from jupyter_mlws.services import Services, handover
from jupyter_mlws.services.handover import Handover
from jupyter_mlws.services.runs import Runs
from jupyter_mlws.store import Store, runs

FULL = Handover(environment={"A": "caf\udce9\n", "B": ""}, secrets={"S": "x"}, command=("python", "--token", "t"))


def left() -> list[str]:
    folder = runtime_dir() / "handover"
    return sorted(path.stem for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with Store.open(tmp_path) as store:
        yield Services(tmp_path, store, BlobStore(tmp_path / "blobs"), wake=Asleep(), user="ada", host="box")


def submission(**facts: Any) -> RunSubmission:
    return RunSubmission(**{"experiment": "digits", "command": ("python", "a.py"), **facts})


def test_what_is_taken_is_what_was_left_and_it_is_gone() -> None:
    handover.write(["digits_1"], FULL)
    path = runtime_dir() / "handover" / "digits_1.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert handover.read("digits_1") == FULL
    assert handover.take("digits_1") == FULL
    assert handover.take("digits_1") is None
    assert left() == []


def test_the_runs_of_a_sweep_share_one_file_that_goes_with_the_last() -> None:
    handover.write(["a", "b", "c"], FULL)
    assert (runtime_dir() / "handover" / "a.json").stat().st_nlink == 3
    assert [handover.take(name) for name in ("b", "a", "c")] == [FULL] * 3
    assert left() == []


def test_nothing_is_written_when_there_is_nothing_to_hand_over() -> None:
    handover.write(["a"], Handover())
    assert left() == []


def test_an_id_is_never_a_path() -> None:
    for run_id in ("../a", "a/b", ".", ""):
        with pytest.raises(InvalidName):
            handover.take(run_id)


def test_F10_a_full_runtime_folder_is_named_and_nothing_half_written_stays() -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(StorageFull, match="cannot be left"):
            handover.write(["a", "b"], FULL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert left() == []


def test_a_submitted_run_leaves_its_variables_and_real_command_for_the_launch(services: Services) -> None:
    wish = submission(inherited_environment={"HOME": "/h"}, secrets={"DB": "x"}, command=("python", "--token", "t"))
    run = services.runs.submit(wish)
    assert run.command == ("python", "--token", "***")
    assert handover.take(run.id) == Handover(
        environment={"HOME": "/h"}, secrets={"DB": "x"}, command=("python", "--token", "t")
    )


def test_the_launch_can_tell_whether_something_is_missing(services: Services) -> None:
    given = services.runs.submit(submission(inherited_environment={"HOME": "/h"}, environment_variables={"A": "1"}))
    bare = services.runs.submit(submission(environment_variables={"A": "1"}))
    with services.store.read() as c:
        assert handover.is_expected(given, runs.get_submission(c, given.id))
        assert not handover.is_expected(bare, runs.get_submission(c, bare.id))


def test_children_of_a_sweep_are_handed_theirs_and_the_parent_nothing(services: Services) -> None:
    wish = submission(kind="sweep", sweep=({"a": "1"}, {"a": "2"}), inherited_environment={"HOME": "/h"})
    sweep = services.runs.submit(wish)
    children = [run.id for run in services.runs.list(parent=sweep.id).items]
    assert left() == sorted(children)


def test_a_canceled_or_refused_run_leaves_nothing_behind(services: Services) -> None:
    run = services.runs.submit(submission(inherited_environment={"HOME": "/h"}))
    services.runs.cancel(run.id)
    with pytest.raises(InvalidInput):
        services.runs.submit(submission(inherited_environment={"HOME": "/h"}, snapshot_id="0" * 64))
    first = services.runs.submit(submission(key="k"))
    assert services.runs.submit(submission(key="k", inherited_environment={"HOME": "/h"})) == first
    assert left() == []


@pytest.mark.parametrize("committed", [True, False])
def test_F15_what_is_handed_over_stays_where_only_the_answer_to_the_commit_got_lost(
    services: Services, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    real = Runs._record

    def record(self: Runs, *values: object) -> object:
        if committed:
            real(self, *values)
        raise Unavailable("The database ended the connection.")

    monkeypatch.setattr(Runs, "_record", record)
    wanted = submission(secrets={"S": "x"}, key="k")
    with pytest.raises(Unavailable):
        services.runs.submit(wanted)
    monkeypatch.setattr(Runs, "_record", real)
    run = services.runs.submit(wanted)
    assert left() == [run.id]


def test_only_what_is_this_users_own_is_looked_into(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = tmp_path / f"jupyter-mlws-{os.getuid()}"
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("MLWS_RUNTIME_DIR", str(there))
        handover.write(["a"], FULL)
    assert handover.read("a") is None
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert handover.read("a") == FULL
    there.chmod(0o755)
    assert handover.read("a") is None
    there.chmod(0o700)
    handover.discard(["a"])
    assert list((there / "handover").iterdir()) == []

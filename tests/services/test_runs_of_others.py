"""Users of one workspace: a run is for the one to end who has submitted it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asleep import Asleep

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.child import RunEnd
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import Forbidden
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store

User = Callable[[str], Services]


@pytest.fixture
def user(tmp_path: Path, store_factory: Callable[..., Store]) -> User:
    """The workspace as somebody sees it."""
    store = store_factory()
    return lambda name: Services(tmp_path, store, BlobStore(tmp_path / "blobs"), wake=Asleep(), user=name, host="box")


def submitted(api: Services, **facts: Any) -> Run:
    wish = {"experiment": "digits", "command": ("python", "a.py"), **facts}
    return api.runs.submit(RunSubmission(**wish))


def test_a_run_of_somebody_else_is_not_canceled(user: User) -> None:
    ada, bob = user("ada"), user("bob")
    waiting = submitted(ada)
    sweep = submitted(ada, kind="sweep", sweep=({"lr": "1"}, {"lr": "2"}))
    for run in (str(waiting.number), sweep.id, str(sweep.number + 1)):
        with pytest.raises(Forbidden, match=r"Run #\d is of ada, who can cancel it") as caught:
            bob.runs.cancel(run)
        assert caught.value.details["user"] == "ada"
        assert ada.runs.get(run).status is RunStatus.QUEUED
    assert ada.runs.cancel(waiting.id).status is RunStatus.CANCELED
    # What has ended stays as it is, whoever asks.
    assert bob.runs.cancel(waiting.id).status is RunStatus.CANCELED


def test_nobody_tells_the_end_of_what_the_process_of_somebody_else_logs(user: User) -> None:
    ada, bob = user("ada"), user("bob")
    run = ada.runs.start(RunStart(experiment="digits"))
    for status in (RunStatus.COMPLETED, RunStatus.CANCELED):
        with pytest.raises(Forbidden, match="is of ada"):
            bob.runs.end(run.id, RunEnd(status=status))
    assert not ada.runs.get(run.id).status.is_terminal

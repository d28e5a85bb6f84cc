"""F11: where another program holds the database, the SDK waits and asks again, and nothing is lost or made twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from asleep import Asleep

from jupyter_mlws.api import patience
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.errors import MlwsError, NotFound, Unavailable
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store

HOLD = """
import sys, time
from jupyter_mlws.store import Store
with Store.open(sys.argv[1]) as store, store.write():
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def services(store_factory: Callable[..., Store], tmp_path: Path) -> Services:
    store = store_factory(busy_timeout_s=0.3)
    return Services(tmp_path, store, BlobStore(tmp_path / "blobs"), wake=Asleep(), user="ada", host="box")


def held(database: str, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, database, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_F11_a_write_that_found_another_writer_comes_through_and_is_made_once(
    services: Services, database: str
) -> None:
    submission = RunSubmission(experiment="digits", command=("true",))
    with held(database, 2.5) as holder:
        with pytest.raises(Unavailable) as caught:
            services.runs.submit(submission)
        assert caught.value.details["retry_after_s"] > 0
        run = patience.patient(services).runs.submit(submission)
        assert holder.wait(30) == 0
    assert [item.id for item in services.runs.list().items] == [run.id]


def test_F11_reading_waits_for_nobody(services: Services, database: str) -> None:
    with held(database, 30) as holder:
        try:
            assert services.runs.list().items == ()
        finally:
            holder.kill()


def test_F11_patience_ends(services: Services, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.5)
    with held(database, 30) as holder:
        try:
            with pytest.raises(Unavailable, match="has not finished"):
                patience.patient(services).experiments.create("digits")
        finally:
            holder.kill()


@pytest.mark.only_sqlite
def test_a_second_request_for_the_same_thing_carries_the_first_ones_key(services: Services) -> None:
    """The first one succeeds, and its answer gets lost."""
    submit, seen = services.runs.submit, []

    def lossy(submission: RunSubmission) -> object:
        seen.append(submission.key)
        run = submit(submission)
        if len(seen) == 1:
            raise Unavailable("The answer got lost.", details={"retry_after_s": 0.0})
        return run

    services.runs.submit = lossy
    run = patience.patient(services).runs.submit(RunSubmission(experiment="digits", command=("true",)))
    assert len(set(seen)) == 1
    assert len(seen) == 2
    assert [item.id for item in services.runs.list().items] == [run.id]


@pytest.mark.only_sqlite
def test_what_is_no_matter_of_time_is_said_at_once(services: Services) -> None:
    api = patience.patient(services)
    with pytest.raises(NotFound):
        api.runs.get("7")
    with pytest.raises(MlwsError):
        api.runs.submit(7)

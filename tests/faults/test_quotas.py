"""F10: a quota or a limit on file sizes is a full disk: nothing is lost, and whoever is refused reads why."""

from __future__ import annotations

import errno
import io
import os
import time

import pytest

from jupyter_mlws import faults
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import StorageFull

COUNTING = """
import time
import jupyter_mlws as mlws
for i in range(400):
    mlws.log(n=i)
    time.sleep(0.005)
print("over")
"""
SHORT = [("store.commit", "EDQUOT")]
LONG = [
    (point, error)
    for point in ("store.commit", "ingest.points", "blobs.write", "following.moves", "following.end")
    for error in ("EDQUOT", "EFBIG", "ENOSPC")
    if (point, error) not in SHORT
]


def survive_a_quota(lab, monkeypatch, point: str, error: str) -> None:
    """The run goes on, says why it waits, and ends right under the next dispatcher."""
    # The first commits are of the claim and the start; a dispatcher that could not even claim has nothing to lose.
    nth = 3 if point == "store.commit" else 1
    monkeypatch.setenv("MLWS_FAULT", f"dispatcher/{point}:{nth}+:{error}")
    run = lab.submit(COUNTING)
    said = lab.wait(lambda: not (found := run.refresh()).status.is_terminal and found.waiting_for)
    words = (os.strerror(getattr(errno, error)), "is full", "did not carry out")
    assert any(word in said for word in words), said
    assert run.id in lab.ws.info().dispatcher.troubles
    time.sleep(0.5)
    assert not run.refresh().status.is_terminal
    lab.kill_dispatcher()
    monkeypatch.delenv("MLWS_FAULT")
    lab.api.workspace.wake()
    record = lab.ended(run)
    assert (record.status, record.warnings) == (RunStatus.COMPLETED, ())
    assert list(lab.series(run.id, "n")) == list(range(400))
    assert run.get_log() == "over\n"


@pytest.mark.parametrize(("point", "error"), SHORT)
def test_F10_a_quota_that_the_dispatcher_meets_is_waited_out_and_shown(lab, monkeypatch, point, error):
    survive_a_quota(lab, monkeypatch, point, error)


@pytest.mark.soak
@pytest.mark.parametrize(("point", "error"), LONG)
def test_F10_nor_does_it_matter_where_it_is_met(lab, monkeypatch, point, error):
    survive_a_quota(lab, monkeypatch, point, error)


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EFBIG"])
@pytest.mark.parametrize("point", ["blobs.draft", "blobs.write", "blobs.rename"])
def test_F07_an_upload_that_finds_no_room_is_answered_with_507_and_leaves_nothing(lab, monkeypatch, point, error):
    monkeypatch.setattr(faults, "_faults", [faults._Fault(f"{point}:1+:{error}")])
    with pytest.raises(StorageFull) as raised:
        lab.api.blobs.upload("data.bin", Upload(io.BytesIO(os.urandom(3_000_000))))
    assert raised.value.status == 507
    assert "blobs" in raised.value.message
    assert raised.value.hint
    left = [path for path in (lab.folder / "blobs").rglob("*") if path.is_file() and path.name != "format"]
    assert left == []

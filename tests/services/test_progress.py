"""How far a running run is, from the end of its log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.services.progress import tell_progress

BAR = "\r 37%|###7      | 37/100 [00:05<00:09,  6.50it/s]"


def run(number: int, status: RunStatus = RunStatus.RUNNING) -> Run:
    return Run(
        id=f"run_{number}", number=number, experiment="x", kind="script", status=status, status_sequence=1,
        created_at=now(),
    )  # fmt: skip


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for number in (1, 2, 3, 4):
        (tmp_path / f"runs/run_{number}/logs").mkdir(parents=True)
    return tmp_path


def test_only_what_runs_is_looked_into_and_only_the_end_of_it(logs: Path) -> None:
    for number in (1, 2, 3):
        (logs / f"runs/run_{number}/logs/std.log").write_text(
            "x" * 9_000 + ("é" * 4_000 + "\n" + BAR if number < 3 else "")
        )
    told = tell_progress(logs, [run(1), run(2, RunStatus.COMPLETED), run(3), run(4)])
    assert [each.progress and str(each.progress) for each in told] == ["37/100", None, None, None]


def test_a_link_or_pipe_in_the_place_of_the_log_is_not_read(logs: Path) -> None:
    (logs / "elsewhere").write_text(BAR)
    (logs / "runs/run_1/logs/std.log").symlink_to(logs / "elsewhere")
    os.mkfifo(logs / "runs/run_2/logs/std.log")
    assert [each.progress for each in tell_progress(logs, [run(1), run(2)])] == [None, None]

"""How far a running run is, from the end of its log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.services.progress import tell_progress
from jupyter_mlws.store.stored_run import stored_run

BAR = "\r 37%|###7      | 37/100 [00:05<00:09,  6.50it/s]"


def run(number: int, status: RunStatus = RunStatus.RUNNING, kind: str = "script") -> Run:
    return Run(
        id=f"run_{number}", number=number, experiment="x", kind=kind, status=status, status_sequence=1,
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


def test_the_ended_runs_of_a_long_list_are_not_taken_apart_for_it(logs: Path) -> None:
    ended = stored_run(5, RunStatus.COMPLETED, "x", b"whoever takes this apart fails", "")
    told = tell_progress(logs, [run(4), ended])
    assert told[1] is ended
    (logs / "runs/run_4/logs/std.log").write_text(BAR)
    told = tell_progress(logs, [ended, run(4)])
    assert told[0] is ended
    assert str(told[1].progress) == "37/100"


def test_a_notebook_is_at_a_cell_and_in_it_at_a_bar(logs: Path) -> None:
    def told(said: str, log: str = "") -> str | None:
        (logs / "runs/run_1/progress.json").write_text(said)
        (logs / "runs/run_1/logs/std.log").write_text(log)
        found = tell_progress(logs, [run(1, kind="notebook")])[0].progress
        return None if found is None else f"{found.text}: {found}"

    third = '{"current": 2, "total": 7, "unit": "cells", "text": "cell [3]"}'
    assert told(third) == "cell [3]: 2/7"
    assert told(third, "── a.ipynb cell [3] (3 of 7)\n" + BAR) == "cell [3] of 7: 37/100"
    assert told(third, BAR.replace("37/100", "100/100")) == "cell [3]: 2/7"
    drawn = '{"current": 2, "total": 7, "text": "cell [3]", "bar": [5, 20.0]}'
    assert told(drawn) == "cell [3] of 7: 5/20"
    for odd in ("[5]", "[NaN, 2]", '["5", 20]', "{}", "[1, 0]", "[1, Infinity]", "[Infinity, 2]"):
        assert told(drawn.replace("[5, 20.0]", odd)) == "cell [3]: 2/7", odd
    for hostile in ("", "[]", "{", '{"current": 2, "total": 1, "text": ""}', '{"current": "1", "total": 2, "text": 1}'):
        assert told(hostile) is None, hostile
    assert told(third.replace("cell [3]", "x" * 3_000)) == "x" * 80 + ": 2/7"
    assert told(third + " " * 10_000) == "cell [3]: 2/7"
    assert told(third.replace("cell [3]", "\\ud800")) == "\ufffd: 2/7"


def test_a_link_or_pipe_in_the_place_of_the_log_is_not_read(logs: Path) -> None:
    (logs / "elsewhere").write_text(BAR)
    (logs / "runs/run_1/logs/std.log").symlink_to(logs / "elsewhere")
    os.mkfifo(logs / "runs/run_2/logs/std.log")
    assert [each.progress for each in tell_progress(logs, [run(1), run(2)])] == [None, None]

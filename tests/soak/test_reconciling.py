"""Dispatcher and server are killed with many runs going on: the next ones know them all, soon, and miss no end."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from costs import SilentRuns
from jupyter_process import JupyterProcess

from jupyter_mlws.domain.status import RunStatus

RECONCILED_S = 30.0
# Tells a number twice a second until the file is there that it is given.
SCRIPT = """
import os, sys, time
import jupyter_mlws as mlws
i = 0
while not os.path.exists(sys.argv[1]):
    mlws.log(n=i)
    i += 1
    time.sleep(0.5)
"""


def counts(api, parent: str) -> dict[str, int]:
    """How many points of each run are known."""
    runs = api.runs.list(parent=parent, limit=1000).items
    return {run.id: max((metric.count for metric in run.metrics), default=0) for run in runs}


def statuses(api, parent: str) -> Counter[RunStatus]:
    return Counter(run.status for run in api.runs.list(parent=parent, limit=1000).items)


def seconds_until(what) -> float:
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < RECONCILED_S, "not reconciled in time"
        time.sleep(0.2)
    return time.monotonic() - began


def kill_both_and_start_the_server_again(place: Path, monkeypatch, number: int, measured, trials) -> None:
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "")
    ended = number // 10
    with SilentRuns(place, number, SCRIPT) as many, JupyterProcess(place, place / "server.log") as server:
        many.start(ended, place / "soon")
        many.start(number - ended, place / "later")
        first, second = (many.api.runs.get(many.runs[i].id).parent_id for i in (0, -1))
        os.kill(many.dispatcher, signal.SIGKILL)
        server.kill()
        before = counts(many.api, second)
        (place / "soon").touch()
        time.sleep(1)
        with JupyterProcess(place, place / "server.log") as another:
            # From the restart on only the new server is asked: whoever looks has a dispatcher started.
            api = another.api(many.api.workspace.info().id)
            fresh_s = seconds_until(lambda: all(now > before[run] for run, now in counts(api, second).items()))
            assert statuses(api, second) == {RunStatus.RUNNING: number - ended}
            ended_s = seconds_until(lambda: statuses(api, first) == {RunStatus.COMPLETED: ended})
            (place / "later").touch()
            all_s = seconds_until(lambda: statuses(api, second) == {RunStatus.COMPLETED: number - ended})
        measured(f"{number} runs: fresh figures of all after both were killed", fresh_s, "s", limit=RECONCILED_S)
        measured(f"{number} runs: ends that nobody saw known", fresh_s + ended_s, "s", limit=RECONCILED_S)
        measured(f"{number} runs: from their end to all ends known", all_s, "s", limit=RECONCILED_S)
        trials("runs that went on while dispatcher and server were killed", runs=number, lost=0)
        print(f"\n{number} runs: fresh after {fresh_s:.1f} s, ended ones {ended_s:.1f} s later, all ends {all_s:.1f} s")


def test_F03_after_a_restart_of_server_and_dispatcher_twenty_runs_are_known_again(
    tmp_path, monkeypatch, measured, trials
):
    kill_both_and_start_the_server_again(tmp_path, monkeypatch, 20, measured, trials)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_F03_and_two_hundred_within_half_a_minute(tmp_path, monkeypatch, measured, trials):
    kill_both_and_start_the_server_again(tmp_path, monkeypatch, 200, measured, trials)

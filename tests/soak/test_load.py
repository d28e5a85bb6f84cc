"""Many runs log a lot at once: nothing is lost, and whoever looks at them does not wait."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from jupyter_process import JupyterProcess

from jupyter_mlws import workspace as room

from .load import Load

Note = Callable[..., None]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a load whose runs are all on at once, and ends what is left of it."""
    made: list[Load] = []

    def begin(*, runs: int, rate: int, seconds: int, folder: Path | None = None) -> Load:
        monkeypatch.setenv("MLWS_LOCAL_SLOTS", str(runs))
        made.append(Load(tmp_path, runs=runs, rate=rate, seconds=seconds, folder=folder))
        return made[-1]

    yield begin
    for load in made:
        room.stop_dispatcher(load.folder)


def put_under_load(load: Load, place: Path, measured: Note, *, p99_s: float, cpu: float, where: str = "") -> None:
    what = f"{load.runs} runs x {load.rate:,} points/s x {load.seconds} s{where}"
    with JupyterProcess(place, place / "server.log") as server:
        load.submit()
        answers, dispatcher, its_server = load.drive(server, asks_per_s=20)
    lost = load.lost()
    # No trials: points of one load are no independent ones.
    measured(f"{what}: points lost of {load.runs * load.points:,}", lost, "", limit=0)
    measured(f"{what}: answers at {answers.per_second:.0f} requests/s, p99", answers.p99(), "s", limit=p99_s)
    measured(f"{what}: dispatcher, share of a core", dispatcher.cpu * 100, "%", limit=cpu * 100)
    measured(f"{what}: dispatcher, resident memory", dispatcher.rss_mib, "MiB", limit=300)
    measured(f"{what}: Jupyter server, share of a core", its_server.cpu * 100, "%")
    measured(f"{what}: Jupyter server, resident memory", its_server.rss_mib, "MiB")
    measured(f"{what}: from the last point to the last run's end", load.drained_s, "s")
    print(f"\n{what}\n{answers}\ndispatcher {dispatcher}\nserver {its_server}")
    print(f"all ended {load.drained_s:.1f} s after the last point; slowest script {load.slowest_s():.1f} s")
    assert lost == 0
    assert answers.failures == []
    assert answers.per_second > 16
    assert answers.p99() < p99_s
    assert dispatcher.cpu < cpu
    assert dispatcher.rss_mib < 300


def test_F52_ten_runs_that_log_a_thousand_points_a_second_lose_nothing_and_keep_nobody_waiting(
    start, tmp_path, measured
):
    # Others may use the machine that runs the short form, so its times have slack.
    put_under_load(start(runs=10, rate=1000, seconds=4), tmp_path, measured, p99_s=1.0, cpu=1.0)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_F52_nor_do_fifty_runs_for_five_minutes(start, tmp_path, measured):
    seconds = int(os.environ.get("SOAK_LOAD_S", "300"))
    put_under_load(start(runs=50, rate=1000, seconds=seconds), tmp_path, measured, p99_s=0.25, cpu=1.0)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_F52_nor_do_twenty_runs_on_either_database(start, database_kind, workspace_folder, tmp_path, measured):
    where = {"sqlite": ", SQLite", "postgresql": ", PostgreSQL without fsync"}[database_kind]
    load = start(runs=20, rate=1000, seconds=20, folder=workspace_folder)
    put_under_load(load, tmp_path, measured, p99_s=0.5, cpu=1.0, where=where)

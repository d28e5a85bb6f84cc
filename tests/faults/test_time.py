"""Clocks that are set back or ahead while a run goes on, process by process."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from needs import shared_library

from jupyter_mlws.dispatcher import client
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder import clock, mailbox

HOUR, DAY, YEAR = 3600, 86_400, 31_557_600
# To 2107 and beyond, where 32 bits of seconds are over.
FAR = 85 * YEAR
SHIM = Path(__file__).parents[1] / "support" / "clock_shim.c"


class Clocks:
    """The wall clocks of a dispatcher, its agents and their scripts, each to be set by itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = shared_library(SHIM, folder / "shim.so")
        for who in ("dispatcher", "agent", "script"):
            self.set(who, 0)

    def set(self, who: str, seconds: int) -> None:
        path = self.folder / who
        if not path.exists():
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            file.write(struct.pack("q", seconds))

    def variables(self, who: str) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "CLOCK_SHIM": str(self.folder / who)}

    def start_dispatcher(self, workspace: Path) -> subprocess.Popen[bytes]:
        """A dispatcher under its clock, whose agents are under theirs."""
        python = self.folder / "python"
        words = " ".join(f"{name}={value}" for name, value in self.variables("agent").items())
        python.write_text(f'#!/bin/sh\nexec env {words} {sys.executable} "$@"\n')
        python.chmod(0o755)
        code = (
            f"import sys; sys.executable = {str(python)!r}\n"
            "from jupyter_mlws.dispatcher.__main__ import main\nsys.exit(main(['dispatcher', sys.argv[1]]))"
        )
        with (workspace / "dispatcher.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", code, str(workspace)],
                env={**os.environ, **self.variables("dispatcher")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 20
        while not client.state(workspace).alive:
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.02)
        return process


@pytest.fixture
def clocks(lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocks]:
    """Clocks of their own, and a dispatcher that would soon call a silent agent NotResponding."""
    for name, value in {"SILENCE_S": "3", "LOST_S": "6", "DISPATCHER_IDLE_S": "30"}.items():
        monkeypatch.setenv(f"MLWS_{name}", value)
    (tmp_path / "clocks").mkdir()
    found = Clocks(tmp_path / "clocks")
    process = found.start_dispatcher(lab.folder)
    yield found
    client.stop(lab.folder)
    process.wait(10)


SCRIPT = """
import os, time
import jupyter_mlws as mlws
from jupyter_mlws.sdk.active import active_run
run = active_run()
i = 0
while not os.path.exists({gate!r}):
    mlws.log(i=i)
    run.tag("newest", i)
    i += 1
    time.sleep(0.02)
print(time.time(), i - 1)
"""


@pytest.mark.parametrize(
    ("dispatcher", "agent", "script"),
    [
        pytest.param(-HOUR, 0, 0, id="the dispatcher's back an hour", marks=pytest.mark.soak),
        pytest.param(0, -HOUR, 0, id="the agent's back an hour"),
        pytest.param(DAY, DAY, DAY, id="all a day ahead", marks=pytest.mark.soak),
        pytest.param(FAR, -HOUR, FAR, id="to the next century and back"),
        pytest.param(0, 0, -HOUR, id="the script's back an hour", marks=pytest.mark.soak),
        pytest.param(-HOUR, DAY, -DAY, id="each another way", marks=pytest.mark.soak),
        pytest.param(0, 0, FAR, id="the script's to the next century", marks=pytest.mark.soak),
    ],
)
def test_F16_a_clock_that_is_set_while_a_run_goes_on_changes_nothing_but_what_it_shows(
    lab, clocks, tmp_path, dispatcher, agent, script
):
    gate = tmp_path / "gate"
    began = time.monotonic()
    run = lab.submit(SCRIPT.format(gate=str(gate)), environment_variables=clocks.variables("script"))
    lab.wait(lambda: run.refresh().metrics)
    for who, seconds in (("dispatcher", dispatcher), ("agent", agent), ("script", script)):
        clocks.set(who, seconds)
    statuses = {run.refresh().status}
    until = time.monotonic() + 2.2  # an hour's silence, for who believes a wall clock
    while time.monotonic() < until:
        statuses.add(run.refresh().status)
        time.sleep(0.05)
    assert statuses == {RunStatus.RUNNING}
    gate.touch()
    record = lab.ended(run)
    assert record.status is RunStatus.COMPLETED, run.get_log()
    assert 2.2 <= record.duration_s <= time.monotonic() - began
    assert record.started_at >= record.created_at
    at, last = float(run.get_log().split()[0]), int(run.get_log().split()[1])
    assert abs(at - time.time() - script) < 60  # the clock was really set
    assert list(lab.series(run.id, "i")) == list(range(last + 1))
    assert record.tags == {"newest": str(last)}
    assert record.metrics[0].last == last
    # The next run is the next in every list, whatever the clocks say.
    after = lab.submit("print('after')")
    assert lab.ended(after).status is RunStatus.COMPLETED
    assert [each.id for each in lab.api.runs.list().items] == [after.id, run.id]


def test_F16_what_a_process_asks_for_stays_in_order_when_its_clock_is_set_back(tmp_path, monkeypatch):
    first = mailbox.post(tmp_path, "runs.update", {})
    wall = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: wall - HOUR * 10**9)
    monkeypatch.setattr(time, "time", lambda: wall / 1e9 - HOUR)
    second = mailbox.post(tmp_path, "runs.update", {})
    assert [request.id for request in mailbox.pending(tmp_path)] == [first, second]
    assert abs(clock.now_ns() - wall) < 10**9


ZONES = ("Europe/Berlin", "No/Such/Zone", ":", "AAA+99:99", "<+99>-99", "\xff")


def test_F16_times_are_those_of_utc_in_every_time_zone(lab, monkeypatch):
    runs = []
    try:
        for zone in ZONES:
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            runs.append(lab.submit("import time; print(time.localtime().tm_zone)"))
            assert runs[-1].refresh().created_at.utcoffset().total_seconds() == 0
        for run in runs:
            record = lab.ended(run)
            assert record.status is RunStatus.COMPLETED, run.get_log()
            assert all(abs(at.timestamp() - time.time()) < 60 for at in (record.created_at, record.ended_at))
    finally:
        monkeypatch.undo()
        time.tzset()

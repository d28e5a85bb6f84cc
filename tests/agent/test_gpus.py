"""What the agent measures of a run's GPUs, with a driver that tells what a file says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from needs import shared_library

from jupyter_mlws.agent import gpus
from jupyter_mlws.runfolder.journal import JournalReader

HERE = Path(__file__).parent
UNKNOWN = 2**64 - 1
LOOK = """
import json, os, sys, time
from jupyter_mlws.agent.usage import Usage
usage = Usage(os.getppid(), time.monotonic())
for line in sys.stdin:
    open(os.environ["GPUS_OF_TEST"], "w").write(json.loads(line).replace("OWN", str(os.getpid())))
    found = usage.look()
    print(json.dumps({name[7:]: value for name, value in found.items() if "gpu" in name}), flush=True)
"""


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library that is loaded as the driver's would be."""
    folder = tmp_path_factory.mktemp("driver")
    shared_library(HERE / "nvml.c", folder / "libnvidia-ml.so.1")
    return folder


@pytest.fixture
def machine(driver: Path, tmp_path: Path) -> dict[str, str]:
    """Variables of a machine with two GPUs that nobody uses."""
    told = tmp_path / "gpus"
    told.write_text("gpu 0\ngpu 0\n")
    return {**os.environ, "LD_LIBRARY_PATH": str(driver), "GPUS_OF_TEST": str(told)}


@pytest.fixture
def look(machine: dict[str, str]) -> Callable[..., list[dict[str, float]]]:
    """What a process sees of itself, each time that the driver tells one of these."""

    def ask(*told: str) -> list[dict[str, float]]:
        lines = "".join(json.dumps(each) + "\n" for each in told)
        done = subprocess.run(
            [sys.executable, "-c", LOOK], input=lines, env=machine, capture_output=True, text=True, check=True
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def test_a_run_that_uses_no_gpu_has_no_metrics_of_them_and_one_that_did_has_them_to_its_end(look):
    others = "gpu 90\nprocess 1 5000 90\ngpu 0\n"
    own = "gpu 90\nprocess 1 5000 90\ngpu 40\nprocess OWN 3000 40\n"
    assert look(others, own, others) == [
        {},
        {"gpus": 1, "gpu_memory_bytes": 3000, "gpu_percent": 40},
        {"gpus": 0, "gpu_memory_bytes": 0, "gpu_percent": 0},
    ]


def test_what_it_uses_of_several_gpus_is_summed_up_and_what_others_use_is_not(look):
    told = "gpu 99\nprocess OWN 100 30\nprocess 1 7000 60\ngpu 80\nprocess OWN 20 80\n"
    assert look(told) == [{"gpus": 2, "gpu_memory_bytes": 120, "gpu_percent": 110}]


def test_one_that_is_idle_on_a_gpu_is_on_it(look):
    assert look("gpu 0\nprocess OWN 100 0\n") == [{"gpus": 1, "gpu_memory_bytes": 100, "gpu_percent": 0}]


def test_of_what_the_driver_does_not_tell_there_is_nothing_but_what_is_certain(look):
    alone = f"gpu 70\nprocess OWN {UNKNOWN} -1\n"
    shared = "gpu 70\nprocess OWN 50 -1\nprocess 1 7 -1\n"
    assert look(alone, shared) == [{"gpus": 1, "gpu_percent": 70}, {"gpus": 1, "gpu_memory_bytes": 50}]


def test_very_many_processes_have_room(look):
    many = "".join(f"process {100_000_000 + i} 1 1\n" for i in range(900))
    assert look(f"gpu 1\n{many}process OWN 9 20\n") == [{"gpus": 1, "gpu_memory_bytes": 9, "gpu_percent": 20}]


def test_a_driver_that_does_not_answer_is_none(machine):
    os.unlink(machine["GPUS_OF_TEST"])
    code = "from jupyter_mlws.agent import gpus; print(gpus.find())"
    found = subprocess.run([sys.executable, "-c", code], env=machine, capture_output=True, text=True, check=True)
    assert found.stdout == "None\n"


def test_where_there_is_no_driver_nothing_is_loaded(monkeypatch):
    monkeypatch.setattr(gpus, "_LIBRARY", "libnvidia-ml-that-nobody-has.so.1")
    assert gpus.find() is None


@pytest.fixture
def note() -> Iterator[Path]:
    """A file that the driver makes; its path is short, for the driver reads lines of 200 bytes."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place, "note")


def test_a_run_has_its_gpus_among_its_metrics(
    python_run: Callable[..., Any], machine: dict[str, str], note: Path
) -> None:
    told = machine["GPUS_OF_TEST"]
    script = f"""
import os, time
with open({told + ".new"!r}, "w") as file:
    file.write("gpu 60\\nseen {note}\\nprocess %d 4096 60\\n" % os.getpid())
os.replace({told + ".new"!r}, {told!r})
while not os.path.exists({str(note)!r}):
    time.sleep(0.02)
"""
    run = python_run(script, system_metrics_s=0.1)
    assert run.run(env=machine)["exit_code"] == 0, run.log
    found: dict[str, set[float]] = {}
    for part in JournalReader(run.folder.path).poll({}, final=True):
        for name, value in zip(part.name_index, part.value, strict=True):
            found.setdefault(part.names[name], set()).add(value)
    # One more look may have come when the script had just ended.
    assert 4096.0 in found["system/gpu_memory_bytes"]
    assert 60.0 in found["system/gpu_percent"]


def test_a_driver_that_does_not_answer_any_more_keeps_neither_the_run_nor_the_agent(
    python_run: Callable[..., Any], machine: dict[str, str], note: Path
) -> None:
    Path(machine["GPUS_OF_TEST"]).write_text(f"hang {note}\n")
    script = f"import os, time\nwhile not os.path.exists({str(note)!r}):\n    time.sleep(0.02)\n"
    run = python_run(script, system_metrics_s=0.1)
    # The agent is waited for: it ends by itself, and well.
    assert run.run(env=machine)["exit_code"] == 0, run.log
    assert run.agents[-1].returncode == 0
    assert "System metrics end here" in run.folder.agent_log.read_text()

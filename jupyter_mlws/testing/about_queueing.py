"""Which run starts when, and what the target says of itself."""

from __future__ import annotations

import pytest

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["Queueing"]

# Waits for a word from outside, as a script may: by asking for its own tags.
_WAITS = Wish(
    name="waits for a word",
    script="""
import time
from jupyter_mlws import Run
run = Run.get_context()
print("up")
while "go" not in run.tags:
    time.sleep(0.05)
print("went on")
""",
)
_SHORT = Wish(name="waits a moment", script="import time\ntime.sleep(0.2)\n")
_NO_GPU = Wish(
    name="asks for no GPU",
    script="import json, os\ngpus = [name for name in os.listdir('/dev') if name.startswith('nvidia')]\n"
    "visible = os.environ.get('CUDA_VISIBLE_DEVICES') != ''\n"
    "json.dump({'variables': dict(os.environ), 'devices': gpus if visible else []}, open('outputs/said.json', 'w'))\n",
    changes={"gpus": 0, "cpus": 1},
)
_GREEDY = Wish(name="asks for many GPUs", changes={"gpus": 1_000})


class Queueing:
    """Slots, resources, and the target's own words."""

    def test_the_target_describes_itself(self, stage: Stage) -> None:
        target = stage.target
        found = target.describe()
        assert (target.name, found.name) == (stage.binding.name, stage.binding.name)
        assert target.takes in ("interpreter", "image")
        assert found.kind
        assert found.slots >= 1
        assert found.gpus >= 0
        target.check()
        assert target.obstacle(0) == ""
        assert all(isinstance(value, str) for value in target.variables(()).values())

    def test_a_target_of_another_name_is_refused_at_the_submit(self, stage: Stage) -> None:
        with pytest.raises(InvalidInput, match=f"no compute target '{stage.binding.name}2'"):
            stage.submit(_SHORT, compute_target=f"{stage.binding.name}2")

    @of(_NO_GPU)
    def test_a_run_that_asks_for_no_gpu_sees_none(self, run: Ended, stage: Stage) -> None:
        wanted = dict(stage.target.variables(()))
        assert {name: run.said["variables"].get(name) for name in wanted} == wanted
        assert run.said["devices"] == []

    def test_two_runs_go_on_at_once(self, stage: Stage) -> None:
        if stage.target.describe().slots < 2:
            pytest.skip("This target takes one run at a time.")
        runs = [stage.submit(_WAITS) for _ in range(2)]
        for run in runs:
            stage.wait_for_line(run)
        for run in runs:
            assert run.status == "Running"
            run.tag("go")
        for run in runs:
            assert stage.ended(run).completed().log == b"up\nwent on\n"

    def test_no_more_runs_go_on_at_once_than_there_are_slots(self, stage: Stage) -> None:
        slots = stage.target.describe().slots
        records = [stage.ended(run).completed().run.record for run in [stage.submit(_SHORT) for _ in range(slots + 2)]]
        times = [(record.started_at, record.ended_at) for record in records]
        at_once = [
            sum(began <= moment < ended for began, ended in times if began and ended) for moment, _ in times if moment
        ]
        assert len(at_once) == slots + 2
        assert max(at_once) <= slots

    def test_more_gpus_than_there_are_is_refused_at_the_submit(self, stage: Stage) -> None:
        with pytest.raises(InvalidInput, match=f"asks for 1000 GPUs, and {stage.binding.name} has"):
            stage.submit(_GREEDY)

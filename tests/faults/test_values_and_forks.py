"""Values that are no numbers to a database, processes that are copies of others, limits of the place."""

from __future__ import annotations

import math
import os

import pytest

from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.script import ScriptRunConfig


def test_F17_nan_and_infinities_arrive_as_they_were_logged(lab):
    run = lab.submit(
        "import jupyter_mlws as mlws\n"
        "for value in (1.5, float('nan'), float('inf'), -float('inf'), 2.5):\n    mlws.log(x=value)\n"
        "mlws.log(only=float('nan'))\n"
    )
    assert lab.ended(run).status is RunStatus.COMPLETED
    found = list(lab.series(run.id, "x"))
    assert found[0] == 1.5
    assert math.isnan(found[1])
    assert found[2:] == [math.inf, -math.inf, 2.5]
    metrics = {metric.name: metric for metric in run.refresh().metrics}
    assert (metrics["x"].minimum, metrics["x"].maximum, metrics["x"].last) == (-math.inf, math.inf, 2.5)
    assert math.isnan(metrics["only"].last)


FORKING = """
import multiprocessing, os, threading
import jupyter_mlws as mlws
run = mlws.Run.get_context()

def work(me):
    for i in range(200):
        run.log(f"worker{me}", i)

if __name__ == "__main__":
    run.log("parent", 0)
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        offset = 0 if method == "fork" else 10
        workers = [context.Process(target=work, args=(offset + me,)) for me in range(3)]
        threads = [threading.Thread(target=work, args=(offset + 5,))]
        for worker in (*workers, *threads):
            worker.start()
        for worker in (*workers, *threads):
            worker.join()
    pid = os.fork()
    if pid == 0:
        run.log("parent", 1)
        os._exit(0)  # no exit handler runs
    os.waitpid(pid, 0)
    run.log("parent", 2)
"""


def test_F35_forks_spawned_workers_and_threads_log_each_point_once(lab):
    run = lab.submit(FORKING)
    record = lab.ended(run, 60)
    assert record.status is RunStatus.COMPLETED, run.get_log()
    for me in (0, 1, 2, 5, 10, 11, 12, 15):
        assert list(lab.series(run.id, f"worker{me}")) == list(range(200))
    assert sorted(lab.series(run.id, "parent")) == [0, 1, 2]


def test_F36_a_script_that_closes_its_output_and_leaves_a_child_with_it_ends_all_the_same(lab):
    run = lab.submit(
        "import os, subprocess\nprint('seen', flush=True)\nos.write(1, b'\\xff\\xfe\\r10%\\r20%')\n"
        "subprocess.Popen(['sleep', '300'])\nos.close(1)\nos.close(2)\nos._exit(0)\n"
    )
    assert lab.ended(run, 15).status is RunStatus.COMPLETED
    assert run.get_log().startswith("seen\n")
    assert lab.marked(run) == []


@pytest.mark.usefixtures("held_by_modes")
def test_F42_a_read_only_project_is_submitted_and_stays_as_it_is(lab):
    (lab.project / "train.py").write_text("open('new.txt', 'w').write('x')")
    lab.project.chmod(0o500)
    run = Experiment(lab.ws, "faults").submit(ScriptRunConfig(lab.project, "train.py"))
    assert lab.ended(run).status is RunStatus.COMPLETED
    assert os.listdir(lab.project) == ["train.py"]
    assert lab.api.files.download(run.id, "new.txt").read() == b"x"

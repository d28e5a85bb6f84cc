"""A cancel is obeyed whenever it comes, and leaves nothing."""

from __future__ import annotations

import os
import time

from jupyter_mlws.testing.about_processes import TREE
from jupyter_mlws.testing.stage import Stage
from jupyter_mlws.testing.wishes import Wish

__all__ = ["Canceling"]

_TOKEN = f"token{os.urandom(8).hex()}"
_WAITS = Wish(
    name="waits to be canceled",
    script="import time\nopen('outputs/begun', 'x').close()\nprint('up', flush=True)\ntime.sleep(300)\n",
)
_SAVES = Wish(
    name="saves when it is told to end",
    script="""
import signal, sys, time
def save(number, frame):
    time.sleep(0.2)
    open("outputs/saved.txt", "w").write("in time")
    print("saved", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("up", flush=True)
while True:
    time.sleep(1)
""",
)
_STUBBORN = Wish(name="does not listen", script=TREE, arguments=(f"{_TOKEN}-tree",))
_LEAVES = Wish(
    name="leaves much",
    script="import os\nfor n in range(10):\n    open(f'outputs/{n}', 'wb').write(os.urandom(1_000_000))\n",
)
_ITSELF = Wish(
    name="cancels itself",
    script="import time\nfrom jupyter_mlws import Run\nRun.get_context().cancel()\ntime.sleep(300)\n",
)
_BLOCKS = Wish(name="takes a slot", script="import time\nprint('up', flush=True)\ntime.sleep(300)\n")
_MOMENTS = 8
_STEP_S = 0.08
# So long a step of the start takes that is to be met.
_SLOW_S = 1.5


class Canceling:
    """In the queue, at the start, while it runs, at its end."""

    def test_a_run_in_the_queue_never_starts(self, stage: Stage) -> None:
        slots = stage.target.describe().slots
        blocking = [stage.submit(_BLOCKS) for _ in range(slots)]
        for run in blocking:
            stage.wait_for_line(run)
        queued = stage.submit(_WAITS)
        assert queued.status == "Queued"
        queued.cancel()
        assert queued.status == "Canceled"
        for run in blocking:
            run.cancel()
        for run in blocking:
            stage.ended(run).ended_as("Canceled")
        assert queued.refresh().started_at is None
        assert queued.get_file_names() == []
        stage.wait_until_nothing_lives(queued.id, *(run.id for run in blocking))

    def test_a_cancel_is_obeyed_at_every_moment_of_the_start(self, stage: Stage) -> None:
        runs = []
        for moment in range(_MOMENTS):
            run = stage.submit(_WAITS)
            runs.append(run)
            time.sleep(_STEP_S * moment)
            run.cancel()
        for run in runs:
            ended = stage.ended(run).ended_as("Canceled")
            assert ended.error is None
        stage.wait_until_nothing_lives(*(run.id for run in runs))

    def test_a_cancel_while_a_run_is_prepared_or_launched_starts_nothing(self, stage: Stage) -> None:
        steps = ("dispatcher.folder", "dispatcher.launched")
        with stage.fault(*(f"dispatcher/{step}:1:sleep={_SLOW_S}" for step in steps)) as once:
            for number, step in enumerate(steps, 1):
                run = stage.submit(_WAITS)
                stage.wait(lambda: len(list(once.iterdir())) == number, f"The run does not come by {step}")  # noqa: B023
                run.cancel()
                assert stage.ended(run).ended_as("Canceled").files == {}
                stage.wait_until_nothing_lives(run.id)

    def test_a_script_that_listens_can_save_something(self, stage: Stage) -> None:
        run = stage.wait_for_line(stage.submit(_SAVES))
        run.cancel()
        ended = stage.ended(run).ended_as("Canceled")
        assert ended.file("outputs/saved.txt") == b"in time"
        assert ended.log == b"up\nsaved\n"

    def test_one_that_does_not_listen_is_ended_with_its_whole_tree(self, stage: Stage) -> None:
        run = stage.wait_for_line(stage.submit(_STUBBORN))
        run.cancel()
        stage.ended(run).ended_as("Canceled")
        stage.wait_until_nothing_lives(_STUBBORN.arguments[0], run.id)

    def test_a_cancel_while_files_are_collected_gives_one_end(self, stage: Stage) -> None:
        run = stage.submit(_LEAVES)
        stage.wait_for_status(run, "Finalizing")
        run.cancel()
        ended = stage.ended(run).ended_as("Completed", "Canceled")
        if ended.status == "Completed":
            assert len(ended.files) == 10
        run.cancel()
        assert str(run.refresh().status) == ended.status

    def test_to_cancel_twice_is_to_cancel_once(self, stage: Stage) -> None:
        run = stage.wait_for_line(stage.submit(_WAITS))
        run.cancel()
        run.cancel()
        before = stage.ended(run).ended_as("Canceled").run.record
        run.cancel()
        assert run.refresh().status_sequence == before.status_sequence

    def test_a_script_may_cancel_its_own_run(self, stage: Stage) -> None:
        stage.ended(stage.submit(_ITSELF)).ended_as("Canceled")

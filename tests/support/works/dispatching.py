"""Works of the dispatcher, from the submission to the end."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

from works.place import POINTS, say, services, submission
from works.scripts import import_offline

from jupyter_mlws.dispatcher import __main__ as dispatcher
from jupyter_mlws.dispatcher import preparing
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.status import TERMINAL, RunStatus
from jupyter_mlws.runfolder import state
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import identity_of


def serve(place: Path) -> int:
    """Be the dispatcher until there is nothing to do."""
    return dispatcher.main(["dispatcher", str(place / "workspace")])


def submit_runs(place: Path) -> None:
    """As many runs of the script as MLWS_TEST_RUNS says."""
    api = services(place)
    for number in range(int(os.environ["MLWS_TEST_RUNS"])):
        say(f"run {api.runs.submit(submission(place, api, str(number))).id}")


def serve_one(place: Path) -> int:
    """Two runs from their submit to their end, and one whose variables are lost before it starts."""
    from jupyter_mlws.services import handover

    api = services(place)
    for key in ("0", "1"):
        say(f"run {api.runs.submit(submission(place, api, key)).id}")
    lost = api.runs.submit(submission(place, api, "lost"))
    handover.discard([lost.id])
    api.store.close()
    return serve(place)


def serve_and_cancel(place: Path) -> int:
    """A run that is canceled as soon as it is seen to live."""
    api = services(place)
    os.environ["MLWS_TEST_SLEEP_S"] = "60"  # it ends by the cancel, not by itself
    run = api.runs.submit(submission(place, api, "0"))
    say(f"run {run.id}")

    def cancel_it() -> None:
        while api.runs.get(run.id).status not in (RunStatus.RUNNING, *TERMINAL):
            time.sleep(0.01)
        if api.runs.cancel(run.id):
            say(f"canceled {run.id}")

    threading.Thread(target=cancel_it, daemon=True).start()
    return serve(place)


def serve_imports(place: Path) -> int:
    """An offline run that waits to be taken in, and an interactive one that has ended."""
    import_offline(place)
    api = services(place)
    run = api.runs.start(RunStart(experiment="faults", key="one"))
    folder = RunFolder(place / "workspace" / "runs" / run.id)
    writer = JournalWriter(folder)
    for i in range(POINTS):
        writer.log("n", i)
    state.append(folder, "started", identity=identity_of(os.getpid()).to_dict(), protocol_version=1)
    state.append(folder, "ended", status="Completed")
    say(f"run {run.id}")
    api.store.close()
    return serve(place)


def working_directory(place: Path) -> None:
    """A run folder whose snapshot has outputs of its own."""
    folder = RunFolder(place / "run")
    shutil.rmtree(folder.path, ignore_errors=True)
    (folder.create().code / "outputs").mkdir()
    (folder.code / "outputs" / "old.txt").write_text("old")
    preparing._make_working_directory(folder, "")
    say("made")

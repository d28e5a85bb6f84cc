"""Fill a workspace for the browser tests, as years of work would leave it.

python many_runs.py fill FOLDER COUNT     a workspace for the folder, with so many ended runs
python many_runs.py arrive FOLDER COUNT   so many further ones, one after another
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.many_runs import fill
from jupyter_mlws import workspace
from jupyter_mlws.domain.child import RunEnd
from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store import Store


def main(what: str, folder: str, count: int) -> None:
    if what == "fill":
        with Store.open(workspace.create(Path(folder).resolve())) as store:
            fill(store, count, width=3)
        return
    runs = workspace.connect(Path(folder).resolve()).api.runs
    for i in range(count):
        run = runs.start(RunStart(experiment="arriving", params={"lr": str(i)}, key=f"{time.time_ns()}"))
        runs.end(run.id, RunEnd(status=RunStatus.COMPLETED))
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

"""The suite inside a job: each body in turn, and what became of it in ``outputs/results.json``."""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_mlws import Run
from transports.suite import Body, Ground, bodies, perform

facts = json.loads(Path("ground.json").read_text())
own = Run.get_context()
ws = own.experiment.workspace


def result(body: Body) -> str:
    with tempfile.TemporaryDirectory() as folder:
        done = ws.run(facts["done"])
        return perform(
            body, Ground(ws=ws, way="job", done=done, own=own, foreign=facts["foreign"], folder=Path(folder))
        )


# A question takes a turn of the dispatcher, so they are asked side by side.
found = bodies()
with ThreadPoolExecutor(16) as pool:
    results = dict(zip(found, pool.map(result, found.values()), strict=True))
Path("outputs").mkdir(exist_ok=True)
Path("outputs/results.json").write_text(json.dumps(results))

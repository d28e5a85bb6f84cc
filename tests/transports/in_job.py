"""The suite inside a job: each body in turn, and what became of it in ``outputs/results.json``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from jupyter_mlws import Run
from transports.suite import Ground, bodies, perform

facts = json.loads(Path("ground.json").read_text())
own = Run.get_context()
ws = own.experiment.workspace
results = {}
for name, body in bodies().items():
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(
            ws=ws,
            way="job",
            done=ws.run(facts["done"]),
            own=own,
            foreign=facts["foreign"],
            folder=Path(folder),
        )
        results[name] = perform(body, ground)
Path("outputs").mkdir(exist_ok=True)
Path("outputs/results.json").write_text(json.dumps(results))

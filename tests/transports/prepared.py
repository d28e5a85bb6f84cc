"""The script of the runs that the suite looks at."""

from __future__ import annotations

import math
import os
from pathlib import Path

from jupyter_mlws import Run

run = Run.get_context()
for step in range(5):
    run.log("loss", 1 / (step + 1), step=step)
run.log("accuracy", 0.9)
run.log("odd", math.nan)
run.log_metrics({"first": 1.0, "second": 2.0})
model = Path("outputs/model")
model.mkdir(parents=True)
(model / "weights.bin").write_bytes(bytes(range(256)) * 4)
(model / "vocabulary.txt").write_text("ä\nb\n", encoding="utf-8")
Path("outputs/notes.txt").write_text("kept")
print("hello from the script", os.environ.get("GREETING", ""))

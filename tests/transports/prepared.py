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
run.log_list("words", ["a", 1, math.nan])
run.log_row("epochs", epoch=0, note="warm-up")
run.log_row("epochs", epoch=1)
run.log_table("table", {"x": [1, 2], "y": ["a", None]})
run.log_confusion_matrix("matrix", y_true=[0, 1, 1], y_pred=[0, 1, 0])
run.log_image("picture", plot=[[0, 255], [128, 3]])
run.log_text("sample", "NaN", step=3)
run.log_histogram("weights", counts=[2, 1], edges=[0, 1, 2])
run.log_audio("tone", [0.0, 0.5], sample_rate=8_000)
run.log_table("wordy", {"text": ["x" * 400_000] * 2})
run.log_table("large", {"i": range(12_000), "x": [math.nan] * 12_000})
with run.child_run("one", params={"n": 1}, tags={"kind": "first"}) as child:
    child.log("depth", 1)
    with child.child_run() as below:
        below.log("depth", 2)
run.child_run("other").fail("as planned", error_code="planned")
model = Path("outputs/model")
model.mkdir(parents=True)
(model / "weights.bin").write_bytes(bytes(range(256)) * 4)
(model / "vocabulary.txt").write_text("ä\nb\n", encoding="utf-8")
Path("outputs/notes.txt").write_text("kept")
print("hello from the script", os.environ.get("GREETING", ""))

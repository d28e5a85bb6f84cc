"""Make the run folder that every later version has to read: ``python tests/assets/make_runfolder.py``.

Made once for each format of the run folder, by the release that brings it, and never again.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from jupyter_mlws.runfolder.farside import agent_command
from jupyter_mlws.runfolder.paths import RunFolder

TARGET = Path(__file__).parent / "runfolder-1"

SCRIPT = """\
import math, os
from jupyter_mlws.runfolder import mailbox
from jupyter_mlws.runfolder.journal import JournalWriter

folder = os.environ["MLWS_RUN_FOLDER"]
for mapped in (True, False):
    kind = "mapped" if mapped else "written"
    writer = JournalWriter(folder, mapped=mapped, segment_bytes=1024)
    for step in range(60):
        writer.log(f"{kind}/loss", 1 / (step + 1), step)
        writer.log("Genauigkeit ⌀", step)
    for value in (math.nan, math.inf, -math.inf, -0.0, 5e-324):
        writer.log(f"{kind}/odd", value, -(2**63) + 1)
    writer.log(f"{kind}/last", 1.0, 2**63 - 1)
mailbox.post(folder, "runs.update", {"run": "digits_1790000000_0123abcd", "update": {"tags": {"a": "b"}}})
print("done ⌀")
"""

JOB = {
    "run_id": "digits_1790000000_0123abcd",
    "run_number": 12,
    "experiment": "digits",
    "workspace_id": "0123456789abcdef",
    "command": ["python3", "script.py"],
    "working_directory": "",
    "params": {"lr": "0.1"},
    "tags": {"kind": "asset"},
    "protocol_version": 1,
}


def main() -> None:
    """Run a small job and keep what it left."""
    shutil.rmtree(TARGET, ignore_errors=True)
    folder = RunFolder(TARGET).create()
    (folder.code / "script.py").write_text(SCRIPT)
    (folder.outputs / "model.txt").write_text("a model\n")
    folder.job.write_text(json.dumps(JOB, indent=1))
    subprocess.run(agent_command(folder.path, sys.executable), input=b"{}", check=True)
    for unneeded in (folder.lock, folder.code / "__pycache__"):
        shutil.rmtree(unneeded) if unneeded.is_dir() else unneeded.unlink(missing_ok=True)


if __name__ == "__main__":
    main()

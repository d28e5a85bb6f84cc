"""The shell of a job whose environment has no IPython."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SAID = "IPython is not installed here: magics and rich display are left out."
PROGRAM = """
import sys
sys.modules["IPython"] = sys.modules["traitlets"] = None
from pathlib import Path
from jupyter_mlws.magics.job import shell
from jupyter_mlws.magics.job.display import Recorder
shell.prepare(Recorder(Path(sys.argv[1])))
print("library", eval("get_ipython()", {"__name__": "pandas.io"}), file=sys.stderr)
print("cell", get_ipython(), get_ipython(), file=sys.stderr)
"""


def test_that_it_is_missing_is_told_once_to_the_cell_and_not_to_libraries(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.splitlines() == ["library None", SAID, "cell None None"]

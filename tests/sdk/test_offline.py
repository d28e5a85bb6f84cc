"""Outside a job."""

from __future__ import annotations

import subprocess
import sys


def test_metrics_outside_a_job_are_recorded_offline_and_said_once(own_home):
    code = "import jupyter_mlws as mlws\nfor i in range(3): mlws.log(loss=i)\nprint(mlws.Run.get_context())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=own_home)
    assert told.stderr.count("recorded offline") == 1
    assert "OfflineRun_" in told.stdout


def test_a_caller_that_needs_a_run_is_told(own_home):
    code = "import jupyter_mlws as mlws; mlws.Run.get_context(allow_offline=False)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=own_home)
    assert "belongs to no run" in told.stderr

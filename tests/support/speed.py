"""How slow the machine is at the moment: what a test allows on top of a goal in seconds, as others may use it too."""

from __future__ import annotations

import subprocess
import sys
import time

__all__ = ["start_s"]


def start_s() -> float:
    """Seconds that a process with all that a dispatcher imports needs now: 0.7 on two cores that have nothing to do."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-P", "-c", "import jupyter_mlws.dispatcher.main"], check=True)
    return time.monotonic() - began

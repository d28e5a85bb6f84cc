"""What comes below a cell whose run is waited for: its log until the end, and then what it displayed."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run

__all__ = ["show_outputs", "wait"]

_SECOND_PRESS_S = 3.0


def show_outputs(shell: Any, run: Run) -> None:
    """What the cell displayed in its job appears below the cell, as if it had run here."""
    for output in run.get_outputs():
        shell.display_pub.publish(output.get("data", {}), output.get("metadata", {}))


def wait(run: Run) -> None:
    """Show the log until the end. An interrupt stops the waiting; a second one within three seconds cancels the run."""
    try:
        run.wait_for_completion(show_output=True, raise_on_error=True)
    except KeyboardInterrupt:
        print("Press again within 3 seconds to cancel it.", file=sys.stderr)
        try:
            time.sleep(_SECOND_PRESS_S)
        except KeyboardInterrupt:
            run.cancel()
            print(f"Run #{run.number} is being canceled.", file=sys.stderr)
        raise

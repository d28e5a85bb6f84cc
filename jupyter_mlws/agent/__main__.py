"""Run the agent of a run folder: ``python -I -S <this file> <run folder>``, the hand-over as JSON on stdin.

As a plain file it needs neither `runpy` (5 ms) nor a path prepared by somebody; inside the far side's zip, the
zip's own ``__main__.py`` does the same.
"""

import sys
from os.path import abspath, dirname

_ROOT = dirname(dirname(dirname(abspath(__file__))))
if _ROOT not in sys.path:
    # Last, so that nothing beside the package can stand in for a module of the standard library.
    sys.path.append(_ROOT)

from jupyter_mlws.agent.main import main  # noqa: E402 - the path comes first

if __name__ == "__main__":
    sys.exit(main(sys.argv))

"""``python -m jupyter_mlws.dispatcher <workspace folder>``."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.main import serve
from jupyter_mlws.errors import MlwsError


def main(arguments: list[str]) -> int:
    """Serve a workspace; the exit status is 0 when the dispatcher left of its own accord."""
    if len(arguments) != 2:
        sys.stderr.write("The dispatcher needs one argument: the workspace's folder.\n")
        return 2
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(process)d %(levelname)s %(message)s"
    )
    faults.role("dispatcher")
    os.chdir("/")
    try:
        return serve(Path(arguments[1]))
    except MlwsError as error:
        logging.error("%s", error)  # noqa: LOG015 - this is the program, not a library
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
